"""Nobody from whom a fact is hidden can tell it by anything that reaches them (tests/worlds says how)."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest

from tests.amounts import IS_LONG
from tests.worlds.addresses import expected
from tests.worlds.comparing import Difference, differences
from tests.worlds.databases import World, Worlds
from tests.worlds.fact import Fact, together
from tests.worlds.facts import FACTS, OFTEN
from tests.worlds.leaks import LEAKS, LOOK, Leak
from tests.worlds.observing import FORMATS, Look, Observer


@pytest.fixture(scope="session")
def worlds(empty_database: str, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """The template of which the pairs are made."""
    with django_db_blocker.unblock():
        made = Worlds(empty_database, tmp_path_factory.mktemp("worlds"))
        with made.open():
            yield made


def look_at(worlds: Worlds, fact: Fact, look: Look, *leaks: Leak) -> list[Difference]:
    """Return what tells the two worlds of a fact apart; the first one's product has leaks."""
    with worlds.pair(fact) as pair:
        hidden = sorted({url for world in pair for url in world.addresses})
        observers = [Observer(worlds, world, fact, look, hidden) for world in pair]
        with leaking(pair[0], leaks):
            first = observers[0].observe()
        second = observers[1].observe()
    missing = expected(look.people) - observers[1].answered if not look.asks else set()
    assert not missing, f"Nobody was answered at: {sorted(missing)}"
    return differences(first, second)


def leaking(world: World, leaks: tuple[Leak, ...]) -> AbstractContextManager[Any]:
    """Return a context in which the product tells."""
    stack = ExitStack()
    for leak in leaks:
        stack.enter_context(leak.change(world))
    return stack


# --- what is hidden -------------------------------------------------------------------------------------


def expecting(fact: Fact) -> Any:
    """Return the parameter of a fact; one that is known to show is expected to."""
    marks = [pytest.mark.xfail(reason=fact.known, raises=pytest.fail.Exception, strict=True)] if fact.known else []
    return pytest.param(fact, id=fact.name, marks=marks)


@pytest.mark.parametrize("fact", [expecting(fact) for fact in (FACTS if IS_LONG else [together(*OFTEN)])])
def test_a_hidden_fact_shows_nowhere(worlds: Worlds, django_db_blocker: Any, fact: Fact) -> None:
    more = {"whole": True, "is_counting_blocks": fact.compares_blocks, "formats": FORMATS} if IS_LONG else {}
    with django_db_blocker.unblock():
        found = look_at(worlds, fact, Look(fact.audience, **more))
    if found:
        pytest.fail("\n".join(map(str, found)), pytrace=False)


# --- the harness itself ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planted(worlds: Worlds, django_db_blocker: Any) -> list[Difference]:
    """What is found where nothing is hidden, and the first world's product has every leak."""
    with django_db_blocker.unblock():
        return look_at(worlds, Fact("nothing"), LOOK, *LEAKS)


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.name)
def test_a_planted_leak_is_named(planted: list[Difference], leak: Leak) -> None:
    named = [one for one in planted if (one.who, one.part) == (leak.who, leak.part) and one.what.startswith(leak.what)]
    assert any(leak.sign in line for one in named for line in one.lines), "\n".join(map(str, planted))


@pytest.mark.skipif(not IS_LONG, reason="said by every hidden fact that shows nowhere; with blocks in the long run")
def test_nothing_is_named_where_nothing_is_hidden(worlds: Worlds, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        assert look_at(worlds, Fact("nothing"), LOOK) == []
