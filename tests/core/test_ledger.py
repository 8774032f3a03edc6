"""The sealed ledger: what is sealed verifies, and whoever alters, removes or slips in a row is found out."""

import base64
import hashlib
import io
import json
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.db.utils import InternalError, ProgrammingError
from django.utils import timezone

from portal.core.events import record
from portal.core.ledger import Source, sources
from portal.core.ledger import sealing as sealing_module
from portal.core.ledger.days import ONE_SEALER
from portal.core.ledger.merkle import leaf_hash, root_of
from portal.core.ledger.remembering import MemoryUnreadableError, place, remembered
from portal.core.ledger.roots import BadRootsError, Roots, export_roots, read_roots
from portal.core.ledger.sealing import LedgerRefusedError, seal_new_rows, seal_once
from portal.core.ledger.verifying import verify_ledger
from portal.core.models import Event, LedgerLeaf, LedgerSeal
from portal.core.signing import configured_keys
from tests.tampering import LEDGER_TABLES, days_pass, happen, problems, tamper, triggers_off


def test_the_root_is_that_of_rfc_6962() -> None:
    """The test vectors of the reference implementation (certificate-transparency)."""
    leaves = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
    leaves.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
    roots = {count: root_of(list(map(leaf_hash, leaves[:count]))).hex() for count in (1, 2, 4, 8)}
    assert roots == {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }


def test_every_source_seals_all_columns_of_its_table() -> None:
    """A column that is added to a source belongs into a new form of it (portal/core/ledger/sources.py)."""
    assert {source.table for source in sources()} >= {"core_event", "sharing_accessrecord", "sharing_receipt"}
    for source in sources():
        columns = {field.column for field in apps.get_model(source.model)._meta.concrete_fields}
        assert set(source.forms[-1]) == columns, source


@pytest.mark.django_db
def test_a_row_is_hashed_as_written_down_whatever_the_session_says() -> None:
    event = record("test.happened", by=None, factory_id=7, subject="é:1,", a=1, b="ក")
    with connections["default"].cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'Asia/Phnom_Penh'")
        cursor.execute("SET LOCAL DateStyle = 'ISO, DMY'")
        seal_new_rows()
    microseconds = (event.at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    values = [event.pk, microseconds, event.kind, None, 7, None, None, "é:1,", '{"a": 1, "b": "ក"}']
    text = "portal.ledger,core_event,1,"
    for value in values:
        text += "-," if value is None else f"{len(str(value).encode())}:{value},"
    leaf = LedgerLeaf.objects.get(source="core_event", row_id=event.pk)
    assert bytes(leaf.hash) == hashlib.sha256(b"\x00" + text.encode()).digest()


@pytest.mark.django_db
def test_rows_of_an_older_form_verify_after_a_column_was_added(monkeypatch: pytest.MonkeyPatch) -> None:
    registered = import_module("portal.core.ledger.sources")._registered
    columns = next(source.forms[-1] for source in sources() if source.model == "core.Event")
    old = Source("core.Event", (columns[:-1],))  # as if `data` had been added later
    monkeypatch.setitem(registered, "core.Event", old)
    happen(2)
    seal_new_rows()
    monkeypatch.setitem(registered, "core.Event", Source("core.Event", (columns[:-1], columns)))
    happen(2)
    seal_new_rows()
    assert [leaf.form for leaf in LedgerLeaf.objects.order_by("row_id")] == [1, 1, 2, 2]
    assert problems() == []


@pytest.mark.django_db
def test_sealing_takes_what_is_new_once_and_says_so(everything_settles: None) -> None:
    assert (seal_new_rows(), problems()) == ([], [])
    first = happen(3)
    assert verify_ledger().unsealed == 3
    with pytest.MonkeyPatch.context() as small:
        small.setattr(sealing_module, "MOST_ROWS", 2)
        made = seal_new_rows()
    entries = [next(entry for entry in seal.payload["sources"] if entry["source"] == "core_event") for seal in made]
    assert [(entry["rows"], entry["high"]) for entry in entries] == [(2, first[1]), (1, first[2]), (0, first[2])]
    assert entries[-1]["settled"] == first[2]
    happen(2)
    seal_new_rows()
    assert seal_new_rows() == []
    verdict = verify_ledger()
    assert (verdict.rows, verdict.unsealed, verdict.problems) == (5, 0, [])
    assert LedgerSeal.objects.order_by("number").last().payload["previous"]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_row_that_commits_late_is_sealed_and_writers_are_not_blocked() -> None:
    """Ids become visible in any order: what is written while a seal is made waits for the next one."""
    owner = connections["owner"]
    with transaction.atomic("owner"):
        with owner.cursor() as cursor:
            cursor.execute(
                "INSERT INTO core_event (at, kind, subject, data) VALUES (now(), 'late', '', '{}') RETURNING id"
            )
            late = cursor.fetchone()[0]
        early = happen(2)
        assert late < early[0]
        assert len(seal_new_rows()) == 1  # neither waits for the other
        assert not LedgerLeaf.objects.filter(row_id=late, source="core_event").exists()
        assert problems() == []
    seal_new_rows()
    assert LedgerLeaf.objects.filter(row_id=late, source="core_event").exists()
    assert (problems(), verify_ledger().unsealed) == ([], 0)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_sealers_at_once_are_harmless() -> None:
    happen(2)
    with transaction.atomic("owner"):
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_SEALER])
        assert seal_once() is None
    assert seal_once() is not None


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_neither_the_app_nor_the_owner_changes_what_was_sealed() -> None:
    happen(1)
    seal_new_rows()
    days_pass()
    for table in ("core_ledgerleaf", "core_ledgerseal", "core_ledgerday", "core_signingkey"):
        for alias in ("default", "owner"):
            with pytest.raises((ProgrammingError, InternalError)), connections[alias].cursor() as cursor:
                cursor.execute(f"DELETE FROM {table}")


SET_KIND = "UPDATE core_event SET kind = 'test.forged' WHERE id = %s"


@pytest.fixture
def sealed(transactional_db: None, everything_settles: None) -> list[int]:
    """Six events, sealed two by two, and settled, on a day that is over; their ids."""
    ids = []
    for _ in range(3):
        ids += happen(2)
        seal_new_rows()
    days_pass()
    assert problems() == []
    return ids


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
DELETE_LEAF = "DELETE FROM core_ledgerleaf WHERE row_id = %s AND source = 'core_event'"
FORGE_LEAF = "UPDATE core_ledgerleaf SET hash = sha256('x') WHERE row_id = %s AND source = 'core_event'"
FORGE_SEAL = "UPDATE core_ledgerseal SET payload = jsonb_set(payload, '{root}', '\"00\"') WHERE number = 2"
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
    assert both == ["core_ledgerseal 1: it has 1 leaves of core_event instead of 2"]
    rewritten = attacker.finds((SET_KIND, ids[1]), (FORGE_LEAF, ids[1]))
    assert rewritten[0].startswith(f"core_event {ids[1]}: ")
    assert rewritten[1] == "core_ledgerseal 1: its leaves were altered: they do not give its root"
    seal = attacker.finds((FORGE_SEAL,))
    assert "core_ledgerseal 2: it was altered: its signature does not fit" in seal
    gone = attacker.finds(("DELETE FROM core_ledgerseal WHERE number = 2",))
    assert "core_ledgerseal 3: seal 2 is missing before it" in gone


def alters_days(attacker: Attacker) -> None:
    altered = attacker.finds(("UPDATE core_ledgerday SET payload = jsonb_set(payload, '{root}', '\"00\"')",))
    assert "it was altered: its signature does not fit" in altered[0]
    moved = attacker.finds(("UPDATE core_ledgerday SET last_seal = last_seal - 1",))
    assert [problem.split(": ")[1] for problem in moved] == ["its seals are not those that it was made of"]
    head = attacker.finds(("UPDATE core_ledgerseal SET head_signature = signature WHERE number = 2",))
    assert head == ["core_ledgerseal 2: the signature of its root was altered"]


def writes_the_end_anew(attacker: Attacker) -> None:
    """The rest of the ledger looks whole: what is remembered, and the copy, know of its end."""
    last = LedgerSeal.objects.order_by("-number").first().number
    day = next(iter(attacker.copy.digests))
    cut: list[Statement | Callable[[], Any]] = [
        ("DELETE FROM core_ledgerday WHERE true",),
        ("DELETE FROM core_ledgerseal WHERE number = %s", last),
        ("DELETE FROM core_ledgerleaf WHERE seal_number >= %s", last - 1),
        ("DELETE FROM core_ledgerseal WHERE number = %s", last - 1),
        ("DELETE FROM core_event WHERE id >= %s", attacker.sealed[4]),
    ]
    gone = f"core_ledgerday {day}: the copy has this day, the ledger has not: its end was cut off"
    found = attacker.finds(*cut, refuses_to_seal)
    assert [problem.split(" is remembered")[0] for problem in found] == [
        f"core_ledgerseal {last}: this seal",
        f"core_ledgerday {day}: this day",
        gone,
    ]
    everything: list[Statement | Callable[[], Any]] = [
        ("DELETE FROM core_ledgerday WHERE true",),
        ("DELETE FROM core_ledgerseal WHERE true",),
        ("DELETE FROM core_ledgerleaf WHERE true",),
        ("UPDATE core_event SET kind = 'test.forged' WHERE true",),
    ]
    assert len(attacker.finds(*everything, refuses_to_seal)) == 3
    # With the files of the machine as well: only the copies are left. And where the rows are old, not even that.
    assert attacker.finds(*cut, forget, looks_whole) == [gone]
    anew = attacker.finds(*everything, forget, seal_new_rows, days_pass, looks_whole)
    assert anew == [f"core_ledgerday {day}: it is not the day that the copy has: the ledger was written anew"]
    old: Statement = ("UPDATE core_event SET at = at - interval '2 days' WHERE true",)
    found = attacker.finds(*everything, forget, old, refuses_to_seal)
    assert "core_ledgerseal 1: there is no seal, and core_event has rows that are more than 1 day old" in found


def refuses_to_seal() -> None:
    with pytest.raises(LedgerRefusedError, match="Nothing was sealed"):
        seal_new_rows()


def forget() -> None:
    place().unlink()


def looks_whole() -> None:
    assert problems() == []


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("attack", [alters_rows, alters_leaves_and_seals, alters_days, writes_the_end_anew])
def test_tampering_as_the_owner_is_found_and_the_first_bad_row_named(
    attacker: Attacker, attack: Callable[[Attacker], None]
) -> None:
    """With the triggers off: each attack is tried on the same ledger, found, and undone."""
    attack(attacker)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_commands_say_what_is_wrong_and_fail(sealed: list[int], tmp_path: Path) -> None:
    said, copy = io.StringIO(), tmp_path / "roots.jsonl"
    call_command("export_ledger_roots", stdout=said)
    copy.write_text(said.getvalue())
    assert {json.loads(line).get("type", "seal") for line in copy.read_text().splitlines()} == {
        "portal.ledger-roots",
        "seal",
    }
    said = io.StringIO()
    call_command("verify_ledger", roots=[str(copy)], stdout=said)
    for words in ("6 rows", "remembered outside the database, is in it", f"All 1 days of {copy}"):
        assert words in said.getvalue()
    call_command("export_ledger_roots", "--after", "2999-01-01", stdout=(nothing := io.StringIO()))
    assert len(nothing.getvalue().splitlines()) == 1
    tamper(SET_KIND, sealed[3])
    with pytest.raises(CommandError, match=f"core_event {sealed[3]}: this row is not what it was"):
        call_command("verify_ledger", stdout=io.StringIO())
    copy.write_text(copy.read_text().replace('"root": "', '"root": "0'))
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
    assert "All 1 days of" in said.getvalue()
    tamper("DELETE FROM core_ledgerday WHERE true")
    forget()
    with pytest.raises(CommandError, match="the copy has this day, the ledger has not"):
        call_command("verify_ledger", stdout=io.StringIO())


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_newest_seal_is_remembered_outside_the_database(sealed: list[int]) -> None:
    memory = remembered()
    newest = LedgerSeal.objects.order_by("-number").first()
    assert memory is not None
    assert (memory.seal, memory.day) == (newest.number, timezone.now().date().isoformat())
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
    tamper("DELETE FROM core_ledgerday WHERE true")
    tamper("DELETE FROM core_ledgerleaf WHERE seal_number >= %s", last - 1)
    tamper("DELETE FROM core_ledgerseal WHERE number >= %s", last - 1)
    with pytest.raises(CommandError, match="--accept-database"):
        call_command("seal_ledger", stdout=io.StringIO())
    call_command("seal_ledger", "--accept-database", stdout=(said := io.StringIO()))
    assert "seals over 3 rows" in said.getvalue()
    event = Event.objects.get(kind="ledger.accepted")
    assert (event.subject, event.data["remembered"]) == (str(last - 2), last)
    assert LedgerLeaf.objects.filter(source="core_event", row_id=event.pk).exists()
    assert problems() == []


@pytest.mark.django_db
def test_a_key_that_only_the_database_knows_is_not_trusted(settings: Any) -> None:
    """Who rewrites the ledger with a key of their own must have it in the environment, too."""
    happen(1)
    seal_new_rows()
    days_pass()
    copy = "".join(export_roots())
    old = settings.SIGNING_KEYS
    (name,) = (key_id for key_id, kind, _ in old if kind == "private")
    settings.SIGNING_KEYS = [("new", "private", b"n" * 32)]
    assert f"{name}, which SIGNING_KEYS does not name" in problems()[0]
    assert problems([read_roots(copy.splitlines(), {})]) == []
    public = configured_keys_of(old)
    settings.SIGNING_KEYS = [("new", "private", b"n" * 32), (name, "public", public)]
    happen(1)
    seal_new_rows()
    assert problems() == []
    with pytest.raises(BadRootsError, match="Line 2"):
        read_roots(copy.splitlines(), {name: b"x" * 32})


def configured_keys_of(keys: list[tuple[str, str, bytes]]) -> bytes:
    from portal.core.signing import public_half

    return public_half(keys[0][1], keys[0][2])


def test_settings_refuse_nonsense_for_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.exceptions import ImproperlyConfigured

    from portal.settings import signing_keys

    good = base64.b64encode(b"k" * 32).decode()
    for value in ("", "a", "a:", "a:xyz", f"a b:{good}", f"a:public:{good}", f"a:{good},a:{good}", f"a:{good[:-8]}"):
        monkeypatch.setenv("SIGNING_KEYS", value)
        with pytest.raises(ImproperlyConfigured, match="SIGNING_KEYS"):
            signing_keys("SIGNING_KEYS")
    monkeypatch.setenv("SIGNING_KEYS", f"b:{good}, a:public:{good}")
    assert signing_keys("SIGNING_KEYS") == [("b", "private", b"k" * 32), ("a", "public", b"k" * 32)]
