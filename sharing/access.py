"""The access decision: the one module that turns people and grants into "readable".

A person may read an assessment's data when one of these holds, and nothing else opens it (docs/domain.md 3):

1. they are a member of its factory, and it has been released to the factory;
2. they read for a brand that has a live grant from that factory, for that scope, covering that cycle, and it is
   published, past the grant's hold and not withheld by the factory (R6: where the country says so, a participant
   also needs a subscription);
3. they are staff with a role in that country's programme, or an advisor assigned to that factory.

Three directions, one rule: `readable_by` (user -> rows, as a condition on any table that has the columns named in
`Columns`), `decide` (user + row -> yes or no, with the reason) and `readers` (row -> who). All three build on
`grants_opening`, so they cannot disagree; tests hold them to it.

Each takes a moment (`at`): the same decision with the grants, settings, publications and people of then. A moment to
come is answered as if nothing changed until then. What roles may do is not kept: those of today count.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.contrib.auth.models import AnonymousUser
from django.db.models import BooleanField, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value
from django.db.models.fields import DateTimeField
from django.utils.translation import gettext as _

from brands.models import Brand, BrandGroupObjectPermission, BrandHistory
from factories.models import (
    CountryProgramme,
    Factory,
    FactoryGroupObjectPermission,
    ProgrammeGroupObjectPermission,
    ProgrammeHistory,
)
from portal.accounts.models import AccountHistory, User
from portal.accounts.roles import Visitor, memberships_at, permitted
from sharing import reasons
from sharing.models import Scope, SharingGrant, Subscription, WithheldReport
from sharing.querysets import StatementTime
from sharing.reasons import Decision

RELEASED_TO_FACTORY = ("factory_review", "published", "superseded")
OPEN_TO_BRANDS = ("published", "superseded")
ASSESSMENT_SCOPES = (Scope.REPORT, Scope.STEP1)


class Subject(Protocol):
    """What the decision needs to know of an assessment."""

    factory: Factory
    factory_id: int
    cycle: int
    state: str
    created_at: datetime
    released_at: datetime | None
    published_at: datetime | None
    withdrawn_at: datetime | None


class AsBrand(AnonymousUser):
    """A look through a brand's eyes at one factory's data: all that a member of the brand sees of it, nothing else.

    To whatever asks for a person or a role it is nobody, for it has no key; only `brands_reading` and `_read_for`
    know it. So nothing opens by it that the factory did not grant that brand, and no other factory's data. Whoever
    makes one asks first whether the person behind it may look (`sharing.views.gates`).
    """

    def __init__(self, brand: Brand, factory: Factory) -> None:
        super().__init__()
        self.brand, self.factory = brand, factory


def grants_opening(
    *, factory: Any, cycle: Any, published_at: Any, at: datetime | None = None
) -> QuerySet[SharingGrant]:
    """The grants, of any scope, that open one published assessment at a moment.

    `factory`, `cycle` and `published_at` are values, or `OuterRef`s when used inside `Exists`.
    """
    opens = ExpressionWrapper(
        _expression(published_at)
        + ExpressionWrapper(F("hold_days") * Value(timedelta(days=1)), output_field=DurationField()),
        output_field=DateTimeField(),
    )
    covers = Q(cycles="all") | Q(cycles="from", cycle_number__lte=cycle) | Q(cycles="only", cycle_number=cycle)
    withheld = WithheldReport.objects.in_force(at).filter(
        brand=OuterRef("brand"), factory=OuterRef("factory"), cycle=_nested(cycle)
    )
    live = _entitled(SharingGrant.objects.live(at), cycle, at).filter(covers, ~Exists(withheld), factory=factory)
    return live.alias(opens_at=opens).filter(opens_at__lte=at or StatementTime())


def _entitled(grants: QuerySet[SharingGrant], cycle: Any, at: datetime | None) -> QuerySet[SharingGrant]:
    """Of `grants`, those to brands that were active, and partners or subscribed where that is asked (R6).

    In the past the brand's and the country's settings of that day count, which their histories keep.
    """
    bought = Subscription.objects.filter(brand=OuterRef("brand"), factory=OuterRef("factory"), cycle=_nested(cycle))
    if at is None:
        partner = Q(brand__kind=Brand.Kind.PARTNER)
        free = Q(factory__programme__participants_need_subscription=False)
        return grants.filter(partner | free | Exists(bought), brand__is_active=True)
    brand_then = BrandHistory.objects.at(at).filter(brand=OuterRef("brand"))
    needed_then = ProgrammeHistory.objects.at(at).filter(programme=OuterRef("factory__programme"))
    return grants.filter(
        Exists(brand_then.filter(kind=Brand.Kind.PARTNER))
        | ~Exists(needed_then.filter(participants_need_subscription=True))
        | Exists(bought.filter(created_at__lte=at)),
        Exists(brand_then.filter(is_active=True)),
    )


def _expression(value: Any) -> Any:
    return value if isinstance(value, OuterRef) else Value(value, output_field=DateTimeField())


def _nested(value: Any) -> Any:
    """The same reference, seen from one query further inside."""
    return OuterRef(value) if isinstance(value, OuterRef) else value


def brands_reading(user: Visitor, scope: str, at: datetime | None = None) -> QuerySet[Any, int]:
    """Ids of the brands for which `user` may read `scope`: members all scopes, an integration only its own."""
    if isinstance(user, AsBrand):
        return Brand.objects.filter(pk=user.brand.pk).values_list("pk", flat=True)
    return permitted(user, BrandGroupObjectPermission, f"read_{scope}", at)


def own_factory_ids(user: Visitor, at: datetime | None = None) -> QuerySet[Any, int]:
    """Ids of the factories whose data `user` sees as one of their people."""
    return permitted(user, FactoryGroupObjectPermission, "view_data", at)


def _worked_on(user: Visitor, factory: str, at: datetime | None = None) -> Q:
    """The condition that `user` sees a row as staff: assigned to its factory, in its country, or everywhere.

    `factory` names the row's path to its factory, or is empty on a factory itself.
    """
    programmes = permitted(user, ProgrammeGroupObjectPermission, "view_assessments", at)
    everywhere = programmes.filter(content_object__is_global=True)
    return (
        Q((f"{factory or 'pk'}__in", permitted(user, FactoryGroupObjectPermission, "assess", at)))
        | Q((f"{factory}__programme__in" if factory else "programme__in", programmes))
        | Q(Exists(everywhere))
    )


def readable_by(user: Visitor, scopes: Iterable[str] = ASSESSMENT_SCOPES, at: datetime | None = None) -> Q:
    """User -> rows: the condition on a table with the columns of `Subject`."""
    return readable_as_own(user, at) | readable_as_brand(user, scopes, at) | readable_as_staff(user, at)


def readable_as_own(user: Visitor, at: datetime | None = None) -> Q:
    """The factory's part of `readable_by`: what was released to the factories whose people `user` is one of."""
    return Q(_released_to_factory(at), factory__in=own_factory_ids(user, at))


def readable_as_staff(user: Visitor, at: datetime | None = None) -> Q:
    """The programme's part of `readable_by`: the country's, or that of the factories assigned to `user`."""
    return _worked_on(user, "factory", at) & _begun(at)


def readable_as_brand(user: Visitor, scopes: Iterable[str], at: datetime | None = None) -> Q:
    """The brand's part of `readable_by`: what was granted to brands that `user` reads for."""
    return _granted(_read_for(user, scopes, at), at)


def opened_for_brand(
    user: Visitor, *, factory: Any, cycle: Any, published_at: Any, brand: Any, scopes: Iterable[str] = ASSESSMENT_SCOPES
) -> Exists:
    """The condition that `user` reads for `brand`, and a live grant to it opens, or opened, what the columns name.

    All are `OuterRef`s. Whether it is still published is not asked: it says that it was replaced or withdrawn.
    """
    grants = grants_opening(factory=factory, cycle=cycle, published_at=published_at)
    return Exists(grants.filter(_read_for(user, scopes), brand=brand))


def scopes_open_to_brand(brand_id: int, subject: Subject) -> list[str]:
    """The scopes of one assessment that are open to a brand itself now: what its programs may be told of."""
    grants = _grants_for(subject, None).filter(brand=brand_id, scope__in=ASSESSMENT_SCOPES)
    return sorted(set(grants.values_list("scope", flat=True)))


def _read_for(user: Visitor, scopes: Iterable[str], at: datetime | None = None) -> Q:
    """The grants to brands for which `user` may read the grant's scope; seen `AsBrand`, of the one factory only."""
    through = Q(pk__in=[])
    for scope in scopes:
        through |= Q(scope=scope, brand__in=brands_reading(user, scope, at))
    return through & Q(factory=user.factory) if isinstance(user, AsBrand) else through


def readable_by_brand(brand: Brand, scopes: Iterable[str] = ASSESSMENT_SCOPES, at: datetime | None = None) -> Q:
    """Brand -> rows: what was granted to one brand, whoever of its people asks. For its factory, staff and itself."""
    return _granted(Q(brand=brand, scope__in=list(scopes)), at)


def known_to(user: Visitor, at: datetime | None = None) -> Q:
    """The rows about whose readers `user` may ask: today's people of the factory and today's staff of its country.

    The factory's people know of what had been released to them by then (R47).
    """
    staff = permitted(user, ProgrammeGroupObjectPermission, "view_assessments")
    country = Q(factory__programme__in=staff) | Q(Exists(staff.filter(content_object__is_global=True)))
    return Q(_released_to_factory(at), factory__in=own_factory_ids(user)) | (country & _begun(at))


def _granted(grants: Q, at: datetime | None) -> Q:
    opening = grants_opening(
        factory=OuterRef("factory"), cycle=OuterRef("cycle"), published_at=OuterRef("published_at"), at=at
    )
    return Q(Exists(opening.filter(grants))) & _open_to_brands(at)


def _open_to_brands(at: datetime | None) -> Q:
    """The condition that a report is (at a moment: was) out, and not withdrawn."""
    if at is None:
        return Q(state__in=OPEN_TO_BRANDS)
    return (Q(state__in=OPEN_TO_BRANDS) | Q(state="withdrawn", withdrawn_at__gt=at)) & Q(published_at__lte=at)


def _released_to_factory(at: datetime | None) -> Q:
    """The condition that the factory's people have (at a moment: had) it, and it is not withdrawn or taken back."""
    if at is None:
        return Q(state__in=RELEASED_TO_FACTORY)
    there = Q(released_at__lte=at) | Q(released_at=None, published_at__lte=at)
    return (Q(state__in=RELEASED_TO_FACTORY) | Q(state="withdrawn", withdrawn_at__gt=at)) & there


def _begun(at: datetime | None) -> Q:
    """The condition that it is (at a moment: was) on the portal at all."""
    return Q() if at is None else Q(created_at__lte=at) | Q(released_at__lte=at) | Q(published_at__lte=at)


def openings(
    user: Visitor, subject: Subject, scopes: Iterable[str] = ASSESSMENT_SCOPES
) -> dict[str, SharingGrant | None]:
    """The scopes of one assessment that `user` may read now, each with the grant that opens it.

    None instead of a grant: they read as one of the factory's people or as staff. Two queries at most.
    """
    scopes = list(scopes)
    if _side(user, subject, None) is not None:
        return dict.fromkeys(scopes)
    grants = _grants_for(subject, None).filter(_read_for(user, scopes, None)).select_related("brand", "factory")
    found: dict[str, SharingGrant | None] = {}
    for grant in grants:
        found.setdefault(grant.scope, grant)
    return {scope: found[scope] for scope in scopes if scope in found}


def decide(user: Visitor, subject: Subject, scope: str, at: datetime | None = None) -> Decision:
    """User + row -> yes or no, with the reason, exactly. Asks the database anew each time.

    Exactly is for the factory and the staff: a brand is told `decide_as_told`.
    """
    return _decide(user, subject, scope, at, SharingGrant.objects.all())


def decide_as_told(user: Visitor, subject: Subject, scope: str, at: datetime | None = None) -> Decision:
    """The same answer as `user` may hear it about themselves: from a brand's side only of its own consent."""
    decision = _decide(user, subject, scope, at, SharingGrant.objects.given(at))
    brand = decision.grant.brand if decision.grant else None
    return reasons.told_to_brand(decision, subject.cycle, brand) if brand else decision


def decide_for_brand(brand: Brand, subject: Subject, scope: str, at: datetime | None = None) -> Decision:
    """Brand + row -> yes or no, with the reason, exactly: what its people may read by its grants, whoever they are."""
    return _decide_for([brand], subject, scope, at, SharingGrant.objects.all())


def tell_brand(brand: Brand, subject: Subject, scope: str, at: datetime | None = None) -> Decision:
    """The same answer as the brand may hear it: from its own consent only."""
    decision = _decide_for([brand], subject, scope, at, SharingGrant.objects.given(at))
    return reasons.told_to_brand(decision, subject.cycle, brand)


def _decide(
    user: Visitor, subject: Subject, scope: str, at: datetime | None, grants: QuerySet[SharingGrant]
) -> Decision:
    if not _is_active(user, at):
        return Decision(False, "not_signed_in", _("Only people with an active account can read assessments."))
    side = _side(user, subject, at)
    if side is not None:
        return side
    brands = list(Brand.objects.filter(pk__in=brands_reading(user, scope, at)).order_by("pk"))
    if not brands:
        return Decision(False, "no_role", _("%s has no role that reads this kind of data.") % user)
    return _decide_for(brands, subject, scope, at, grants)


def _is_active(user: Visitor, at: datetime | None) -> bool:
    if at is None:
        return User.objects.filter(pk=user.pk or 0, is_active=True).exists()
    return AccountHistory.objects.at(at).filter(user=user.pk or 0, is_active=True).exists()


def _side(user: Visitor, subject: Subject, at: datetime | None) -> Decision | None:
    """Allowed as one of the factory's people or as staff, or None. One query."""
    sides = Factory.objects.filter(pk=subject.factory_id).values_list(
        _holds(Q(pk__in=own_factory_ids(user, at))), _holds(_worked_on(user, "", at))
    )
    for own, worked_on in sides:
        if own and _is_released(subject, at):
            return Decision(True, "own_factory", _("%s is one of this factory's people.") % user)
        if worked_on and _is_begun(subject, at):
            sentence = _("%s works on this factory's assessments for the programme.")
            return Decision(True, "staff", sentence % user)
    return None


def _is_out(subject: Subject, at: datetime | None) -> bool:
    """One row's `_open_to_brands`."""
    if subject.published_at is None:
        return False
    return _stands(subject, OPEN_TO_BRANDS, at) and (at is None or subject.published_at <= at)


def _is_released(subject: Subject, at: datetime | None) -> bool:
    """One row's `_released_to_factory`."""
    if not _stands(subject, RELEASED_TO_FACTORY, at):
        return False
    since = subject.released_at or subject.published_at
    return at is None or (since is not None and since <= at)


def _stands(subject: Subject, states: Sequence[str], at: datetime | None) -> bool:
    then_withdrawn = subject.state == "withdrawn" and subject.withdrawn_at is not None
    return subject.state in states or (at is not None and then_withdrawn and (subject.withdrawn_at or at) > at)


def _is_begun(subject: Subject, at: datetime | None) -> bool:
    """One row's `_begun`."""
    known = (subject.created_at, subject.released_at, subject.published_at)
    return at is None or any(since is not None and since <= at for since in known)


def own_factories(user: Visitor) -> QuerySet[Factory]:
    """The factories whose data `user` sees as one of their people."""
    return Factory.objects.filter(pk__in=own_factory_ids(user))


def factories_worked_on(user: Visitor) -> QuerySet[Factory]:
    """The factories whose assessments `user` sees as staff: the country's, or the assigned ones."""
    return Factory.objects.filter(_worked_on(user, ""))


def _holds(condition: Q) -> "ExpressionWrapper[Any]":
    return ExpressionWrapper(condition, output_field=BooleanField())


def _grants_for(subject: Subject, at: datetime | None) -> QuerySet[SharingGrant]:
    if not _is_out(subject, at):
        return SharingGrant.objects.none()
    opening = grants_opening(factory=subject.factory_id, cycle=subject.cycle, published_at=subject.published_at, at=at)
    return opening.order_by("created_at", "pk")


def brands_reading_of(subject: Subject, scope: str, at: datetime | None = None) -> QuerySet[SharingGrant]:
    """Row -> which brands: the grants that open `scope` of it, one for each brand.

    For the factory and the staff only; no brand is ever told (invariant 3).
    """
    return grants_reading(subject, at).filter(scope=scope)


def grants_reading(subject: Subject, at: datetime | None = None) -> QuerySet[SharingGrant]:
    """Row -> the grants, of any scope, that open it: for the factory and the staff only."""
    return _grants_for(subject, at).select_related("brand", "factory")


def _decide_for(
    brands: Sequence[Brand], subject: Subject, scope: str, at: datetime | None, grants: QuerySet[SharingGrant]
) -> Decision:
    """`grants` are those that a refusal may speak of."""
    grant = brands_reading_of(subject, scope, at).filter(brand__in=brands).first()
    return reasons.granted(grant) if grant is not None else _why_not(brands, subject, scope, at, grants)


def _why_not(
    brands: Sequence[Brand], subject: Subject, scope: str, at: datetime | None, grants: QuerySet[SharingGrant]
) -> Decision:
    """The first missing condition: the brand's own, then the grant's, then the report's."""
    active = _active_brands(brands, at)
    if not active:
        return reasons.closed(brands[0])
    grant = reasons.newest_grant(grants.filter(factory=subject.factory_id), scope, active, at)
    if grant is None:
        return reasons.no_grant(subject.factory, active)
    missing = reasons.missing_in_grant(grant, subject.cycle, at)
    if missing is not None:
        return missing
    if not _entitled(SharingGrant.objects.filter(pk=grant.pk), subject.cycle, at).exists():
        return reasons.missing_subscription(grant, subject.cycle)
    if not _is_out(subject, at) or subject.published_at is None:
        withdrawn = subject.state == "withdrawn" and (at is None or (subject.withdrawn_at or at) <= at)
        return reasons.not_out(subject.cycle, subject.withdrawn_at if withdrawn else None, grant)
    return reasons.kept_back(grant, subject.cycle, subject.published_at, at)


def _active_brands(brands: Sequence[Brand], at: datetime | None) -> list[Brand]:
    ids = [brand.pk for brand in brands]
    if at is None:
        active = set(Brand.objects.filter(pk__in=ids, is_active=True).values_list("pk", flat=True))
    else:
        then = BrandHistory.objects.at(at).filter(brand__in=ids, is_active=True)
        active = set(then.values_list("brand_id", flat=True))
    return [brand for brand in brands if brand.pk in active]


def readers(subject: Subject, scope: str, at: datetime | None = None) -> QuerySet[User]:
    """Row -> who: every active person who may read `scope` of this assessment now, or could at a moment.

    For the factory and the staff only; no brand is ever told (invariant 3).
    """
    return User.objects.filter(pk__in=reading_memberships(subject, scope, at).values("user")).order_by("pk")


def reading_memberships(subject: Subject, scope: str, at: datetime | None = None) -> QuerySet[Any]:
    """Row -> who, and in which role: the memberships (`user`, `group`) that let their holders read it."""
    brands = _grants_for(subject, at).filter(scope=scope).values("brand")
    groups = Q(group__in=_groups(BrandGroupObjectPermission, f"read_{scope}", content_object__in=brands))
    if _is_released(subject, at):
        own = _groups(FactoryGroupObjectPermission, "view_data", content_object=subject.factory_id)
        groups |= Q(group__in=own)
    if _is_begun(subject, at):
        assigned = _groups(FactoryGroupObjectPermission, "assess", content_object=subject.factory_id)
        programmes = CountryProgramme.objects.filter(Q(is_global=True) | Q(pk=subject.factory.programme_id))
        country = _groups(
            ProgrammeGroupObjectPermission, "view_assessments", content_object__in=programmes.values("pk")
        )
        groups |= Q(group__in=assigned) | Q(group__in=country)
    return memberships_at(at).filter(groups)


def _groups(permission_model: Any, codename: str, **on: Any) -> Any:
    return permission_model._default_manager.filter(permission__codename=codename, **on).values("group")


def brands_seeing(factory: Factory) -> QuerySet[SharingGrant]:
    """Factory -> which brands: the open grants of a factory, live or waiting, for its own page."""
    return SharingGrant.objects.filter(factory=factory, ended_at=None).select_related("brand", "granted_by")
