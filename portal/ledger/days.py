"""Days: what is published of the ledger. One root for each day (UTC), over the seals made since the day before.

A day's root reveals neither how many seals there were nor how many rows: its tree is padded like that of a seal, and
there is one for each day, even if nothing happened. A seal belongs to the first day that was closed after it.
"""

import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from portal.core import days
from portal.core.signing import sign
from portal.ledger.checks import row_of
from portal.ledger.merkle import node_hash
from portal.ledger.models import LedgerDay, LedgerSeal
from portal.ledger.padding import NONCE_BYTES, padded_root
from portal.ledger.remembering import remember_newest

ONE_SEALER = 0x6C6564676572  # key of the advisory lock
TYPE = "portal-ledger-day+jwt"


def is_only_sealer() -> bool:
    """Return whether this transaction alone may write seals and days: no other one does until it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONE_SEALER])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def close_days() -> list[LedgerDay]:
    """Sign the root of each ended day that has none; return these days."""
    first = LedgerSeal.objects.order_by("number").first()
    if first is None or not is_only_sealer():
        return []
    last = LedgerDay.objects.order_by("-day").first()
    day = last.day + timedelta(days=1) if last else days.day_of(first.sealed_at, days.UTC_DAYS)
    today = days.day_of(_now(), days.UTC_DAYS)
    made = []
    while day < today:
        last = _close(day, last)
        made.append(last)
        day += timedelta(days=1)
    if made:
        transaction.on_commit(remember_newest)
    return made


def _now() -> datetime:
    return row_of("SELECT clock_timestamp()")[0]


def _close(day: date, before: LedgerDay | None) -> LedgerDay:
    seals = list(seals_after(before))
    nonce = secrets.token_bytes(NONCE_BYTES)
    payload = {
        "version": 1,
        "day": day.isoformat(),
        "previous": before.digest if before else None,
        "root": padded_root(hashes_of(seals), nonce).hex(),
    }
    return LedgerDay.objects.create(
        day=day,
        payload=payload,
        nonce=nonce,
        jws=sign(TYPE, payload),
        last_seal=seals[-1].number if seals else before.last_seal if before else 0,
    )


def seals_after(before: LedgerDay | None, until: int | None = None) -> Iterable[LedgerSeal]:
    """Return the seals that belong to the day after `before` (up to the number `until`), in their order."""
    seals = LedgerSeal.objects.filter(number__gt=before.last_seal if before else 0).order_by("number")
    return seals if until is None else seals.filter(number__lte=until)


def hashes_of(seals: Iterable[LedgerSeal]) -> bytes:
    """Return the hashes in a day's tree: of each seal, its root and its digest, hashed together."""
    return b"".join(node_hash(bytes.fromhex(seal.root), bytes.fromhex(seal.digest)) for seal in seals)


def day_of(seal: LedgerSeal) -> tuple[LedgerDay, list[LedgerSeal]] | None:
    """Return the day that a seal belongs to, with all its seals; None until it has ended."""
    day = LedgerDay.objects.filter(last_seal__gte=seal.number).order_by("day").first()
    if day is None:
        return None
    before = LedgerDay.objects.filter(day__lt=day.day).order_by("-day").first()
    return day, list(seals_after(before, day.last_seal))


def newest_days(count: int) -> list[LedgerDay]:
    """Return the newest days, the last one first."""
    return list(LedgerDay.objects.order_by("-day")[:count])
