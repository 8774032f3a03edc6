"""Every page that the people of a factory get: scanned in light and dark, on a screen and a phone, also in Arabic.

The pages are the rows of the access matrix: a new page is looked at without being named here. With each seed a third of
them, each in one of the looks; with `--long` all of them in all.
"""

from collections.abc import Callable, Iterator
from itertools import product
from zlib import crc32

import pytest

from portal.accounts.models import User
from tests.amounts import IS_LONG
from tests.e2e.structure import faults_of
from tests.e2e.visitor import Visitor
from tests.matrix.side import FACTORY_PEOPLE, addresses_of
from tests.matrix.stage import Stage, build_stage
from tests.turns import is_turn_of
from tests.world import World

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
Visit = Callable[..., Visitor]
SCREEN, PHONE, SMALL_PHONE = 1280, 390, 320
HEIGHT = 844
LOOKS = list(product((SCREEN, PHONE), ("light", "dark")))


@pytest.fixture
def scenery(transactional_db: None) -> Stage:
    """The stage of the access matrix, committed; what was just decided can be undone."""
    made = build_stage()
    made.world.grant(brand=made.world.brand_b)
    return made


@pytest.fixture
def world(scenery: Stage) -> World:
    """The people on that stage."""
    return scenery.world


def in_turn(addresses: dict[str, str], seed: int) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """Yield the addresses whose turn it is with this seed, each with the looks in which to look at it."""
    for name, address in addresses.items():
        if IS_LONG:
            yield address, LOOKS
        elif is_turn_of(name, seed):
            yield address, [LOOKS[(crc32(name.encode()) // 7 + seed // 3) % len(LOOKS)]]


def complaints(visitor: Visitor, address: str, looks: list[tuple[int, str]]) -> Iterator[str]:
    """Yield what the scanner finds in these looks, what is wider than a phone, and what loses a screen reader."""
    page = visitor.page
    for number, (width, scheme) in enumerate(looks):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        try:
            if number == 0:
                assert visitor.open(address) == 200, address
            else:
                visitor.look()
        except AssertionError as error:
            yield f"{address} ({width} px, {scheme}): {error}"
    yield from (f"{address}: {fault}" for fault in faults_of(page))
    for width in (PHONE, SMALL_PHONE):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        try:
            visitor.fits()
        except AssertionError as error:
            yield f"{error} ({width} px)"


def look_at_all(visitor: Visitor, addresses: dict[str, str], seed: int) -> None:
    """Look at those whose turn it is."""
    wrong: list[str] = []
    turns = list(in_turn(addresses, seed))
    for address, looks in turns:
        wrong += complaints(visitor, address, looks)
    assert len(turns) > 5
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.parametrize("persona", FACTORY_PEOPLE)
def test_every_page_of_a_factory(visit: Visit, scenery: Stage, persona: str, pytestconfig: pytest.Config) -> None:
    seed = int(pytestconfig.getoption("randomly_seed", 0))
    look_at_all(visit(persona), addresses_of(scenery, persona), seed)


def test_every_page_from_right_to_left(visit: Visit, scenery: Stage, pytestconfig: pytest.Config) -> None:
    manager, seed = scenery.world.person("manager_a"), int(pytestconfig.getoption("randomly_seed", 0))
    User.objects.filter(pk=manager.pk).update(language="ar")
    visitor = visit("manager_a")
    assert visitor.page.locator("html").get_attribute("dir") == "rtl"
    look_at_all(visitor, addresses_of(scenery, "manager_a"), seed + 1)


@pytest.mark.parametrize("seed", range(3))
def test_each_page_has_its_turn_in_one_of_three_runs(seed: int) -> None:
    names = {f"page {number}": f"/{number}/" for number in range(30)}
    runs = [{address for address, _looks in in_turn(names, seed + more)} for more in range(3)]
    assert set().union(*runs) == set(names.values())
