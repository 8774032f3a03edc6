"""Putting things aside in one's own inbox, and showing them again. What a thing is, the inbox knows."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.roles import Visitor
from portal.notices.models import Snooze

Name = tuple[str, str]  # the kind and the key of a thing


def snoozed_by(user: Visitor) -> dict[Name, datetime]:
    """Return until when `user` put which things aside; nothing that is over."""
    rows = Snooze.objects.own(user).values_list("kind", "key", "until")
    return {(kind, key): until for kind, key, until in rows}


@transaction.atomic
def snooze(*, by: User, things: Collection[Name], until: datetime) -> None:
    """Put things aside for `by` until a moment. Idempotent; a later moment replaces an earlier one."""
    Snooze.objects.bulk_create(
        [Snooze(person=by, kind=kind, key=key, until=until) for kind, key in sorted(things)],
        update_conflicts=True,
        unique_fields=["person", "kind", "key"],
        update_fields=["until"],
    )


@transaction.atomic
def show_again(*, by: User, things: Collection[Name]) -> None:
    """End what `by` put aside. Idempotent."""
    names = set(things)
    for row in Snooze.objects.own(by):
        if (row.kind, row.key) in names:
            row.delete()


def clear_over() -> int:
    """Delete what is over, of everybody; return how many."""
    return Snooze.objects.over().delete()[0]
