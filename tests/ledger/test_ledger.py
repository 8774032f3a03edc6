"""The sealed ledger: what is sealed verifies, and whoever alters, removes or slips in a row is found out."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.utils import InternalError, ProgrammingError

from portal.core.events import CoreEvent, record
from portal.core.models import Event
from portal.core.signing import KnownKey, configured_keys, public_half
from portal.ledger import Source, sources
from portal.ledger import sealing as sealing_module
from portal.ledger.days import ONE_SEALER
from portal.ledger.merkle import leaf_hash, root_of
from portal.ledger.models import LedgerLeaf, LedgerSeal
from portal.ledger.roots import BadRootsError, export_roots, read_roots
from portal.ledger.sealing import seal_new_rows, seal_once
from portal.ledger.verifying import verify_ledger
from tests.tampering import days_pass, happen, problems


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
    """A column that is added to a source belongs into a new form of it (portal/ledger/sources.py)."""
    assert {source.table for source in sources()} >= {"core_event", "sharing_accessrecord", "sharing_receipt"}
    for source in sources():
        columns = {field.column for field in source.model._meta.concrete_fields}
        assert set(source.forms[-1]) == columns, source


@pytest.mark.django_db
def test_a_row_is_hashed_as_written_down_whatever_the_session_says() -> None:
    event = record(CoreEvent.LEDGER_ACCEPTED, by=None, factory_id=7, subject="é:1,", a=1, b="ក")
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
    registered = import_module("portal.ledger.sources")._registered
    columns = next(source.forms[-1] for source in sources() if source.model is Event)
    old = Source(Event, (columns[:-1],))  # as if `data` had been added later
    monkeypatch.setitem(registered, "core.Event", old)
    happen(2)
    seal_new_rows()
    monkeypatch.setitem(registered, "core.Event", Source(Event, (columns[:-1], columns)))
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
    for table in ("ledger_ledgerleaf", "ledger_ledgerseal", "ledger_ledgerday", "core_signingkey"):
        for alias in ("default", "owner"):
            with pytest.raises((ProgrammingError, InternalError)), connections[alias].cursor() as cursor:
                cursor.execute(f"DELETE FROM {table}")


@pytest.mark.django_db
def test_a_key_that_only_the_database_knows_is_not_trusted(settings: Any) -> None:
    """Who rewrites the ledger with a key of their own must have it in the environment, too."""
    happen(1)
    seal_new_rows()
    days_pass()
    copy = "".join(export_roots())
    old = settings.SIGNING_KEYS
    (name,) = configured_keys()
    settings.SIGNING_KEYS = [("private", b"n" * 32)]
    assert f"{name}, which SIGNING_KEYS does not name" in problems()[0]
    assert problems([read_roots(copy.splitlines(), {})]) == []
    settings.SIGNING_KEYS = [("private", b"n" * 32), ("public", public_half(*old[0]))]
    happen(1)
    seal_new_rows()
    assert problems() == []
    # A copy whose keys somebody exchanged names no key that signed it: an id belongs to one key only.
    others = json.dumps({"keys": [KnownKey(b"x" * 32, None, is_current=False).as_jwk() | {"kid": name}]})
    with pytest.raises(BadRootsError, match="Line 2"):
        read_roots([others, *copy.splitlines()[1:]], {})


def test_settings_refuse_nonsense_for_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.exceptions import ImproperlyConfigured

    from portal.settings import signing_keys

    first, second = bytes(range(32)), bytes(range(32, 64))
    good, other = (base64.urlsafe_b64encode(key).decode().rstrip("=") for key in (first, second))
    for value in ("", "a", f"a:{good}", f"{good}=", f"public:{good}", f"{good},{good}", good[:-8], f"{good},x:{other}"):
        monkeypatch.setenv("SIGNING_KEYS", value)
        with pytest.raises(ImproperlyConfigured, match="SIGNING_KEYS"):
            signing_keys("SIGNING_KEYS")
    monkeypatch.setenv("SIGNING_KEYS", f"{good}, public:{other}")
    assert signing_keys("SIGNING_KEYS") == [("private", first), ("public", second)]
