"""The reasons why a scope of an assessment is open or not, in words, for `sharing.access`, which alone decides.

The factory and its country's staff get the exact reason. A brand learns about its own consent only: it is the
factory's business whether a report that the brand cannot read is unpublished, held for some days, withheld or
withdrawn, so the brand gets one sentence for all of these.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from brands.models import Brand
from portal.core.days import in_words, last_day_in_words
from sharing import terms
from sharing.models import SharingGrant, WithheldReport


class Reason(StrEnum):
    """The reason why somebody may or may not read a scope of a report: the code beside the sentence."""

    OWN_FACTORY = "own_factory"
    STAFF = "staff"
    GRANT = "grant"
    NO_ROLE = "no_role"
    NO_GRANT = "no_grant"
    CLOSED = "closed"
    ENDED = "ended"
    EXPIRED = "expired"
    UNCONFIRMED = "unconfirmed"
    WAITING = "waiting"
    CYCLE = "cycle"
    SUBSCRIPTION = "subscription"
    NOT_PUBLISHED = "not_published"
    WITHDRAWN = "withdrawn"
    WITHHELD = "withheld"
    HOLD = "hold"
    REPLACED = "replaced"
    NOT_OPEN = "not_open"
    NOT_SIGNED_IN = "not_signed_in"


NOT_FOR_BRANDS = frozenset({Reason.NOT_PUBLISHED, Reason.WITHDRAWN, Reason.WITHHELD, Reason.HOLD, Reason.REPLACED})


@dataclass(frozen=True)
class Decision:
    """The answer: allowed or not, through which side, by which grant, and why, as a code and in a sentence."""

    allowed: bool
    reason: Reason
    sentence: str
    grant: SharingGrant | None = None

    def __bool__(self) -> bool:
        return self.allowed


def granted(grant: SharingGrant) -> Decision:
    """Return the decision that this grant allows it; the grant is loaded with its factory and brand."""
    if grant.expires_at is None:
        sentence = _("%(factory)s has shared this with %(brand)s since %(since)s.")
    else:
        sentence = _("%(factory)s shares this with %(brand)s from %(since)s until %(until)s.")
    return Decision(True, Reason.GRANT, sentence % words(grant), grant)


def words(grant: SharingGrant) -> dict[str, str]:
    """Return the facts about a grant that sentences name."""
    return {
        "factory": grant.factory.name,
        "brand": grant.brand.name,
        "since": in_words(grant.starts_at, grant.factory),
        "until": last_day_in_words(grant.expires_at, grant.factory),
        "ended": in_words(grant.ended_at, grant.factory),
        "cycles": str(grant.cycles_in_words()),
    }


def newest_grant(
    grants: QuerySet[SharingGrant], scope: str, brands: Sequence[Brand], at: datetime | None
) -> SharingGrant | None:
    """Return the grant that says most about these brands at a moment: an open one, else the newest of the past ones."""
    moment = at or timezone.now()
    over = ExpressionWrapper(Q(ended_at__isnull=False) & Q(ended_at__lte=moment), output_field=BooleanField())
    known = grants.filter(scope=scope, brand__in=brands, created_at__lte=moment).alias(over=over)
    return known.select_related("factory", "brand").order_by("over", "-created_at", "pk").first()


def missing_in_grant(grant: SharingGrant, cycle: int, at: datetime | None) -> Decision | None:
    """Return what this grant lacks to open a cycle at a moment: its period, its confirmation, its cycles. Or None."""
    moment = at or timezone.now()
    named = words(grant)
    if grant.ended_at is not None and grant.ended_at <= moment:
        sentence = _("%(factory)s ended the access of %(brand)s on %(ended)s.") % named
        if grant.is_end_reason_shown and grant.end_reason:
            sentence += " " + _("The reason given: %s") % grant.end_reason
        return Decision(False, Reason.ENDED, sentence, grant)
    if grant.expires_at is not None and grant.expires_at <= moment:
        sentence = _("%(factory)s shared this with %(brand)s until %(until)s; that period has ended.")
        return Decision(False, Reason.EXPIRED, sentence % named, grant)
    if grant.needs_confirmation and (grant.confirmed_at is None or grant.confirmed_at > moment):
        sentence = _("Access for %(brand)s takes effect once a second person at %(factory)s confirms it.")
        return Decision(False, Reason.UNCONFIRMED, sentence % named, grant)
    if grant.valid_from > moment:
        return Decision(
            False, Reason.WAITING, _("%(factory)s shares this with %(brand)s starting on %(since)s.") % named, grant
        )
    if not terms.covers(grant, cycle):
        sentence = _("%(factory)s does not share cycle %(cycle)s with %(brand)s; it shares: %(cycles)s.")
        return Decision(False, Reason.CYCLE, sentence % {**named, "cycle": cycle}, grant)
    return None


def missing_subscription(grant: SharingGrant, cycle: int) -> Decision:
    """Return the refusal for a valid grant where the country also asks participants for a subscription (R6)."""
    sentence = _("%(brand)s needs a subscription for this factory and cycle %(cycle)s.")
    return Decision(False, Reason.SUBSCRIPTION, sentence % {**words(grant), "cycle": cycle}, grant)


def not_out(grant: SharingGrant, cycle: int, withdrawn_at: datetime | None) -> Decision:
    """Return the refusal where there is no published report, or no longer one."""
    if withdrawn_at is None:
        return Decision(False, Reason.NOT_PUBLISHED, _("No report of cycle %s is published.") % cycle, grant)
    sentence = _("The report of cycle %(cycle)s was withdrawn on %(day)s.")
    day = in_words(withdrawn_at, grant.factory)
    return Decision(False, Reason.WITHDRAWN, sentence % {"cycle": cycle, "day": day}, grant)


def withheld(grant: SharingGrant, cycle: int, first_published_at: datetime, at: datetime | None) -> Decision | None:
    """Return the refusal for a published report that the factory withholds or holds for some days, or None."""
    kept = WithheldReport.objects.in_force(at).filter(factory=grant.factory_id, brand=grant.brand_id, cycle=cycle)
    named = {**words(grant), "cycle": cycle}
    if kept.exists():
        sentence = _("%(factory)s holds the report of cycle %(cycle)s: %(brand)s cannot see it.")
        return Decision(False, Reason.WITHHELD, sentence % named, grant)
    opens = terms.opens_at(grant, first_published_at)
    if opens <= (at or timezone.now()):
        return None
    sentence = ngettext(
        "%(factory)s holds each new report for %(days)s day: %(brand)s can see this one from %(opens)s.",
        "%(factory)s holds each new report for %(days)s days: %(brand)s can see this one from %(opens)s.",
        grant.hold_days,
    )
    named |= {"days": grant.hold_days, "opens": in_words(opens, grant.factory)}
    return Decision(False, Reason.HOLD, sentence % named, grant)


def replaced(grant: SharingGrant, cycle: int, version: int) -> Decision:
    """Return the refusal for a version of an open report that was replaced before it opened to the brand (R51)."""
    sentence = _(
        "Version %(version)s of cycle %(cycle)s was replaced before %(brand)s had access. "
        "%(brand)s can read the version that replaced it."
    )
    return Decision(False, Reason.REPLACED, sentence % {**words(grant), "cycle": cycle, "version": version}, grant)


def no_grant(factory: object, brands: Sequence[Brand]) -> Decision:
    """Return the refusal where nobody of the factory ever shared this scope with these brands."""
    if len(brands) > 1:
        return Decision(False, Reason.NO_GRANT, _("%s has not shared this with any of these brands.") % factory)
    sentence = _("%(factory)s has not granted %(brand)s access to this.")
    return Decision(False, Reason.NO_GRANT, sentence % {"factory": factory, "brand": brands[0]})


def closed(brand: Brand) -> Decision:
    """Return the refusal for a brand that is not active: it reads nothing, whatever was granted to it."""
    return Decision(False, Reason.CLOSED, _("%s is not active on the portal.") % brand)


def shown_to_brand(decision: Decision, cycle: int, brand: Brand) -> Decision:
    """Return the decision as the brand may learn it: not what happened to a report that it cannot read."""
    if decision.reason not in NOT_FOR_BRANDS:
        return decision
    sentence = _("%(brand)s cannot see anything from cycle %(cycle)s now.") % {"cycle": cycle, "brand": brand}
    return Decision(False, Reason.NOT_OPEN, sentence, decision.grant)
