"""Decisions: user or brand + row -> yes or no, with the reason. Each call queries the database anew."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import BigIntegerField, BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils.translation import gettext as _

from brands.models import Brand, BrandHistory
from factories.models import Factory
from portal.accounts.models import AccountHistory, User
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor
from portal.core.compiled import Key
from portal.core.conditions import among
from sharing import terms
from sharing.access import reasons
from sharing.access.conditions import brands_reading_of, entitled, grants_read
from sharing.access.people import AsBrandAfter, own_factory_ids, permitted_brands, worked_on
from sharing.access.publication import ReportState, Subject, is_begun, is_out, is_released
from sharing.access.reasons import Decision, Reason
from sharing.models import SharingGrant
from sharing.scopes import ASSESSMENT_SCOPES


def openings(
    user: Visitor, subject: Subject, scopes: Iterable[str] = ASSESSMENT_SCOPES
) -> dict[str, SharingGrant | None]:
    """Return the scopes of one assessment that `user` may read now, each with the grant that opens it.

    None instead of a grant means that they read as one of the factory's people or as staff, or would read as a brand
    after a decision. Two queries at most.
    """
    scopes = list(scopes)
    if isinstance(user, AsBrandAfter):
        return dict.fromkeys(_worked_out(user, subject, scopes))
    if _side(user, subject, None) is not None:
        return dict.fromkeys(scopes)
    found: dict[str, SharingGrant | None] = {}
    for grant in grants_read(user, subject, scopes):
        found.setdefault(grant.scope, grant)
    return {scope: found[scope] for scope in scopes if scope in found}


def _worked_out(look: AsBrandAfter, subject: Subject, scopes: Iterable[str]) -> list[str]:
    """Return the scopes of one assessment that were worked out, without a query: see `rows.worked_out_for`."""
    may_be_open = subject.factory_id == look.factory.pk and is_out(subject, None)
    return [scope for scope in scopes if may_be_open and subject.pk in look.opened.get(scope, {})]


def decide(user: Visitor, subject: Subject, scope: str, at: datetime | None = None) -> Decision:
    """Decide for user + row: yes or no, with the exact reason. Each call queries the database anew.

    The exact reason is for the factory and the staff: what a brand may learn is `explain_to_reader`.
    """
    return _decide(user, subject, scope, at, Q())


def explain_to_reader(user: Visitor, subject: Subject, scope: str, at: datetime | None = None) -> Decision:
    """Return the decision as `user` may learn it about themselves: on a brand's side, of its own consent only."""
    decision = _decide(user, subject, scope, at, terms.known_to_brand(at))
    brand = decision.grant.brand if decision.grant else None
    return reasons.shown_to_brand(decision, subject.cycle, brand) if brand else decision


def decide_for_brand(brand: Brand, subject: Subject, scope: str, at: datetime | None = None) -> Decision:
    """Decide for brand + row, with the exact reason: what any of its people may read by its grants."""
    return _decide_for([brand], subject, scope, at, Q())


def explain_to_brand(brand: Brand, subject: Subject, scope: str, at: datetime | None = None) -> Decision:
    """Return the decision as the brand may learn it: of its own consent only."""
    decision = _decide_for([brand], subject, scope, at, terms.known_to_brand(at))
    return reasons.shown_to_brand(decision, subject.cycle, brand)


def _decide(user: Visitor, subject: Subject, scope: str, at: datetime | None, known: Q) -> Decision:
    if not _is_active(user, at):
        return Decision(False, Reason.NOT_SIGNED_IN, _("Only users with an active account can read assessments."))
    side = _side(user, subject, at)
    if side is not None:
        return side
    brands = list(Brand.objects.filter(among("pk", permitted_brands(user, [scope], at))).order_by("pk"))
    if not brands:
        return Decision(False, Reason.NO_ROLE, _("%s has no role that reads this kind of data.") % user)
    return _decide_for(brands, subject, scope, at, known)


def _is_active(user: Visitor, at: datetime | None) -> bool:
    if at is None:
        return User.objects.filter(pk=user.pk or 0, is_active=True).exists()
    return AccountHistory.objects.at(at).filter(user=user.pk or 0, is_active=True).exists()


def _side(user: Visitor, subject: Subject, at: datetime | None) -> Decision | None:
    """Return the decision that allows one of the factory's people or staff, or None. One query."""
    factory = subject.factory_id
    sides = _sides_now(user, factory=factory) if at is None else list(_sides_of(user, factory, at))
    for own, staff in sides:
        if own and is_released(subject, at):
            return Decision(True, Reason.OWN_FACTORY, _("%s is a member of this factory.") % user)
        if staff and is_begun(subject, at):
            sentence = _("%s works on this factory's assessments for the programme.")
            return Decision(True, Reason.STAFF, sentence % user)
    return None


def _sides_of(user: Visitor, factory: Key, at: datetime | None = None) -> "QuerySet[Factory, tuple[bool, bool]]":
    """Return whether `user` is one of a factory's people, and whether they work on its assessments."""
    own, staff = among("pk", own_factory_ids(user, at)), worked_on(user, "", at)
    return Factory.objects.filter(pk=factory).values_list(_holds(own), _holds(staff))


def _holds(condition: Q) -> "ExpressionWrapper[Q]":
    return ExpressionWrapper(condition, output_field=BooleanField())


_sides_now: Prepared[Factory, tuple[bool, bool]] = Prepared(_sides_of, factory=BigIntegerField())


def _decide_for(brands: Sequence[Brand], subject: Subject, scope: str, at: datetime | None, known: Q) -> Decision:
    """Decide for several brands; `known` is the condition on the grants that the answer may mention."""
    grant = brands_reading_of(subject, scope, at).filter(known, brand__in=brands).first()
    return reasons.granted(grant) if grant is not None else _why_not(brands, subject, scope, at, known)


def _why_not(brands: Sequence[Brand], subject: Subject, scope: str, at: datetime | None, known: Q) -> Decision:
    """Return the first missing condition: the brand's own, then the grant's, then the report's."""
    active = _active_brands(brands, at)
    if not active:
        return reasons.closed(brands[0])
    grant = reasons.newest_grant(SharingGrant.objects.filter(known, factory=subject.factory_id), scope, active, at)
    if grant is None:
        return reasons.no_grant(subject.factory, active)
    missing = reasons.missing_in_grant(grant, subject.cycle, at)
    if missing is not None:
        return missing
    if not SharingGrant.objects.filter(entitled(subject.cycle, at), pk=grant.pk).exists():
        return reasons.missing_subscription(grant, subject.cycle)
    published = subject.first_published_at
    if not is_out(subject, at) or published is None:
        withdrawn = subject.state == ReportState.WITHDRAWN and (at is None or (subject.withdrawn_at or at) <= at)
        return reasons.not_out(grant, subject.cycle, subject.withdrawn_at if withdrawn else None)
    kept = reasons.withheld(grant, subject.cycle, published, at)
    return kept if kept is not None else reasons.replaced(grant, subject.cycle, subject.version)


def _active_brands(brands: Sequence[Brand], at: datetime | None) -> list[Brand]:
    ids = [brand.pk for brand in brands]
    if at is None:
        active = set(Brand.objects.filter(pk__in=ids, is_active=True).values_list("pk", flat=True))
    else:
        then = BrandHistory.objects.at(at).filter(brand__in=ids, is_active=True)
        active = set(then.values_list("brand_id", flat=True))
    return [brand for brand in brands if brand.pk in active]
