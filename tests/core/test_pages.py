"""Keyset pages: every row once, in order, both ways, with cursors that cannot be made up."""

import base64

import pytest

from brands.models import Brand
from factories.roles import FACTORY
from portal.accounts.models import Invitation
from portal.accounts.services import invite
from portal.core.drawn import MAX_ID
from portal.core.pages import BadCursor, keyset_page
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def brands() -> list[Brand]:
    """Seven brands, two countries: ties in the first column of the order."""
    return [
        Brand.objects.create(pk=number + 1, name=f"Brand {number}", country="KH" if number % 2 else "VN")
        for number in range(7)
    ]


@pytest.mark.parametrize("order", [["country", "id"], ["-country", "-id"], ["name", "id"], ["-id"]])
def test_pages_cover_every_row_once_forwards_and_backwards(brands, order) -> None:
    everything = list(Brand.objects.order_by(*order))
    pages, cursor = [], ""
    while True:
        page = keyset_page(Brand.objects.all(), order=order, cursor=cursor, size=3)
        pages.append(page)
        cursor = page.next_cursor
        if not cursor:
            break
    assert [row for page in pages for row in page] == everything
    assert pages[0].previous_cursor == ""
    back = keyset_page(Brand.objects.all(), order=order, cursor=pages[2].previous_cursor, size=3)
    assert back.items == pages[1].items
    first = keyset_page(Brand.objects.all(), order=order, cursor=back.previous_cursor, size=3)
    assert first.items == pages[0].items
    assert first.previous_cursor == ""


def test_a_row_added_before_the_cursor_moves_nothing(brands) -> None:
    first = keyset_page(Brand.objects.all(), order=["-id"], size=3)
    Brand.objects.create(name="New", pk=MAX_ID)

    second = keyset_page(Brand.objects.all(), order=["-id"], cursor=first.next_cursor, size=3)

    assert [brand.name for brand in second] == ["Brand 3", "Brand 2", "Brand 1"]


@pytest.mark.parametrize("text", ["", "N", "Nam", "Named"])
def test_no_cursor_tells_by_its_length_how_far_numbers_have_run(text) -> None:
    for number in (1, 2, MAX_ID - 1, MAX_ID):
        Brand.objects.create(pk=number, name=f"Brand {number}", website=text)

    ends = [keyset_page(Brand.objects.all(), order=["website", "id"], size=size).next_cursor for size in (1, 3)]

    assert len(ends[0]) == len(ends[1])
    after = keyset_page(Brand.objects.all(), order=["website", "id"], cursor=ends[1])
    assert [brand.pk for brand in after] == [MAX_ID]


def test_an_empty_list_is_an_empty_page() -> None:
    page = keyset_page(Brand.objects.all(), order=["id"])

    assert (len(page), page.next_cursor, page.previous_cursor) == (0, "", "")


@pytest.mark.parametrize("made", ["x", "e30:1:2", "with a blank", "ünï", "gAAAAA" + "B" * 80])
def test_a_cursor_that_is_not_ours_is_refused(brands, made) -> None:
    with pytest.raises(BadCursor, match="first page"):
        keyset_page(Brand.objects.all(), order=["id"], cursor=made)


def test_a_cursor_of_another_order_is_refused(brands) -> None:
    cursor = keyset_page(Brand.objects.all(), order=["-name", "-id"], size=2).next_cursor

    with pytest.raises(BadCursor, match="another list"):
        keyset_page(Brand.objects.all(), order=["id"], cursor=cursor)


def test_a_cursor_of_another_list_with_the_same_order_is_refused(world: World) -> None:
    """The order's names fit, their types do not: a UUID where this list has a number."""
    for name in ("one", "two"):
        email = f"{name}@test.example"
        invite(by=world.person("manager_a"), kind=FACTORY, organisation=world.factory_a, email=email, role="member")
    cursor = keyset_page(Invitation.objects.all(), order=["-id"], size=1).next_cursor

    with pytest.raises(BadCursor, match="another list"):
        keyset_page(Brand.objects.all(), order=["-id"], cursor=cursor)


def test_a_cursor_says_nothing_to_those_who_take_it_apart(brands) -> None:
    cursor = keyset_page(Brand.objects.all(), order=["-name", "-id"], size=2).next_cursor
    taken_apart = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for told in (b"Brand", b"name", b'"v"'):
        assert told not in taken_apart
    again = keyset_page(Brand.objects.all(), order=["-name", "-id"], size=2).next_cursor
    assert again != cursor
