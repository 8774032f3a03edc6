"""A fact that one world hides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.worlds.masks import Mask
from tests.worlds.people import BRANDS, Scene

Step = Callable[[Scene], Sequence[str] | None]


def nothing(_scene: Scene) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Fact:
    """What happens in the first world only, and from whom it is hidden.

    `build` happens in both before it, `after` in both after it, `otherwise` in the second world in its place. Each may
    return addresses that both worlds are asked for. `masks` are for what may differ after all. With `keeps_numbers`,
    sequences are left as the fact leaves them. `known` says why it shows as yet.
    Blocks are compared with `compares_blocks` only: what is hidden is still read past by the queries that leave it out.
    """

    name: str
    hidden: Step = nothing
    audience: tuple[str, ...] = BRANDS
    build: Step = nothing
    otherwise: Step = nothing
    after: Step = nothing
    masks: tuple[Mask, ...] = ()
    keeps_numbers: bool = False
    known: str = ""
    compares_blocks: bool = False


def together(*facts: Fact) -> Fact:
    """Return several facts as one, hidden from those from whom each of them is."""
    people = [one for one in facts[0].audience if all(one in fact.audience for fact in facts)]
    return Fact(
        ", ".join(fact.name for fact in facts),
        _in_turn([fact.hidden for fact in facts]),
        tuple(people),
        _in_turn([fact.build for fact in facts]),
        _in_turn([fact.otherwise for fact in facts]),
        _in_turn([fact.after for fact in facts]),
        tuple(mask for fact in facts for mask in fact.masks),
    )


def _in_turn(steps: Sequence[Step]) -> Step:
    return lambda scene: [url for step in steps for url in step(scene) or ()]
