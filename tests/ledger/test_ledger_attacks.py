"""Attacks on the ledger with every trigger off: each is tried on the same ledger, found, and undone."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from portal.core.signing import configured_keys
from portal.ledger.models import LedgerSeal
from portal.ledger.remembering import place
from portal.ledger.roots import Roots, export_roots, read_roots
from portal.ledger.sealing import seal_new_rows
from tests.tampering import LEDGER_TABLES, SET_KIND, days_pass, forget, problems, refuses_to_seal, tamper, triggers_off

Statement = tuple[Any, ...]


@dataclass
class Attacker:
    """Tries one attack after the other on the same ledger, each of them undone before the next."""

    sealed: list[int]
    copy: Roots  # of the published roots, kept elsewhere

    def finds(self, *steps: Statement | Callable[[], Any]) -> list[str]:
        """What `verify_ledger` says, with the copy, after these statements and acts."""
        memory = place().read_bytes()
        with connections["owner"].cursor() as cursor:
            for table in LEDGER_TABLES:
                cursor.execute(f"CREATE TEMP TABLE kept_{table} AS SELECT * FROM {table}")
        for step in steps:
            tamper(*step) if isinstance(step, tuple) else step()
        found = problems([self.copy])
        with triggers_off() as cursor:
            for table in LEDGER_TABLES:
                cursor.execute(f"DELETE FROM {table}")
                cursor.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}; DROP TABLE kept_{table}")
        place().write_bytes(memory)
        assert problems([self.copy]) == []
        return found


@pytest.fixture
def attacker(sealed: list[int], tmp_path: Path) -> Attacker:
    kept = tmp_path / "roots.jsonl"
    kept.write_text("".join(export_roots()))
    return Attacker(sealed, read_roots(kept.read_text().splitlines(), configured_keys()))


DELETE_EVENT = "DELETE FROM core_event WHERE id = %s"
DELETE_LEAF = "DELETE FROM ledger_ledgerleaf WHERE row_id = %s AND source = 'core_event'"
FORGE_LEAF = "UPDATE ledger_ledgerleaf SET hash = sha256('x') WHERE row_id = %s AND source = 'core_event'"
FORGE_SEAL = "UPDATE ledger_ledgerseal SET payload = jsonb_set(payload, '{root}', '\"00\"') WHERE number = 2"
SLIP_IN = "INSERT INTO core_event (id, at, kind, subject, data) VALUES (-5, now(), 'test.forged', '', '{}')"


def alters_rows(attacker: Attacker) -> None:
    ids = attacker.sealed
    altered = attacker.finds((SET_KIND, ids[3]), (SET_KIND, ids[4]))
    assert altered == [f"core_event {ids[3]}: this row is not what it was when seal 3 was made"]
    removed = attacker.finds((DELETE_EVENT, ids[2]))
    assert removed[0].startswith(f"core_event {ids[2]}: this row was removed after seal")
    slipped = "this row was slipped in after its neighbours were sealed, or its leaf was removed"
    assert attacker.finds((SLIP_IN,)) == [f"core_event -5: {slipped}"]


def alters_leaves_and_seals(attacker: Attacker) -> None:
    ids = attacker.sealed
    leaf = attacker.finds((DELETE_LEAF, ids[0]))
    assert leaf[0].startswith(f"core_event {ids[0]}: this row was slipped in")
    assert "1 leaves of core_event instead of 2" in leaf[1]
    both = attacker.finds((DELETE_EVENT, ids[1]), (DELETE_LEAF, ids[1]))
    assert both == ["ledger_ledgerseal 1: it has 1 leaves of core_event instead of 2"]
    rewritten = attacker.finds((SET_KIND, ids[1]), (FORGE_LEAF, ids[1]))
    assert rewritten[0].startswith(f"core_event {ids[1]}: ")
    assert rewritten[1] == "ledger_ledgerseal 1: its leaves were altered: they do not give its root"
    seal = attacker.finds((FORGE_SEAL,))
    assert "ledger_ledgerseal 2: it was altered: its signature does not fit" in seal
    gone = attacker.finds(("DELETE FROM ledger_ledgerseal WHERE number = 2",))
    assert "ledger_ledgerseal 3: seal 2 is missing before it" in gone


def alters_days(attacker: Attacker) -> None:
    altered = attacker.finds(("UPDATE ledger_ledgerday SET payload = jsonb_set(payload, '{root}', '\"00\"')",))
    assert "it was altered: its signature does not fit" in altered[0]
    moved = attacker.finds(("UPDATE ledger_ledgerday SET last_seal = last_seal - 1",))
    assert [problem.split(": ")[1] for problem in moved] == ["its seals are not those that it was made of"]
    head = attacker.finds(("UPDATE ledger_ledgerseal SET head_jws = jws WHERE number = 2",))
    assert head == ["ledger_ledgerseal 2: the signature of its root was altered"]


def writes_the_end_anew(attacker: Attacker) -> None:
    """The rest of the ledger looks whole: what is remembered, and the copy, know of its end."""
    last = LedgerSeal.objects.order_by("-number").first().number
    day = next(iter(attacker.copy.digests))
    cut: list[Statement | Callable[[], Any]] = [
        ("DELETE FROM ledger_ledgerday WHERE true",),
        ("DELETE FROM ledger_ledgerseal WHERE number = %s", last),
        ("DELETE FROM ledger_ledgerleaf WHERE seal_number >= %s", last - 1),
        ("DELETE FROM ledger_ledgerseal WHERE number = %s", last - 1),
        ("DELETE FROM core_event WHERE id >= %s", attacker.sealed[4]),
    ]
    gone = f"ledger_ledgerday {day}: the copy has this day, the ledger has not: its end was cut off"
    no_end = [f"ledger_ledgerseal {last}: this seal", f"ledger_ledgerday {day}: this day", gone]
    found = attacker.finds(*cut, refuses_to_seal)
    assert [problem.split(" is remembered")[0] for problem in found] == no_end
    everything: list[Statement | Callable[[], Any]] = [
        ("DELETE FROM ledger_ledgerday WHERE true",),
        ("DELETE FROM ledger_ledgerseal WHERE true",),
        ("DELETE FROM ledger_ledgerleaf WHERE true",),
        ("UPDATE core_event SET kind = 'test.forged' WHERE true",),
    ]
    found = attacker.finds(*everything, refuses_to_seal)
    assert [problem.split(" is remembered")[0] for problem in found] == no_end
    # With the files of the machine as well: only the copies are left. And where the rows are old, not even that.
    assert attacker.finds(*cut, forget, looks_whole) == [gone]
    anew = attacker.finds(*everything, forget, seal_new_rows, days_pass, looks_whole)
    assert anew == [f"ledger_ledgerday {day}: it is not the day that the copy has: the ledger was written anew"]
    old: Statement = ("UPDATE core_event SET at = at - interval '2 days' WHERE true",)
    found = attacker.finds(*everything, forget, old, refuses_to_seal)
    assert "ledger_ledgerseal 1: there is no seal, and core_event has rows that are more than 1 day old" in found


def looks_whole() -> None:
    assert problems() == []


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("attack", [alters_rows, alters_leaves_and_seals, alters_days, writes_the_end_anew])
def test_tampering_as_the_owner_is_found_and_the_first_bad_row_named(
    attacker: Attacker, attack: Callable[[Attacker], None]
) -> None:
    """With the triggers off: each attack is tried on the same ledger, found, and undone."""
    attack(attacker)
