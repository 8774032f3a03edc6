"""Which grants and which log lines a person may see."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Least

from brands.querysets import brand_keys, own_brand_keys
from factories.querysets import factory_keys, keys_inside
from portal.accounts.roles import Visitor
from portal.accounts.worded import keys_held
from sharing import terms
from sharing.requests.states import State
from sharing.scopes import RULES
from sharing.terms import StatementTime

if TYPE_CHECKING:
    from sharing.models import (  # noqa: F401 - named in the bases below
        AccessRecord,
        ConfirmationEnd,
        CopyToDestroy,
        DestroyNotice,
        PaperConsent,
        Receipt,
        SharingGrant,
        Subscription,
        WithheldReport,
    )


class SharingGrantQuerySet(QuerySet["SharingGrant"]):
    """Grants."""

    def live(self, at: datetime | None = None) -> "SharingGrantQuerySet":
        """Grants in force at a moment: begun, confirmed where that is needed, not expired, not ended.

        Expiry is honoured here, at read time.

        Without a moment it is the moment the statement runs, by the database's clock: a queryset built before a
        revoke and read after it opens nothing.
        """
        return self.filter(terms.in_force(at))

    def given(self, at: datetime | None = None) -> "SharingGrantQuerySet":
        """Those that the brand knows of: what a second person of the factory has yet to confirm is not yet a grant."""
        return self.filter(terms.given(at))

    def not_over(self) -> "SharingGrantQuerySet":
        """Grants that are live, start later or wait to be confirmed."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=StatementTime()), ended_at=None)

    def unconfirmed(self) -> "SharingGrantQuerySet":
        """Grants that wait for the factory's second person; their period is not over."""
        return self.not_over().filter(needs_confirmation=True, confirmed_at=None)

    def dropped(self) -> "SharingGrantQuerySet":
        """Grants that wait for the factory's second person though nobody asks for them any more (`with_requests`)."""
        waiting = self.filter(needs_confirmation=True, confirmed_at=None, ended_at=None)
        return waiting.with_requests().filter(Q(("is_asked_for", True), ("is_still_asked_for", False)))

    def with_requests(self) -> "SharingGrantQuerySet":
        """Each grant with `is_asked_for`: it is to answer a request, and `is_still_asked_for`.

        That is one which is open, or was answered with a yes when another grant of it was confirmed.
        """
        answers = apps.get_model("sharing", "RequestAnswer")._default_manager.filter(grant=OuterRef("pk"))
        is_open = Q(request__state=State.OPEN, request__lapses_at__gt=StatementTime())
        wanted = answers.filter(is_open | Q(request__state=State.APPROVED))
        return self.annotate(is_asked_for=Exists(answers), is_still_asked_for=Exists(wanted))

    def over(self) -> "SharingGrantQuerySet":
        """Grants that were ended or ran out, the last one first, with `over_since`: when."""
        over_since = Coalesce(Least("ended_at", "expires_at"), "ended_at", "expires_at")
        over = self.filter(Q(ended_at__isnull=False) | Q(expires_at__lte=StatementTime()))
        return over.annotate(over_since=over_since).order_by("-over_since")

    def with_last_viewed(self) -> "SharingGrantQuerySet":
        """Each grant with `last_viewed`: when the brand last saw what this grant's scope opens of the factory."""
        records = apps.get_model("sharing", "AccessRecord")._default_manager.filter(
            factory=OuterRef("factory"), brand=OuterRef("brand"), scope=OuterRef("scope")
        )
        return self.annotate(last_viewed=Subquery(records.order_by("-at").values("at")[:1]))

    def with_receipt(self) -> "SharingGrantQuerySet":
        """Each grant with `receipt`: the number of its newest receipt (None: it is older than receipts)."""
        receipts = apps.get_model("sharing", "Receipt")._default_manager.filter(grant=OuterRef("pk"))
        return self.annotate(receipt=Subquery(receipts.order_by("-pk").values("number")[:1]))

    def with_newest_receipt(self) -> "SharingGrantQuerySet":
        """Each grant with `newest_receipt` and `newest_receipt_at`: what the next receipt names as the one before."""
        receipts = apps.get_model("sharing", "Receipt")._default_manager.filter(grant=OuterRef("pk")).order_by("-pk")
        return self.annotate(
            newest_receipt=Subquery(receipts.values("number")[:1]),
            newest_receipt_at=Subquery(receipts.values("issued_at")[:1]),
        )

    def inside(self, user: Visitor) -> "SharingGrantQuerySet":
        """Those of factories whose people or country's staff `user` is one of: all that `visible_to` shows of them."""
        return self.filter(factory__in=keys_inside(user))

    def visible_to(self, user: Visitor) -> "SharingGrantQuerySet":
        """A factory's people and its country's staff see its grants; a brand sees its own, and no other's.

        What a second person of the factory has not confirmed is not yet a grant to the brand.
        """
        grants = Q(factory__in=keys_inside(user))
        for scope, rule in RULES.items():  # a token sees the grants of its own scopes
            grants |= Q(terms.given(), scope=scope, brand__in=brand_keys(user, rule.permission))
        return self.filter(grants)


class WithheldReportQuerySet(QuerySet["WithheldReport"]):
    """Reports that a factory keeps back from a brand."""

    def in_force(self, at: datetime | None = None) -> "WithheldReportQuerySet":
        """Those kept back at a moment; without one now, whatever two clocks say of when it began."""
        if at is None:
            return self.filter(released_at=None)
        return self.filter(Q(released_at=None) | Q(released_at__gt=at), withheld_at__lte=at)

    def visible_to(self, user: Visitor) -> "WithheldReportQuerySet":
        """A factory's people and its country's staff; to a brand it is as if the report were not there."""
        return self.filter(factory__in=keys_inside(user))


class SubscriptionQuerySet(QuerySet["Subscription"]):
    """What participants bought."""

    def in_force(self, at: datetime | None = None) -> "SubscriptionQuerySet":
        """Those recorded and not withdrawn at a moment; without one now, whatever two clocks say of their recording."""
        if at is None:
            return self.filter(ended_at=None)
        return self.filter(Q(ended_at=None) | Q(ended_at__gt=at), recorded_at__lte=at)

    def of_country(self, user: Visitor) -> "SubscriptionQuerySet":
        """Those that `user` records for a country: its staff who enrol factories."""
        return self.filter(factory__in=factory_keys(user, "manage_enrolment"))

    def visible_to(self, user: Visitor) -> "SubscriptionQuerySet":
        """The country's staff who record them, and the brand its own. No factory, and no other brand."""
        return self.of_country(user) | self.filter(brand__in=own_brand_keys(user))


class PaperConsentQuerySet(QuerySet["PaperConsent"]):
    """Signed forms."""

    def visible_to(self, user: Visitor) -> "PaperConsentQuerySet":
        """A factory's people and its country's staff; a brand has no business with the factory's papers."""
        return self.filter(factory__in=keys_inside(user))


class AccessRecordQuerySet(QuerySet["AccessRecord"]):
    """Who saw what."""

    def with_own_people(self) -> "AccessRecordQuerySet":
        """Each line with `is_own`: the reader belongs to the factory itself today."""
        roles = apps.get_model("factories", "FactoryRole")._default_manager.exclude(role="advisor")
        own = roles.filter(organisation=OuterRef("factory"), group__user=OuterRef("person"))
        return self.annotate(is_own=Exists(own))

    def visible_to(self, user: Visitor) -> "AccessRecordQuerySet":
        """A country's staff see all that was done with its factories' data; a factory's people their own.

        What staff read before it was released to the factory stays hidden from the factory: it would tell of an
        assessment that has not been announced (R47). A brand's people see what their own brand read, also after the
        sharing has ended, and no other line (invariant 3).
        """
        own = keys_held(user, "factory", "view_data")
        country = factory_keys(user, "view_assessments")
        lines = Q(factory__in=own, is_before_release=False) | Q(factory__in=country)
        for scope, rule in RULES.items():  # a token sees the lines of its own scopes
            lines |= Q(scope=scope, brand__in=brand_keys(user, rule.permission))
        return self.filter(lines)

    def read_for(self, whom: str) -> "AccessRecordQuerySet":
        """The lines of a brand (its id), of the factory's own people ("own") or of the programme's staff ("staff")."""
        if whom in {"own", "staff"}:
            return self.with_own_people().filter(Q(("is_own", whom == "own")), brand=None)
        return self.filter(brand=int(whom))


class ReceiptQuerySet(QuerySet["Receipt"]):
    """Receipts."""

    def visible_to(self, user: Visitor) -> "ReceiptQuerySet":
        """Those of the grants that `user` sees: a factory's people and its staff all of its own, a brand its own.

        Both sides keep theirs when the sharing is over.
        """
        grants = apps.get_model("sharing", "SharingGrant")._default_manager.all()
        return self.filter(grant__in=grants.visible_to(user).values("pk"))


class DestroyNoticeQuerySet(QuerySet["DestroyNotice"]):
    """What factories ask brands to destroy."""

    def visible_to(self, user: Visitor) -> "DestroyNoticeQuerySet":
        """The factory's people and its country's staff; the people (not the programs) of the brand it asks."""
        return self.inside(user) | self.asked_of(user)

    def inside(self, user: Visitor) -> "DestroyNoticeQuerySet":
        """Those of factories whose people or country's staff `user` is one of."""
        return self.filter(factory__in=keys_inside(user))

    def asked_of(self, user: Visitor) -> "DestroyNoticeQuerySet":
        """Those that `user` may answer: their brand's."""
        if getattr(user, "is_integration", False):
            return self.none()
        return self.filter(brand__in=own_brand_keys(user))

    def open(self) -> "DestroyNoticeQuerySet":
        """Those that were not answered."""
        return self.filter(answered_at=None)

    def with_counts(self) -> "DestroyNoticeQuerySet":
        """Each with `copy_count`, `destroyed_count` and `kept_count`."""
        return self.annotate(
            copy_count=Count("copies"),
            destroyed_count=Count("copies", filter=Q(copies__answer="destroyed")),
            kept_count=Count("copies", filter=Q(copies__answer="kept")),
        )


class CopyToDestroyQuerySet(QuerySet["CopyToDestroy"]):
    """The copies in destroy notices."""

    def settled(self) -> "CopyToDestroyQuerySet":
        """Those that need not be asked for again: destroyed, or in a notice that still waits for its answer."""
        return self.filter(Q(answer="destroyed") | Q(notice__answered_at=None))


class ConfirmationEndQuerySet(QuerySet["ConfirmationEnd"]):
    """Wishes that no second person confirms any more."""

    def visible_to(self, user: Visitor) -> "ConfirmationEndQuerySet":
        """The factory's people and its country's staff."""
        return self.filter(factory__in=keys_inside(user))

    def open(self) -> "ConfirmationEndQuerySet":
        """Those that wait for an answer."""
        return self.filter(answered_at=None)
