"""Grants: consent with a period.

A grant is a fact with a period, never deleted: "who could see what on 3 March" is one query on this table. Its
terms do not change: `change_grant` ends it and starts its successor.
"""

import uuid
from collections.abc import Collection
from datetime import date, datetime, timedelta

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Least
from django.utils import timezone
from django.utils.translation import gettext, ngettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from brands.models import Brand, brand_keys
from factories.models import Factory, keys_inside
from portal.accounts.roles import Visitor
from portal.core.days import exact_end_in_words, last_day, last_day_in_words
from portal.core.listing import listed
from portal.core.triggers import columns_are_final
from sharing import terms
from sharing.grants import ends
from sharing.scopes import RULES, Scope
from sharing.terms import StatementTime


class SharingGrantQuerySet(QuerySet["SharingGrant"]):
    """Grants."""

    def live(self, at: datetime | None = None) -> "SharingGrantQuerySet":
        """Return the grants in force at a moment: begun, confirmed where that is needed, not expired, not ended.

        Expiry is checked here, at read time.
        Without `at` the moment is when the statement runs, by the database's clock: a queryset built before a revoke
        and read after it opens nothing.
        """
        return self.filter(terms.in_force(at))

    def confirmed(self, at: datetime | None = None) -> "SharingGrantQuerySet":
        """Return the grants that were given: not those that a second person has yet to confirm."""
        return self.filter(terms.confirmed(at))

    def not_ended(self) -> "SharingGrantQuerySet":
        """Return the grants that are live, start later or wait to be confirmed."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=StatementTime()), ended_at=None)

    def unconfirmed(self) -> "SharingGrantQuerySet":
        """Return the grants that wait for the factory's second person and have not expired."""
        return self.not_ended().filter(needs_confirmation=True, confirmed_at=None)

    def ended(self) -> "SharingGrantQuerySet":
        """Return the grants that were ended or have expired, the latest first, with `ended_since`: when."""
        ended_since = Coalesce(Least("ended_at", "expires_at"), "ended_at", "expires_at")
        ended = self.filter(Q(ended_at__isnull=False) | Q(expires_at__lte=StatementTime()))
        return ended.annotate(ended_since=ended_since).order_by("-ended_since")

    def inside(self, user: Visitor) -> "SharingGrantQuerySet":
        """Return those of factories whose people or country's staff `user` is one of.

        That is all that `visible_to` shows of them.
        """
        return self.filter(factory__in=keys_inside(user))

    def visible_to(self, user: Visitor) -> "SharingGrantQuerySet":
        """Return the grants visible to `user`.

        A factory's people and its country's staff see its grants; a brand sees its own, and no other's. A grant that a
        second person of the factory has not confirmed does not exist yet for the brand, and one that was undone never
        did.
        """
        grants = Q(factory__in=keys_inside(user))
        for scope, rule in RULES.items():  # a token sees only the grants of its own scopes
            grants |= Q(terms.known_to_brand(), scope=scope, brand__in=brand_keys(user, rule.permission))
        return self.filter(grants)


class SharingGrant(models.Model):
    """One factory's consent that one brand reads one scope, for some cycles, for some time."""

    Cycles = terms.Cycles
    Status = terms.Status
    End = ends.End

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    factory = models.ForeignKey(Factory, on_delete=models.PROTECT, related_name="grants")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="grants")
    scope = models.CharField(_("what"), max_length=20, choices=Scope.choices)
    cycles = models.CharField(_("cycles"), max_length=5, choices=Cycles.choices, default=Cycles.ALL)
    # In order, each once; which of them there are for which `cycles` is in `sharing.terms`.
    cycle_numbers = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("cycle numbers"), default=list, blank=True
    )
    valid_from = models.DateTimeField(_("from"), default=timezone.now)
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    purpose = models.CharField(_("purpose"), max_length=300, blank=True)
    hold_days = models.PositiveSmallIntegerField(_("days each new report is held"), default=0)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="grants_given")
    # Paper consent recorded by staff: who signed, and the scan's name in private storage. Both or neither.
    granted_for = models.CharField(max_length=200, blank=True)
    consent_document = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # A factory may want a second person (a worker representative) to confirm before a grant takes effect.
    needs_confirmation = models.BooleanField(default=False, db_default=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="grants_confirmed"
    )
    # The grant that the brand has until this one replaces it: always one that was given. The brand sees it.
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    # The grant decided before it, given or only proposed: visible to the factory's side alone.
    follows = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="followed_by")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="grants_ended"
    )
    end_code = models.CharField(max_length=10, choices=End.choices, blank=True, default="", db_default="")
    end_reason = models.CharField(max_length=300, blank=True)
    is_end_reason_shown = models.BooleanField(default=False, db_default=False)  # to the brand

    objects = SharingGrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["factory", "brand", "scope"],
                condition=Q(ended_at=None) & (Q(needs_confirmation=False) | Q(confirmed_at__isnull=False)),
                name="sharing_grant_one_open",
            ),
            models.UniqueConstraint(
                fields=["factory", "brand", "scope"],
                condition=Q(ended_at=None, needs_confirmation=True, confirmed_at=None),
                name="sharing_grant_one_proposed",
            ),
            models.CheckConstraint(condition=Q(scope__in=Scope.values), name="sharing_grant_scope"),
            models.CheckConstraint(condition=terms.well_named(), name="sharing_grant_cycles"),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("valid_from")), name="sharing_grant_period"
            ),
            models.CheckConstraint(condition=Q(hold_days__lte=365), name="sharing_grant_hold"),
            models.CheckConstraint(
                condition=Q(granted_for="", consent_document="") | (~Q(granted_for="") & ~Q(consent_document="")),
                name="sharing_grant_paper",
            ),
            models.CheckConstraint(
                # Grants that ended before there were codes have none.
                condition=Q(ended_at=None, end_code="", end_reason="", ended_by=None)
                | Q(ended_at__gte=F("created_at")),
                name="sharing_grant_end",
            ),
            models.CheckConstraint(condition=Q(end_code__in=["", *ends.End.values]), name="sharing_grant_end_code"),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | Q(needs_confirmation=True, confirmed_at__gte=F("created_at"), confirmed_by__isnull=False),
                name="sharing_grant_confirmed",
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "factory", "scope"], name="sharing_grant_brand", condition=Q(ended_at=None)),
            models.Index(fields=["factory", "-created_at"], name="sharing_grant_factory"),
            models.Index(
                fields=["brand", "expires_at"],
                name="sharing_grant_ending",
                condition=Q(ended_at=None, expires_at__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            # Only the end of a grant may be written, and only once.
            columns_are_final(
                "terms_are_final",
                [
                    "factory_id",
                    "brand_id",
                    "scope",
                    "cycles",
                    "cycle_numbers",
                    "valid_from",
                    "expires_at",
                    "purpose",
                    "hold_days",
                    "granted_by_id",
                    "granted_for",
                    "consent_document",
                    "created_at",
                    "replaces_id",
                    "follows_id",
                    "needs_confirmation",
                ],
                "The terms of a grant cannot change. End it and start another.",
            ),
            columns_are_final(
                "confirmed_once",
                ["confirmed_at", "confirmed_by_id"],
                "A grant is confirmed once.",
                condition=pgtrigger.Q(old__confirmed_at__isnull=False),
            ),
            pgtrigger.Protect(
                name="ended_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__ended_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.pk}"

    @property
    def last_day(self) -> date | None:
        """The last day, whole or part, at the factory on which the grant opens anything; None: until it is ended."""
        return last_day(self.expires_at, self.factory) if self.expires_at else None

    @property
    def starts_at(self) -> datetime:
        """The moment from which it opens anything: its `valid_from`, or its confirmation where that came later."""
        return terms.starts_at(self)

    @property
    def ends_at(self) -> datetime | None:
        """The moment from which it opens nothing: when it was ended or expires; None: not known yet."""
        return min((moment for moment in (self.ended_at, self.expires_at) if moment), default=None)

    @property
    def ended_on(self) -> date | None:
        """The last day, whole or part, at the factory on which it opened anything; None: not known yet."""
        return last_day(self.ends_at, self.factory)

    def last_day_in_words(self) -> str:
        """Return the last day of its period as every page names it; empty: no end date."""
        return last_day_in_words(self.expires_at, self.factory)

    def until_in_words(self) -> str:
        """Return when it ends, for a record of who could see something at a moment; empty: no end."""
        return exact_end_in_words(self.ends_at, self.factory)

    def cycles_in_words(self) -> str:
        """Return the covered cycles, as a person would say it."""
        words = {
            self.Cycles.ALL: gettext("All cycles, including future ones"),
            self.Cycles.FROM: gettext("From cycle %(cycle)s on"),
            self.Cycles.ONLY: ngettext("Cycle %(cycle)s only", "Cycles %(cycle)s only", len(self.cycle_numbers)),
        }
        return words[self.Cycles(self.cycles)] % {"cycle": listed(self.cycle_numbers)}

    def hold_in_short(self) -> str:
        """Return the hold in words, for a cell of a table."""
        words = ngettext_lazy("New reports are held for %(days)s day", "New reports are held for %(days)s days", "days")
        return str(words % {"days": self.hold_days})

    def hold_in_words(self, published: Collection[int]) -> str:
        """Return when later reports open, as a person would say it: which reports, and after how many days.

        `published` are the cycles whose report is out; empty if the grant is about no others.
        """
        is_list = self.cycles == self.Cycles.ONLY
        named = [cycle for cycle in self.cycle_numbers if not (is_list and cycle in published)]
        if is_list and not named:
            return ""
        words = _held_in_words(self.hold_days, len(named)) if self.hold_days else _not_held_in_words(len(named))
        return words[self.Cycles(self.cycles)] % {"cycle": listed(named), "days": self.hold_days}

    @property
    def ends_before_anything_new(self) -> bool:
        """Whether it expires before a report that is published from now on would open."""
        begins = max(timezone.now(), self.valid_from)
        return self.expires_at is not None and self.expires_at <= begins + timedelta(days=self.hold_days)

    @property
    def ended_by_expiry(self) -> bool:
        """Whether it expired before anybody ended it."""
        return self.expires_at is not None and (self.ended_at is None or self.expires_at <= self.ended_at)

    @property
    def is_confirmed(self) -> bool:
        """Whether the brand ever knew of it: not while a second person has yet to confirm it."""
        return terms.is_confirmed(self)

    @property
    def has_begun(self) -> bool:
        """Whether the brand could ever use it."""
        return self.is_confirmed and self.valid_from <= (self.ended_at or timezone.now())

    @property
    def known_before(self) -> "SharingGrant | None":
        """The grant that it replaces in the eyes of the brand: not one that was undone, but the one before that."""
        before = self.replaces
        return before.replaces if before is not None and before.end_code == self.End.UNDONE else before

    def end_in_words(self) -> str:
        """Return why it ended, for those who may know: what the code says, and what a person wrote."""
        return ends.end_in_words(self.end_code, self.end_reason)

    def replaced_grant(self) -> "SharingGrant | None":
        """Return the grant that this one would replace; None if that was ended."""
        before = self.replaces
        return before if before is not None and before.ended_at is None else None

    @property
    def is_over(self) -> bool:
        """Whether it has ended or expired."""
        return self.status() in {terms.Status.ENDED, terms.Status.EXPIRED}

    def status(self) -> terms.Status:
        """Return its status now."""
        return terms.status(self, timezone.now())


def _not_held_in_words(count: int) -> dict[terms.Cycles, str]:
    """Return how reports open without a hold, for each choice of cycles, of which `count` are named."""
    of_one = gettext("This brand can see the report of cycle %(cycle)s as soon as it is published.")
    of_several = gettext("This brand can see each of the reports of cycles %(cycle)s as soon as it is published.")
    return {
        terms.Cycles.ALL: gettext("This brand can see each new report as soon as it is published."),
        terms.Cycles.FROM: gettext(
            "From cycle %(cycle)s on, this brand can see each new report as soon as it is published."
        ),
        terms.Cycles.ONLY: of_one if count == 1 else of_several,
    }


def _held_in_words(days: int, count: int) -> dict[terms.Cycles, str]:
    """Return how reports open that are held for some days, for each choice of cycles, of which `count` are named."""
    of_one = ngettext(
        "%(days)s day after publication this brand can see the report of cycle %(cycle)s unless the factory holds it.",
        "%(days)s days after publication this brand can see the report of cycle %(cycle)s unless the factory holds it.",
        days,
    )
    of_several = ngettext(
        "%(days)s day after publication this brand can see each of the reports of cycles %(cycle)s unless the factory "
        "holds it.",
        "%(days)s days after publication this brand can see each of the reports of cycles %(cycle)s unless the factory "
        "holds it.",
        days,
    )
    return {
        terms.Cycles.ALL: ngettext(
            "This brand can see each new report %(days)s day after publication unless the factory holds it.",
            "This brand can see each new report %(days)s days after publication unless the factory holds it.",
            days,
        ),
        terms.Cycles.FROM: ngettext(
            "From cycle %(cycle)s on, this brand can see each new report %(days)s day after publication unless the "
            "factory holds it.",
            "From cycle %(cycle)s on, this brand can see each new report %(days)s days after publication unless the "
            "factory holds it.",
            days,
        ),
        terms.Cycles.ONLY: of_one if count == 1 else of_several,
    }
