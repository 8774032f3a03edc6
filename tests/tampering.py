"""What only the database's owner or a superuser can do, and what `verify_ledger` says of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from assessments.answering.digests import answer_digests
from assessments.events import AssessmentEvent
from assessments.models import Assessment
from portal.accounts.events import AccountEvent
from portal.accounts.models import MembershipPeriod
from portal.core.events import CoreEvent, record
from portal.demo.load.rows import History
from portal.ledger import days as days_module
from portal.ledger.days import close_days
from portal.ledger.remembering import place
from portal.ledger.roots import Roots
from portal.ledger.sealing import LedgerRefusedError, seal_new_rows
from portal.ledger.verifying import verify_ledger
from sharing.models import SharingGrant

SET_KIND = "UPDATE core_event SET kind = 'test.forged' WHERE id = %s"
LEDGER_TABLES = ("core_event", "ledger_ledgerleaf", "ledger_ledgerseal", "ledger_ledgerday")
GUARDED_TABLES = (
    *LEDGER_TABLES,
    "sharing_sharinggrant",
    "sharing_receipt",
    "sharing_withheldreport",
    "sharing_subscription",
    "sharing_paperconsent",
    "factories_handover",
    "assessments_assessment",
    "assessments_answer",
    "sharing_cyclereport",
    "accounts_membershipperiod",
    "accounts_user_groups",
)


@contextmanager
def triggers_off() -> Iterator[CursorWrapper]:
    """Give a cursor whose changes no trigger sees: as a superuser where the owner is one, else as the tables' owner."""
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


@contextmanager
def trigger_off(table: str, part: str) -> Iterator[CursorWrapper]:
    """Give a cursor of the owner while the one trigger of the table whose name has this part is off."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", [table])
        (name,) = (row[0] for row in cursor.fetchall() if part in row[0])
        cursor.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{name}"')
        try:
            yield cursor
        finally:
            cursor.execute(f'ALTER TABLE {table} ENABLE TRIGGER "{name}"')


def tamper(statement: str, *values: Any) -> None:
    """Change something with every trigger off."""
    with triggers_off() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount >= 1


def problems(copies: Sequence[Roots] = ()) -> list[str]:
    """Return what the verification finds, in words."""
    return [str(problem) for problem in verify_ledger(copies).problems]


def happen(count: int) -> list[int]:
    """Record so many events; return their ids."""
    return [record(CoreEvent.LEDGER_ACCEPTED, by=None, subject=number, number=number).pk for number in range(count)]


def days_pass(count: int = 1) -> None:
    """Close the days that are over so many days from now."""
    with pytest.MonkeyPatch.context() as clock:
        clock.setattr(days_module, "_now", lambda: timezone.now() + timedelta(days=count))
        close_days()


def tell_world() -> None:
    """Write the events that the test world's members and publications would have had."""
    history = History()
    for period in MembershipPeriod.objects.filter(until=None).select_related("group"):
        kind, organisation, role = period.group.name.split(":")
        more: dict[str, Any] = {f"{kind}_id": int(organisation), "role": role}
        history.add(period.since, AccountEvent.MEMBER_JOINED, by=None, subject=period.user_id, **more)
    published = Assessment.objects.exclude(published_at=None)
    digests = answer_digests(published.values_list("pk", flat=True))
    for one in published:
        ids: dict[str, Any] = {"factory_id": one.factory_id, "cycle": one.cycle, "version": one.version}
        assert one.published_at is not None
        history.add(
            one.published_at,
            AssessmentEvent.PUBLISHED,
            by=None,
            subject=one.pk,
            **ids,
            answers=digests[one.pk],
        )
        if one.withdrawn_at:
            history.add(one.withdrawn_at, AssessmentEvent.WITHDRAWN, by=None, subject=one.pk, **ids)
    history.write()


def refuses_to_seal() -> None:
    with pytest.raises(LedgerRefusedError, match="Nothing was sealed"):
        seal_new_rows()


def forget() -> None:
    place().unlink()


def one_problem(table: str) -> str:
    """What is found, where only rows of one table are concerned."""
    [problem] = problems()
    assert problem.startswith(table), problem
    return problem


def edit_grant(grant: SharingGrant, values: dict[str, Any]) -> None:
    change("sharing_sharinggrant", grant.pk, values)


def change(table: str, key: object, values: dict[str, Any]) -> None:
    columns = ", ".join(f"{column} = %s" for column in values)
    tamper(f"UPDATE {table} SET {columns} WHERE id = %s", *values.values(), key)
