"""The sealed ledger: what is sealed verifies, and whoever alters, removes or slips in a row is found out."""

import base64
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper
from django.db.utils import InternalError, ProgrammingError
from django.utils import timezone

from factories.models import Factory
from portal.core.events import record
from portal.core.ledger import Source, sources
from portal.core.ledger import sealing as sealing_module
from portal.core.ledger.merkle import leaf_hash, root_of
from portal.core.ledger.roots import BadRootsError, Roots, export_roots, read_roots
from portal.core.ledger.sealing import seal_new_rows, seal_once
from portal.core.ledger.verifying import verify_ledger
from portal.core.models import LedgerLeaf, LedgerSeal
from portal.core.signing import configured_keys
from sharing.models import SharingGrant
from sharing.services import Terms, change_grant, confirm_grant, refuse_grant, revoke_access
from tests.world import World, build_world


@pytest.fixture
def everything_settles(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a minute passed after each seal and nobody else used the server."""
    monkeypatch.setattr(sealing_module, "_settled", lambda: LedgerSeal.objects.order_by("-number").first())


LEDGER_TABLES = ("core_event", "core_ledgerleaf", "core_ledgerseal")
GUARDED_TABLES = (*LEDGER_TABLES, "sharing_sharinggrant")


@contextmanager
def triggers_off() -> Iterator[CursorWrapper]:
    """A cursor whose changes no trigger sees: as a superuser where the owner is one, else as the tables' owner."""
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        (superuser,) = cursor.fetchone()
        if superuser:
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield cursor
            return
        for table in GUARDED_TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no trigger may be pending when a table is altered
        for table in GUARDED_TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def tamper(statement: str, *values: Any) -> None:
    """What only the database's owner or a superuser can do: a change with every trigger off."""
    with triggers_off() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount >= 1


def problems(**options: Any) -> list[str]:
    return [str(problem) for problem in verify_ledger(**options).problems]


def happen(count: int) -> list[int]:
    return [record("test.happened", by=None, subject=number, number=number).pk for number in range(count)]


def test_the_root_is_that_of_rfc_6962() -> None:
    """The test vectors of the reference implementation (certificate-transparency)."""
    leaves = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
    leaves.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
    roots = [root_of(map(leaf_hash, leaves[:count])).hex() for count in range(len(leaves) + 1)]
    assert roots[0] == hashlib.sha256(b"").hexdigest()
    assert roots[1] == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert roots[3] == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    assert roots[8] == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


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
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [sealing_module.ONE_SEALER])
        assert seal_once() is None
    assert seal_once() is not None


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_neither_the_app_nor_the_owner_changes_what_was_sealed() -> None:
    happen(1)
    seal_new_rows()
    for table in ("core_ledgerleaf", "core_ledgerseal", "core_signingkey"):
        for alias in ("default", "owner"):
            with pytest.raises((ProgrammingError, InternalError)), connections[alias].cursor() as cursor:
                cursor.execute(f"DELETE FROM {table}")


SET_KIND = "UPDATE core_event SET kind = 'test.forged' WHERE id = %s"


@pytest.fixture
def sealed(transactional_db: None, everything_settles: None) -> list[int]:
    """Six events, sealed two by two, and settled; their ids."""
    ids = []
    for _ in range(3):
        ids += happen(2)
        seal_new_rows()
    assert problems() == []
    return ids


Statement = tuple[Any, ...]


@dataclass
class Attacker:
    """Tries one attack after the other on the same ledger, each of them undone before the next."""

    sealed: list[int]
    copy: Roots  # of the seals, kept elsewhere

    def finds(self, *steps: Statement | Callable[[], Any]) -> list[str]:
        """What `verify_ledger` says, with the copy, after these statements and acts."""
        with connections["owner"].cursor() as cursor:
            for table in LEDGER_TABLES:
                cursor.execute(f"CREATE TEMP TABLE kept_{table} AS SELECT * FROM {table}")
        for step in steps:
            tamper(*step) if isinstance(step, tuple) else step()
        found = problems(roots=self.copy)
        with triggers_off() as cursor:
            for table in LEDGER_TABLES:
                cursor.execute(f"DELETE FROM {table}")
                cursor.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}; DROP TABLE kept_{table}")
        assert problems(roots=self.copy) == []
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


def writes_the_end_anew(attacker: Attacker) -> None:
    """By itself the rest of the ledger looks whole: only the copy of the roots knows of its end."""
    last = LedgerSeal.objects.order_by("-number").first().number
    cut: list[Statement | Callable[[], Any]] = [
        ("DELETE FROM core_ledgerseal WHERE number = %s", last),
        ("DELETE FROM core_ledgerleaf WHERE seal_number >= %s", last - 1),
        ("DELETE FROM core_ledgerseal WHERE number = %s", last - 1),
        ("DELETE FROM core_event WHERE id >= %s", attacker.sealed[4]),
        looks_whole,
    ]
    place = f"core_ledgerseal {last - 1}"
    assert attacker.finds(*cut) == [f"{place}: the copy has this seal, the ledger has not: its end was cut off"]
    anew = attacker.finds(*cut, lambda: happen(2), seal_new_rows, looks_whole)
    assert anew == [f"{place}: it is not the seal that the copy has: the ledger was written anew"]


def looks_whole() -> None:
    assert problems() == []


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("attack", [alters_rows, alters_leaves_and_seals, writes_the_end_anew])
def test_tampering_as_the_owner_is_found_and_the_first_bad_row_named(
    attacker: Attacker, attack: Callable[[Attacker], None]
) -> None:
    """With the triggers off: each attack is tried on the same ledger, found, and undone."""
    attack(attacker)


GIVEN = {"cycles": "from", "cycle_number": 2, "purpose": "Audit", "hold_days": 7}


def life_of_grants(world: World) -> dict[str, SharingGrant]:
    """A grant of every sort and fate, each as the services leave it."""
    manager, until = world.person("manager_a"), timezone.now() + timedelta(days=30)
    told = world.grant(scope="step1")
    revoke_access(by=manager, grant=told, reason="The season is over", is_reason_shown=True)
    kept = world.grant(brand=world.brand_b)
    changed = change_grant(by=manager, grant=kept, terms=Terms(**GIVEN))  # type: ignore[arg-type]
    quiet = world.grant(brand=world.brand_b, scope="step1")
    revoke_access(by=manager, grant=quiet, reason="They never paid")
    given = world.grant(expires_at=until, **GIVEN)
    Factory.objects.filter(pk=world.factory_a.pk).update(confirms_sharing=True)
    confirmed = world.grant(scope="improvement_plan")
    confirm_grant(by=world.person("representative_a"), grant=confirmed)
    waiting = world.grant(brand=world.brand_b, scope="improvement_plan")
    refused = world.grant(brand=world.brand_b, scope="step1")
    refuse_grant(by=world.person("representative_a"), grant=refused, reason="Not yet")
    return {
        "given": given,
        "told": told,
        "changed": changed,
        "quiet": quiet,
        "confirmed": confirmed,
        "waiting": waiting,
        "refused": refused,
    }


# grant, what is written into its row, and the column that is named; values of other rows by their persona.
EDITED: list[tuple[str, dict[str, Any], str]] = [
    ("told", {"brand_id": "brand_b"}, "brand"),
    ("told", {"factory_id": "factory_b"}, "factory"),
    ("told", {"scope": "report"}, "scope"),
    ("given", {"cycles": "all", "cycle_number": None}, "cycles"),
    ("changed", {"cycle_number": 1}, "cycle_number"),
    ("given", {"valid_from": datetime(2020, 1, 1, tzinfo=UTC)}, "valid_from"),
    ("given", {"expires_at": None}, "expires_at"),
    ("given", {"purpose": "Marketing"}, "purpose"),
    ("changed", {"hold_days": 0}, "hold_days"),
    ("given", {"granted_for": "The owner", "consent_document": "consents/none"}, "granted_for"),
    ("given", {"granted_by_id": "manager_b"}, "granted_by"),
    ("given", {"created_at": datetime(2020, 1, 1, tzinfo=UTC)}, "created_at"),
    ("waiting", {"needs_confirmation": False}, "needs_confirmation"),
    ("confirmed", {"confirmed_at": None, "confirmed_by_id": None}, "confirmed_by"),
    ("confirmed", {"confirmed_at": datetime(2035, 1, 1, tzinfo=UTC)}, "confirmed_at"),
    ("told", {"ended_at": None, "ended_by_id": None, "end_reason": "", "is_end_reason_shown": False}, "ended_at"),
    ("quiet", {"ended_at": datetime(2035, 1, 1, tzinfo=UTC)}, "ended_at"),
    ("quiet", {"ended_by_id": "manager_b"}, "ended_by"),
    ("quiet", {"end_reason": "They paid"}, "end_reason"),
    ("told", {"is_end_reason_shown": False}, "is_end_reason_shown"),
]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_grant_edited_behind_the_back_of_its_receipts_is_found_and_named(everything_settles: None) -> None:
    """Grants are not sealed, their receipts are: what was signed tells. Untouched, nothing is said of any of them."""
    world = build_world()
    grants = life_of_grants(world)
    seal_new_rows()
    assert problems() == []
    others: dict[Any, int] = {name: getattr(world, name).pk for name in ("brand_b", "factory_b")}
    others["manager_b"] = world.person("manager_b").pk
    for name, written, named in EDITED:
        grant = SharingGrant.objects.get(pk=grants[name].pk)
        before = {column: getattr(grant, column) for column in written}
        edit_grant(grant, {column: others.get(value, value) for column, value in written.items()})
        [problem] = problems()
        assert problem.startswith(f"sharing_sharinggrant {grant.pk}: its {named} is not what receipt "), problem
        edit_grant(grant, before)
    assert problems() == []

    waiting, now = grants["waiting"], timezone.now()
    edit_grant(waiting, {"confirmed_at": now, "confirmed_by_id": world.person("manager_a").pk})
    assert problems() == [f"sharing_sharinggrant {waiting.pk}: it was confirmed, and no receipt says so"]
    edit_grant(waiting, {"confirmed_at": None, "confirmed_by_id": None})
    edit_grant(grants["given"], {"ended_at": now, "ended_by_id": world.person("manager_a").pk})
    assert problems() == [f"sharing_sharinggrant {grants['given'].pk}: it was ended, and no receipt says so"]


@pytest.mark.django_db
def test_a_grant_that_nothing_tells_of_is_found_and_one_older_than_receipts_is_held_against_its_event() -> None:
    world = build_world()
    old = SharingGrant(
        factory=world.factory_b, brand=world.brand_b, scope="report", granted_by=world.person("manager_b"), hold_days=7
    )
    old.save()
    assert problems() == [f"sharing_sharinggrant {old.pk}: neither a receipt nor an event tells of it"]
    said = {"scope": "report", "cycles": "all", "cycle_number": None, "hold_days": 7}
    ids: dict[str, Any] = {"factory_id": world.factory_b.pk, "brand_id": world.brand_b.pk, "subject": old.pk}
    record("sharing.granted", by=world.person("manager_b"), **ids, **said)
    assert problems() == []
    other = SharingGrant(
        factory=world.factory_b, brand=world.brand_a, scope="report", granted_by=world.person("manager_b"), hold_days=0
    )
    other.save()
    ids |= {"brand_id": world.brand_a.pk, "subject": other.pk}
    event = record("sharing.granted", by=world.person("manager_b"), **ids, **said)
    assert problems() == [f"sharing_sharinggrant {other.pk}: it is not what event {event.pk} says"]


def edit_grant(grant: SharingGrant, values: dict[str, Any]) -> None:
    columns = ", ".join(f"{column} = %s" for column in values)
    tamper(f"UPDATE sharing_sharinggrant SET {columns} WHERE id = %s", *values.values(), grant.pk)


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
    call_command("verify_ledger", roots=str(copy), stdout=said)
    assert "6 rows" in said.getvalue()
    tamper(SET_KIND, sealed[3])
    with pytest.raises(CommandError, match=f"core_event {sealed[3]}: this row is not what it was"):
        call_command("verify_ledger", stdout=io.StringIO())
    copy.write_text(copy.read_text().replace('"root": "', '"root": "0'))
    with pytest.raises(CommandError, match="Line 2 of the copy"):
        call_command("verify_ledger", roots=str(copy), stdout=io.StringIO())


@pytest.mark.django_db
def test_a_key_that_only_the_database_knows_is_not_trusted(settings: Any) -> None:
    """Who rewrites the ledger with a key of their own must have it in the environment, too."""
    happen(1)
    seal_new_rows()
    copy = "".join(export_roots())
    old = settings.SIGNING_KEYS
    (name,) = (key_id for key_id, kind, _ in old if kind == "private")
    settings.SIGNING_KEYS = [("new", "private", b"n" * 32)]
    assert f"{name}, which SIGNING_KEYS does not name" in problems()[0]
    assert problems(roots=read_roots(copy.splitlines(), {})) == []
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
