"""Where two worlds differ, in words."""

from dataclasses import dataclass
from difflib import unified_diff

from tests.worlds.observing import Seen

SHOWN = 12  # lines of one difference


@dataclass(frozen=True)
class Difference:
    """One part of one answer that is not the same in both worlds."""

    who: str
    what: str
    part: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n    ".join([f"{self.who}, {self.what}: the {self.part} differ", *self.lines])


def differences(first: Seen, second: Seen) -> list[Difference]:
    """Return what is said in one world and not in the other; in order of asking."""
    found = []
    for key in dict.fromkeys([*first, *second]):
        parts = [seen[key].parts if key in seen else {} for seen in (first, second)]
        for part in dict.fromkeys([*parts[0], *parts[1]]):
            one, other = (some.get(part, []) for some in parts)
            if one != other:
                changed = unified_diff(other, one, "without the fact", "with it", lineterm="", n=0)
                shown = tuple(line[:240] for line in changed if not line.startswith(("---", "+++", "@@")))
                found.append(Difference(*key, part, shown[:SHOWN]))
    return found
