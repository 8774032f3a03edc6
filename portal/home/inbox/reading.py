"""What the inbox of a factory is made of, asked of the gates: at most eight statements, whatever waits there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import (
    BigIntegerField,
    BooleanField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.utils import timezone

from assessments.models import Assessment, CorrectionNotice
from brands.models import Brand
from factories.models import Factory, Handover, with_managers
from factories.role_names import FactoryRoleName
from portal.accounts.models import Invitation
from portal.accounts.prepared import Prepared, permitted_keys
from portal.accounts.roles import Visitor
from portal.accounts.sides import Side
from portal.core.compiled import AnyField, Key
from portal.disclosure.openings import SoonOpen, opening_soon
from portal.disclosure.previews import reports_of
from portal.home.inbox.rows import NEWS
from portal.home.todos import SOON, ending
from sharing.copies.models import DestroyNoticeQuerySet, waiting_for_an_answer
from sharing.grants.models import SharingGrantQuerySet
from sharing.models import AccessRequest, ConfirmationEnd, DestroyNotice, SharingGrant
from sharing.terms import StatementTime


@dataclass(frozen=True)
class Grant:
    """A grant in the inbox. `is_ending`: it ends soon. `asked_until`: when the open request that it answers lapses."""

    grant: SharingGrant
    is_ending: bool
    asked_until: datetime | None


@dataclass(frozen=True)
class Unacknowledged:
    """A notice that a brand has not acknowledged: what it read of a cycle was corrected, or withdrawn."""

    brand: Brand
    cycle: int
    is_withdrawn: bool


@dataclass(frozen=True)
class Desk:
    """One factory as one of its people finds it: what they may do there, and what the inbox is made of.

    `handover`: the one under way, if the reader may object to it; `objections_until`: the end of the time to do so.
    `waiver`: the open request to stop confirmation by a second person, and `waiver_by`: who asked.
    """

    user: Visitor
    factory: Factory
    may_decide: bool
    may_confirm: bool
    may_edit: bool
    has_one_manager: bool
    invited_manager: str | None
    handover: UUID | None
    objections_until: datetime | None
    waiver: int | None
    waiver_by: int | None
    requests: list[AccessRequest]
    grants: list[Grant]
    reports: list[Assessment]
    openings: list[SoonOpen]
    unacknowledged: list[Unacknowledged]
    notices: list[DestroyNotice]


def _held(user: Visitor, codename: str) -> "ExpressionWrapper[Q]":
    return ExpressionWrapper(Q(pk__in=permitted_keys(user, "factory", codename)), output_field=BooleanField())


def _invited_managers(user: Visitor, factory: Key) -> "QuerySet[Invitation]":
    """Return the open invitations of further managers, the last one first, where the reader manages members."""
    managed = Factory.objects.where(user, "manage_members").filter(pk=factory)
    further = Invitation.objects.filter(kind=Side.FACTORY, role=FactoryRoleName.MANAGER, leaving=None)
    unanswered = further.filter(accepted_at=None, withdrawn_at=None, organisation_id__in=managed.values("pk"))
    return unanswered.filter(expires_at__gt=StatementTime()).order_by("-created_at")


def _own_factory(user: Visitor, factory: Key) -> "QuerySet[Factory, Factory]":
    """Return the factory with what the reader may do there, and what waits that concerns all of it.

    The key is in each subquery: by the outer row, PostgreSQL would list all factories that the reader is inside of.
    """
    handover = Handover.objects.visible_to(user).open().filter(factory=factory)
    waiver = ConfirmationEnd.objects.visible_to(user).open().filter(factory=factory)
    alone = with_managers(Factory.objects.where(user, "manage_members").filter(pk=factory), 1)
    rows = Factory.objects.visible_to(user).filter(pk=factory).select_related("programme")
    return rows.annotate(
        may_decide=_held(user, "manage_sharing"),
        may_confirm=_held(user, "confirm_sharing"),
        may_edit=_held(user, "edit_profile"),
        has_one_manager=Exists(alone),
        invited_manager=Subquery(_invited_managers(user, factory).values("email")[:1]),
        handover=Subquery(handover.values("pk")[:1]),
        objections_until=Subquery(handover.values("objections_until")[:1]),
        waiver=Subquery(waiver.values("pk")[:1]),
        waiver_by=Subquery(waiver.values("asked_by")[:1]),
    )


def _waiting_requests(user: Visitor, factory: Key) -> QuerySet[AccessRequest]:
    waiting = AccessRequest.objects.inside(user).waiting().filter(factory=factory)
    return waiting.select_related("brand").order_by("lapses_at", "pk")


def _recent_grants(user: Visitor, factory: Key, since: object) -> SharingGrantQuerySet:
    """Return the grants that have not ended, and those that ended since a moment."""
    grants = SharingGrant.objects.inside(user).filter(factory=factory)
    asked = AccessRequest.objects.inside(user).open().filter(grants=OuterRef("pk")).order_by("lapses_at")
    recent = grants.filter(
        Q(ended_at=None) | Q(ended_at__gt=since), Q(expires_at=None) | Q(expires_at__gt=since)
    ).annotate(
        is_ending=ExpressionWrapper(Q(pk__in=ending(grants).order_by().values("pk")), output_field=BooleanField()),
        asked_until=Subquery(asked.values("lapses_at")[:1]),
    )
    return recent.select_related("brand").order_by("created_at", "pk")


def _unacknowledged_notices(user: Visitor, factory: Key) -> QuerySet[CorrectionNotice]:
    rows = CorrectionNotice.objects.inside(user).filter(assessment__factory=factory, acknowledged_at=None)
    return rows.select_related("brand", "assessment").order_by("created_at", "pk")


def _recent_destroy_notices(user: Visitor, factory: Key, since: object) -> DestroyNoticeQuerySet:
    rows = DestroyNotice.objects.inside(user).filter(
        waiting_for_an_answer() | Q(answered_at__gt=since), factory=factory
    )
    return rows.with_counts().select_related("brand").order_by("created_at", "pk")


FACTORY: AnyField = BigIntegerField()
SINCE: AnyField = DateTimeField()
_factory: Prepared[Factory, Factory] = Prepared(_own_factory, factory=FACTORY)
_requests: Prepared[AccessRequest, AccessRequest] = Prepared(_waiting_requests, factory=FACTORY)
_grants: Prepared[SharingGrant, SharingGrant] = Prepared(_recent_grants, factory=FACTORY, since=SINCE)
_notices: Prepared[CorrectionNotice, CorrectionNotice] = Prepared(_unacknowledged_notices, factory=FACTORY)
_copies: Prepared[DestroyNotice, DestroyNotice] = Prepared(_recent_destroy_notices, factory=FACTORY, since=SINCE)


def desks(user: Visitor, factories: Iterable[int]) -> list[Desk]:
    """Return the desk of `user` in each factory, by its key. None for a role that was just lost."""
    return [_desk(user, found) for key in factories for found in _factory(user, factory=key)]


def _desk(user: Visitor, found: Any) -> Desk:
    since, here = timezone.now() - NEWS, {"factory": found.pk}
    rows: list[Any] = _grants(user, since=since, **here)
    reports = reports_of(user, found)
    soon = opening_soon(factory=found, grants=rows, reports=reports, until=timezone.now() + SOON)
    facts = ("may_decide", "may_confirm", "may_edit", "has_one_manager", "invited_manager")
    waiting = ("handover", "objections_until", "waiver", "waiver_by")
    return Desk(
        user=user,
        factory=found,
        **{name: getattr(found, name) for name in (*facts, *waiting)},
        requests=_requests(user, **here),
        grants=[Grant(row, row.is_ending, row.asked_until) for row in rows],
        reports=reports,
        openings=soon,
        unacknowledged=[
            Unacknowledged(row.brand, row.assessment.cycle, row.successor_id is None) for row in _notices(user, **here)
        ],
        notices=_copies(user, since=since, **here),
    )
