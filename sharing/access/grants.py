"""The grants that open an assessment to brands: on what all three directions of the decision build."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value
from django.db.models.fields import DateTimeField

from brands.models import Brand, BrandHistory
from factories.models import ProgrammeHistory
from sharing.access.people import ASSESSMENT_SCOPES
from sharing.access.publication import Subject, is_out
from sharing.models import SharingGrant, Subscription, WithheldReport
from sharing.querysets import StatementTime


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
    live = entitled(SharingGrant.objects.live(at), cycle, at).filter(covers, ~Exists(withheld), factory=factory)
    return live.alias(opens_at=opens).filter(opens_at__lte=at or StatementTime())


def entitled(grants: QuerySet[SharingGrant], cycle: Any, at: datetime | None) -> QuerySet[SharingGrant]:
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


def grants_for(subject: Subject, at: datetime | None) -> QuerySet[SharingGrant]:
    """Row -> the grants, of any scope and to any brand, that open it; the oldest first."""
    if not is_out(subject, at):
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
    return grants_for(subject, at).select_related("brand", "factory")


def scopes_open_to_brand(brand_id: int, subject: Subject) -> list[str]:
    """The scopes of one assessment that are open to a brand itself now: what its programs may be told of."""
    grants = grants_for(subject, None).filter(brand=brand_id, scope__in=ASSESSMENT_SCOPES)
    return sorted(set(grants.values_list("scope", flat=True)))
