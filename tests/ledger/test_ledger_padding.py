"""The padded trees: proofs lead to their roots, and nothing that is public narrows how many rows there are."""

import json
import random
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.ledger.days import close_days
from portal.ledger.merkle import Step, climb, leaf_hash, path_to, pieces, root_of
from portal.ledger.models import LedgerDay, LedgerSeal
from portal.ledger.padding import padded_path, padded_root, padded_size
from portal.ledger.sealing import seal_new_rows
from sharing.grants.services.revoking import revoke_access
from tests.jose import readable
from tests.tampering import days_pass, happen, problems
from tests.world import World

SEED = random.Random(2026)


def test_the_tree_has_a_power_of_four_of_leaves_and_at_least_1024() -> None:
    sizes = {count: padded_size(count) for count in (0, 1, 1023, 1024, 1025, 4096, 4097, 16_384, 49_152)}
    assert list(sizes.values()) == [1024, 1024, 1024, 1024, 4096, 4096, 16_384, 16_384, 65_536]


@settings(max_examples=30, deadline=None)
@given(count=st.integers(1, 1500), place=st.integers(0), nonce=st.binary(min_size=32, max_size=32))
def test_each_path_leads_to_the_root_and_no_other_hash_does(count: int, place: int, nonce: bytes) -> None:
    hashes = b"".join(leaf_hash(str(number).encode()) for number in range(count))
    path, root = padded_path(hashes, nonce, place % count), padded_root(hashes, nonce)
    own = pieces(hashes)[place % count]
    assert climb(own, path) == root
    assert climb(leaf_hash(b"another"), path) != root
    assert len(path) == 1 + (padded_size(count) - 1).bit_length()
    other = padded_root(hashes, bytes(32))
    assert (other == root) == (nonce == bytes(32))


def test_a_path_of_nonsense_is_refused() -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(4)]
    assert climb(leaves[2], path_to(leaves, 2)) == root_of(leaves)
    for step in (("up", "00" * 32), ("left", "00"), ("left", "xx"), ("left",), ()):
        with pytest.raises(ValueError, match="A path is a list of steps"):
            climb(leaves[0], [step])


def places_seen(count: int, receipts: int, trees: int) -> list[list[int]]:
    """Where the first rows stand in trees over `count` rows, as the holders of their proofs see it."""
    found = []
    for _ in range(trees):
        hashes, nonce = SEED.randbytes(32 * count), SEED.randbytes(32)
        found.append([place_in(padded_path(hashes, nonce, place)) for place in range(receipts)])
    return found


def place_in(path: list[Step]) -> int:
    return sum(1 << level for level, (side, _other) in enumerate(path[1:]) if side == "left")


def test_places_in_the_tree_say_nothing_of_how_many_rows_there_are() -> None:
    """A brand that holds ten receipts of one seal guesses from their places: it finds the size of the padded tree.

    The largest of k numbers drawn from n is the best guess at n (times 1 + 1/k): for 10 rows and for 1,000 it is 1,024.
    """
    receipts, trees = 10, 60
    guesses, places = {}, {}
    for count in (10, 200, 1000):
        seen = places_seen(count, receipts, trees)
        guesses[count] = sum(max(one) * (1 + 1 / receipts) for one in seen) / trees
        places[count] = sorted(place for one in seen for place in one)
    assert all(1024 * 0.95 < guess < 1024 * 1.05 for guess in guesses.values()), guesses
    assert max(guesses.values()) - min(guesses.values()) < 60, guesses
    # Kolmogorov-Smirnov: the places of few rows and those of many come from one distribution (even).
    for one in places.values():
        furthest = max(abs(rank / len(one) - place / 1024) for rank, place in enumerate(one))
        assert furthest < 1.95 / len(one) ** 0.5, furthest


HASH, SIGNED = re.compile(r"\b[0-9a-f]{64}\b"), re.compile(r"(?<![\w-])[\w-]{86}(?![\w-])")
DIGEST = re.compile(r"(?<![\w-])[\w-]{43}(?![\w-])")
NUMBER = re.compile(r"\b[0-9A-Z]{4}(-[0-9A-Z]{4}){3}\b")
SIDES, CSRF = re.compile(r"\"(left|right)\"|\b[LR] (?=HASH)"), re.compile(r"[A-Za-z0-9]{64}")
TIMES = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


DATES = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2} [A-Z][a-z]+ \d{4}")
RANDOM = (
    (HASH, "HASH"),
    (SIGNED, "SIGNED"),
    (DIGEST, "DIGEST"),
    (NUMBER, "NUMBER"),
    (SIDES, "SIDE "),
    (TIMES, "T"),
    (DATES, "D"),
)


def shape(text: str) -> str:
    """A text without what is random in it, or depends on the moment."""
    text = readable(text)
    for pattern, word in RANDOM:
        text = pattern.sub(word, text)
    return CSRF.sub("CSRF", text)


def everything_seen(world: World, rows: int, client_of: Any, api_of: Any) -> Iterator[str]:
    """All that is public, and all that a brand's member sees of its receipts, after so many rows of other people."""
    happen(rows)
    first = world.grant()
    seal_new_rows(begins_with_history=True)
    happen(rows // 3)
    revoke_access(by=world.person("manager_a"), grant=first)
    for _ in range(1 + rows // 300):  # more seals on a busy day
        happen(1)
        seal_new_rows()
    days_pass(2)
    yield Client().get("/ledger/").content.decode()
    yield b"".join(Client().get("/ledger/roots/").streaming_content).decode()
    member = world.person("brand_a_member")
    yield json.dumps(api_of(member).get("/api/v1/ledger/roots/").json())
    for receipt in first.receipts.order_by("pk"):
        yield json.dumps(api_of(member).get(f"/api/v1/receipts/{receipt.number}/proof/").json())
        for part in ("", "json/"):
            yield client_of(member).get(f"/receipts/{receipt.number}/{part}").content.decode()


@pytest.mark.django_db
def test_nothing_public_differs_in_shape_between_three_rows_and_a_thousand(
    world: World, client_of: Any, api_of: Any
) -> None:
    seen = {}
    for rows in (0, 900):
        with transaction.atomic():
            seen[rows] = [shape(text) for text in everything_seen(world, rows, client_of, api_of)]
            counted = sum(seal.rows for seal in LedgerSeal.objects.all())
            assert counted > rows
            transaction.set_rollback(True)
    assert seen[0] == seen[900]
    assert "HASH" in seen[0][0]
    for text in seen[900]:
        assert not re.search(r'"(rows|high|above|settled|sources|number|seals?)"', text.replace('"number": "', ""))


@pytest.mark.django_db
def test_each_day_has_a_root_whether_anything_happened_or_not() -> None:
    happen(2)
    seal_new_rows()
    days_pass(1)
    assert close_days() == []
    days_pass(4)
    days = list(LedgerDay.objects.order_by("day"))
    assert len(days) in {4, 5}, "five where midnight came in between"
    assert [one.day - days[0].day for one in days] == [timedelta(days=number) for number in range(len(days))]
    assert days[0].day.isoformat() == LedgerSeal.objects.get().payload["sealed_at"][:10]
    assert {one.last_seal for one in days} == {1}
    assert len({one.root for one in days}) == len(days)
    assert {tuple(sorted(one.payload)) for one in days} == {("day", "previous", "root", "version")}
    assert [problem for problem in problems() if problem.startswith("core_")] == []
