"""The writing of who-saw-what, and of what a brand used while it could still be undone."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from factories.services import lock_factories
from portal.accounts.models import User
from portal.accounts.roles import Visitor
from sharing.access import RELEASED_TO_FACTORY, Subject
from sharing.grants.ends import End
from sharing.grants.undo import watched_since
from sharing.models import AccessRecord, FirstUse, SharingGrant
from sharing.records.queries import not_used_yet
from sharing.terms import Status


class NoLongerSharedError(Http404, PermissionDenied):
    """What was about to be given to a brand was undone in the meantime: to a page, it is not there."""


def record_access(
    *,
    by: User,
    assessment: Subject,
    openings: Mapping[str, SharingGrant | None],
    action: str,
    copy_number: int | None = None,
    copy_format: str = "",
) -> list[AccessRecord]:
    """Write into who-saw-what what `by` saw of `assessment`: one row for each scope in `openings`.

    `openings` is what `sharing.access.openings` returned: the grant names the brand that they read for. Call it before
    anything is shown: it settles the grants, and raises as `settle` does.
    """
    rows = [
        AccessRecord(
            person=by,
            brand_id=grant.brand_id if grant else None,
            factory_id=assessment.factory_id,
            assessment_id=assessment.pk,
            cycle=assessment.cycle,
            version=assessment.version,
            scope=scope,
            action=action,
            copy_number=copy_number,
            copy_format=copy_format,
            is_before_release=assessment.state not in RELEASED_TO_FACTORY and assessment.published_at is None,
        )
        for scope, grant in openings.items()
    ]
    used = [grant for grant in openings.values() if grant is not None]
    if not _watched(used):
        return AccessRecord.objects.bulk_create(rows)
    with transaction.atomic():
        settle(used)
        return AccessRecord.objects.bulk_create(rows)


def settle(grants: Iterable[SharingGrant]) -> None:
    """Record that the brand gets something under these grants, if they could still be undone: now they cannot.

    Whatever gives a brand data of a grant, a file or its receipt calls this before it does. For a grant that nobody
    has used yet it takes the factory's lock, under which decisions are undone: either the undo finds the use, or this
    finds the undo. Raises `NoLongerSharedError` if one of the grants was undone since it was queried.
    """
    watched = {grant.pk: grant for grant in _watched(grants)}
    if not watched:
        return
    known = FirstUse.objects.filter(grant__in=watched).values_list("grant", flat=True)
    new = {key: grant for key, grant in watched.items() if key not in set(known)}
    if not new:
        return
    with transaction.atomic():
        lock_factories({grant.factory_id for grant in new.values()})
        if SharingGrant.objects.filter(pk__in=new, end_code=End.UNDONE).exists():
            raise NoLongerSharedError
        FirstUse.objects.bulk_create([FirstUse(grant=one) for one in new.values()], ignore_conflicts=True)


def _watched(grants: Iterable[SharingGrant]) -> list[SharingGrant]:
    since = watched_since(timezone.now())
    return [grant for grant in grants if grant.created_at > since]


def settle_listed(by: Visitor, factories: Collection[int] | None = None) -> set[UUID]:
    """Settle what a list just showed `by` of these factories; None: what the list left out says something, too.

    Return the keys of the grants settled by this, and of those that were undone lately: the list may have been queried
    before that, so whoever gets any that is new to them queries it again. A preview settles nothing.
    """
    if not isinstance(by, User):
        return set()
    grants = not_used_yet(by)
    found = list(grants if factories is None else grants.filter(factory__in=factories))
    shown = [one for one in found if one.status() is Status.LIVE]
    try:
        settle(shown)
    except NoLongerSharedError:
        return settle_listed(by, factories)
    return {one.pk for one in found if one in shown or one.end_code == End.UNDONE}
