"""Requests: a brand asks a factory for access, and the factory answers, or does not. Silence is never consent."""

import uuid
from datetime import date, datetime
from typing import Any

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brands.models import Brand, brand_keys
from factories.models import Factory, keys_inside
from portal.accounts.prepared import permitted_keys
from portal.accounts.roles import Visitor
from portal.core.days import last_day
from portal.core.triggers import columns_are_final
from sharing.codes.queries import short_code
from sharing.grants.ends import End
from sharing.grants.models import SharingGrant, SharingGrantQuerySet
from sharing.requests import states as request_states
from sharing.requests.states import Shown, State
from sharing.scopes import RULES, Scope
from sharing.terms import StatementTime, well_named


def is_open(path: str = "") -> Q:
    """Return the condition that a request is open: not answered, withdrawn or lapsed. `path` leads to it, with `__`.

    Whether its time has passed is asked of the database's clock at read time; the hourly job only records it. Code
    that has locked a request asks the same by its own clock: `AccessRequest.is_open_at`.
    """
    return Q((f"{path}state", State.OPEN), (f"{path}lapses_at__gt", StatementTime()))


def is_past_its_time() -> Q:
    """Return the condition that a request lapsed: its time has passed, though the hourly job has yet to record it."""
    return Q(state=State.OPEN, lapses_at__lte=StatementTime())


class AccessRequestQuerySet(QuerySet["AccessRequest"]):
    """Requests."""

    def open(self) -> "AccessRequestQuerySet":
        """Return those not answered, withdrawn or lapsed."""
        return self.filter(is_open())

    def past_their_time(self) -> "AccessRequestQuerySet":
        """Return those that nobody answered in their time, before the hourly job has closed them."""
        return self.filter(is_past_its_time())

    def undecided(self) -> "AccessRequestQuerySet":
        """Return the open ones without a yes that waits for the factory's second person: for the factory's side."""
        return self.open().exclude(Exists(self._waiting_grants()))

    def waiting(self) -> "AccessRequestQuerySet":
        """Return those undecided and not put off until later."""
        return self.undecided().filter(Q(snoozed_until=None) | Q(snoozed_until__lte=StatementTime()))

    def put_off(self) -> "AccessRequestQuerySet":
        """Return those undecided and put off until later."""
        return self.undecided().filter(snoozed_until__gt=StatementTime())

    def inside(self, user: Visitor) -> "AccessRequestQuerySet":
        """Return those to factories whose people or country's staff `user` is one of.

        That is all that `visible_to` shows of them.
        """
        return self.filter(factory__in=keys_inside(user))

    def visible_to(self, user: Visitor) -> "AccessRequestQuerySet":
        """Return the requests visible to `user`.

        The factory's people, its country's staff and the brand that asked see them; no other brand. A token sees the
        requests for data of its own scopes.
        """
        seen = Q(factory__in=keys_inside(user))
        for rule in RULES.values():
            seen |= Q(scopes__contains=[rule.scope], brand__in=brand_keys(user, rule.permission))
        return self.filter(seen)

    def decidable_by(self, user: Visitor) -> "AccessRequestQuerySet":
        """Return those to factories for which `user` decides."""
        return self.filter(factory__in=permitted_keys(user, "factory", "manage_sharing"))

    def for_reader(self, user: Visitor) -> "AccessRequestQuerySet":
        """Annotate each with `from_inside` (the reader is on the factory's side) and `shown_state` for the reader."""
        return self._shown(ExpressionWrapper(Q(factory__in=keys_inside(user)), output_field=BooleanField()))

    def for_brand(self) -> "AccessRequestQuerySet":
        """Annotate each with `shown_state` as the brand that asked sees it."""
        return self._shown(Value(value=False, output_field=BooleanField()))

    def _shown(self, inside: object) -> "AccessRequestQuerySet":
        """Annotate each with `from_inside` and `shown_state`.

        A brand does not see a yes that waits for a second person of the factory: it sees the request as it is stored.
        The factory sees such a request as unconfirmed, and as refused where the second person said no, but not where a
        manager declined after taking a yes back. Refusals from before there were codes of ends have none.
        """
        refused = self._grants().filter(needs_confirmation=True, confirmed_at=None, end_code__in=["", End.REFUSED])
        rows = self.annotate(from_inside=inside)  # type: ignore[no-redef] # declared by the model for those who read it
        return rows.annotate(  # type: ignore[no-redef]
            shown_state=Case(
                When(is_past_its_time(), then=Value(Shown.LAPSED)),
                When(Exists(self._waiting_grants()), from_inside=True, state=State.OPEN, then=Value(Shown.UNCONFIRMED)),
                When(Exists(refused), from_inside=True, state=State.DECLINED, then=Value(Shown.REFUSED)),
                default=F("state"),
                output_field=CharField(),
            )
        )

    def shown_as(self, state: str) -> "AccessRequestQuerySet":
        """Return those shown to the reader in this state, after `for_reader` or `for_brand`."""
        return self.filter(Q(("shown_state", state)))

    def shown_closed(self) -> "AccessRequestQuerySet":
        """Return those no longer shown to the reader as open, after `for_reader` or `for_brand`."""
        return self.exclude(Q(("shown_state", Shown.OPEN)))

    @staticmethod
    def _grants() -> SharingGrantQuerySet:
        return SharingGrant.objects.filter(answers__request=OuterRef("pk"))

    @classmethod
    def _waiting_grants(cls) -> SharingGrantQuerySet:
        return cls._grants().unconfirmed()


class AccessRequest(models.Model):
    """One brand's request to read some of one factory's data, for some cycles, until a day, for a purpose.

    What was asked never changes, and nothing is deleted: to ask for something else, withdraw it and ask again.
    """

    State = request_states.State

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    factory = models.ForeignKey(Factory, on_delete=models.PROTECT, related_name="requests")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="requests")
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices), verbose_name=_("what"))
    cycles = models.CharField(_("cycles"), max_length=5, choices=SharingGrant.Cycles.choices)
    cycle_numbers = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("cycle numbers"), default=list, blank=True
    )
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    purpose = models.CharField(_("purpose"), max_length=300)
    message = models.CharField(_("message"), max_length=2000, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    lapses_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    # "Later": the factory is not reminded before then. The brand does not learn of it.
    snoozed_until = models.DateTimeField(null=True, blank=True)
    remind_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decline_reason = models.CharField(max_length=300, blank=True)
    grants: Any = models.ManyToManyField(SharingGrant, through="RequestAnswer", related_name="requests")

    # For one reader, by `for_reader` and `for_brand`.
    from_inside: bool
    shown_state: str
    times_reopened: int  # by `queries.with_times_reopened`

    objects = AccessRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["factory", "brand"], condition=Q(state="open"), name="sharing_accessrequest_one_open"
            ),
            models.CheckConstraint(
                condition=Q(scopes__len__gte=1, scopes__contained_by=Scope.values), name="sharing_accessrequest_scopes"
            ),
            models.CheckConstraint(condition=well_named(), name="sharing_accessrequest_cycles"),
            models.CheckConstraint(condition=~Q(purpose=""), name="sharing_accessrequest_purpose"),
            models.CheckConstraint(condition=Q(lapses_at__gt=F("created_at")), name="sharing_accessrequest_period"),
            models.CheckConstraint(
                condition=Q(state="open", answered_at=None, answered_by=None)
                | Q(state="lapsed", answered_at__isnull=False, answered_by=None)
                | Q(
                    state__in=["approved", "declined", "withdrawn"],
                    answered_at__isnull=False,
                    answered_by__isnull=False,
                ),
                name="sharing_accessrequest_answer",
            ),
            models.CheckConstraint(
                condition=Q(decline_reason="") | Q(state="declined"), name="sharing_accessrequest_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["factory", "-created_at", "-id"], name="sharing_request_factory"),
            models.Index(fields=["brand", "-created_at", "-id"], name="sharing_request_brand"),
            models.Index(fields=["lapses_at"], name="sharing_request_lapses", condition=Q(state="open")),
            models.Index(fields=["remind_at"], name="sharing_request_remind", condition=Q(state="open")),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            columns_are_final(
                "facts_are_final",
                [
                    "factory_id",
                    "brand_id",
                    "scopes",
                    "cycles",
                    "cycle_numbers",
                    "expires_at",
                    "purpose",
                    "message",
                    "asked_by_id",
                    "created_at",
                    "lapses_at",
                ],
                "What was asked cannot change. Withdraw the request and ask again.",
            ),
            pgtrigger.Protect(
                name="answered_once",
                operation=pgtrigger.Update,
                # A factory's answer may be undone for ten minutes, and clocks differ: the request is open again.
                condition=pgtrigger.Condition(
                    "OLD.state <> 'open' AND NOT (OLD.state IN ('approved', 'declined') AND NEW.state = 'open'"
                    " AND OLD.answered_at > CURRENT_TIMESTAMP - interval '15 minutes')"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.pk}"

    def is_open_at(self, moment: datetime) -> bool:
        """Return whether it is open at a moment: `is_open`, for a request that is loaded."""
        return self.state == State.OPEN and self.lapses_at > moment

    def is_put_off_at(self, moment: datetime) -> bool:
        """Return whether it is put off at a moment: the rest of `put_off`, for an undecided request that is loaded."""
        return self.snoozed_until is not None and self.snoozed_until > moment

    @property
    def is_put_off(self) -> bool:
        """Whether it is put off now, as one that is open."""
        return self.state == State.OPEN and self.is_put_off_at(timezone.now())

    @property
    def scope_labels(self) -> list[str]:
        """The kinds of data asked for, in words."""
        return [str(Scope(scope).label) for scope in Scope.values if scope in self.scopes]

    @property
    def code(self) -> str:
        """The code that a manager types on another device to reach it."""
        return short_code(self.pk)

    def as_grant(self) -> SharingGrant:
        """Return the terms asked for as an unsaved grant, to put them in words."""
        return SharingGrant(cycles=self.cycles, cycle_numbers=self.cycle_numbers, expires_at=self.expires_at)

    def cycles_in_words(self) -> str:
        """Return the cycles asked for, as a person would say it."""
        return self.as_grant().cycles_in_words()

    @property
    def last_day(self) -> date | None:
        """The last day at the factory that is asked for; None: until the factory ends it."""
        return last_day(self.expires_at, self.factory) if self.expires_at else None

    @property
    def lapses_on(self) -> date | None:
        """The last day at the factory on which it can be answered."""
        return last_day(self.lapses_at, self.factory)


class RequestAnswer(models.Model):
    """A grant that answered a request: given for it, or one that covered it already."""

    request = models.ForeignKey(AccessRequest, on_delete=models.PROTECT, related_name="answers")
    grant = models.ForeignKey(SharingGrant, on_delete=models.PROTECT, related_name="answers")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "grant"], name="sharing_requestanswer_once"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.grant_id}"
