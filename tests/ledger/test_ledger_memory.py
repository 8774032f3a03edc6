"""The newest seal is remembered outside the database, and copies of the roots are compared: also by the commands."""

import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.core.models import Event
from portal.core.signing import configured_keys
from portal.ledger.models import LedgerDay, LedgerLeaf, LedgerSeal
from portal.ledger.remembering import MemoryUnreadableError, place, remembered
from portal.ledger.roots import export_roots
from portal.ledger.sealing import seal_new_rows
from tests.jose import said_otherwise
from tests.tampering import SET_KIND, forget, happen, problems, refuses_to_seal, tamper


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_commands_say_what_is_wrong_and_fail(sealed: list[int], tmp_path: Path) -> None:
    said, copy = io.StringIO(), tmp_path / "roots.jsonl"
    call_command("export_ledger_roots", stdout=said)
    copy.write_text(said.getvalue())
    keys, *days = map(json.loads, copy.read_text().splitlines())
    assert [key["kid"] for key in keys["keys"]] == list(configured_keys())
    assert days
    assert days == list(LedgerDay.objects.order_by("day").values_list("jws", flat=True))
    said = io.StringIO()
    call_command("verify_ledger", roots=[str(copy)], stdout=said)
    for words in ("6 rows", "remembered outside the database, is in it", f"All {len(days)} days of {copy}"):
        assert words in said.getvalue()
    call_command("export_ledger_roots", "--after", "2999-01-01", stdout=(nothing := io.StringIO()))
    assert len(nothing.getvalue().splitlines()) == 1
    tamper(SET_KIND, sealed[3])
    with pytest.raises(CommandError, match=f"core_event {sealed[3]}: this row is not what it was"):
        call_command("verify_ledger", stdout=io.StringIO())
    copy.write_text(copy.read_text().replace(days[0], said_otherwise(days[0], root="00" * 32)))
    with pytest.raises(CommandError, match="Line 2 of the copy"):
        call_command("verify_ledger", roots=[str(copy)], stdout=io.StringIO())


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_copies_in_the_configured_folder_are_compared_without_being_asked_for(
    sealed: list[int], tmp_path: Path, settings: Any
) -> None:
    folder = tmp_path / "copies"
    settings.LEDGER_ROOTS_DIR = str(folder)
    with pytest.raises(CommandError, match=r"LEDGER_ROOTS_DIR: .* is no folder"):
        call_command("verify_ledger", stdout=io.StringIO())
    folder.mkdir()
    with pytest.raises(CommandError, match=r"LEDGER_ROOTS_DIR: .* holds no copy"):
        call_command("verify_ledger", stdout=io.StringIO())
    (folder / "2026.jsonl").write_text("".join(export_roots()))
    call_command("verify_ledger", stdout=(said := io.StringIO()))
    assert f"All {LedgerDay.objects.count()} days of" in said.getvalue()
    tamper("DELETE FROM ledger_ledgerday WHERE true")
    forget()
    with pytest.raises(CommandError, match="the copy has this day, the ledger has not"):
        call_command("verify_ledger", stdout=io.StringIO())


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_newest_seal_is_remembered_outside_the_database(sealed: list[int]) -> None:
    memory = remembered()
    newest = LedgerSeal.objects.order_by("-number").first()
    assert memory is not None
    assert (memory.seal, memory.day) == (newest.number, newest.payload["sealed_at"][:10])
    assert stat.S_IMODE(place().stat().st_mode) == 0o600
    assert [path.name for path in place().parent.glob("*newest*")] == [place().name]
    for nonsense in ("", "[]", "{}", '{"seal": "x", "seal_digest": "", "day": "", "day_digest": ""}'):
        place().write_text(nonsense)
        with pytest.raises(MemoryUnreadableError, match="cannot be read"):
            remembered()
        refuses_to_seal()
        assert "cannot be read" in problems()[0]
    forget()
    assert problems() == []
    happen(1)
    seal_new_rows()
    assert remembered() is not None


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_after_a_restore_an_operator_says_so_and_the_ledger_says_it_too(sealed: list[int]) -> None:
    last = LedgerSeal.objects.order_by("-number").first().number
    tamper("DELETE FROM ledger_ledgerday WHERE true")
    tamper("DELETE FROM ledger_ledgerleaf WHERE seal_number >= %s", last - 1)
    tamper("DELETE FROM ledger_ledgerseal WHERE number >= %s", last - 1)
    with pytest.raises(CommandError, match="--accept-database"):
        call_command("seal_ledger", stdout=io.StringIO())
    call_command("seal_ledger", "--accept-database", stdout=(said := io.StringIO()))
    assert "seals over 3 rows" in said.getvalue()
    event = Event.objects.get(kind="ledger.accepted", data__has_key="remembered")
    assert (event.subject, event.data["remembered"]) == (str(last - 2), last)
    assert LedgerLeaf.objects.filter(source="core_event", row_id=event.pk).exists()
    assert problems() == []
