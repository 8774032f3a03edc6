"""The grants that open a version of a report to brands: what all three directions of the decision build on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import (
    BigIntegerField,
    DateTimeField,
    Exists,
    Func,
    OuterRef,
    Q,
    QuerySet,
    SmallIntegerField,
)
from django.db.models.lookups import GreaterThan, IsNull

from brands.models import Brand, BrandHistory
from factories.models import CountryProgramme, Factory, ProgrammeHistory
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor
from portal.core.compiled import Key, Parameter
from portal.core.conditions import among
from sharing import terms
from sharing.access.people import partner_keys, read_for
from sharing.access.publication import Subject, is_out
from sharing.models import SharingGrant, Subscription, WithheldReport
from sharing.scopes import ASSESSMENT_SCOPES

Moment = datetime | Parameter | OuterRef


@dataclass(frozen=True)
class Version:
    """One version of a report, as values or as columns (`OuterRef`s, for use inside `Exists`).

    `first_published_at` is its report's; `superseded_at` is None, or NULL, for the current version.
    """

    factory: Key | OuterRef
    cycle: Key | OuterRef
    first_published_at: Moment | None
    superseded_at: Moment | None = None

    @classmethod
    def of_row(cls, path: str = "") -> "Version":
        """Return the columns of an assessment in an outer query; `path` leads to it, ending in `__`."""
        columns = ("factory", "cycle", "first_published_at", "superseded_at")
        return cls(*(OuterRef(path + column) for column in columns))

    @classmethod
    def of(cls, subject: Subject) -> "Version":
        """Return the values of one published assessment."""
        return cls(subject.factory_id, subject.cycle, subject.first_published_at, subject.superseded_at)


class OpenedAt(Func):
    """The moment when the report of a cycle first opened under a grant, or under one that it replaced without a gap.

    Arguments: the grant's id, the cycle, the report's first publication. NULL: it never did.
    """

    function = "sharing_opened_at"
    arity = 3
    output_field = DateTimeField()


def grants_opening(version: Version, at: datetime | None = None) -> QuerySet[SharingGrant]:
    """Return the grants, of any scope, that open one published version of a report at a moment (None: now).

    The report is open to the grant's brand, and the version is the current one, or was replaced after the report had
    opened (R51): a replaced version becomes visible to nobody new.
    """
    active = Q(brand__is_active=True) if at is None else Q()  # for a past moment, `entitled` checks it
    return _opening(version, at).filter(active, entitled(version.cycle, at))


def grants_opening_to(
    user: Visitor, scopes: Iterable[str], version: Version, at: datetime | None = None
) -> QuerySet[SharingGrant]:
    """Return those of `grants_opening` that are given to brands for which `user` may read the grant's scope.

    Without `at`, what concerns the reader's few brands is read once per statement, not for each row.
    """
    scopes = list(scopes)
    if at is not None:
        return grants_opening(version, at).filter(read_for(user, scopes, at))
    partner = among("brand", partner_keys(user, tuple(scopes)))
    return _opening(version, at).filter(read_for(user, scopes), entitled(version.cycle, at, partner))


def _opening(version: Version, at: datetime | None) -> QuerySet[SharingGrant]:
    """Return the grants of `grants_opening`, whether or not the brand is active or needs a subscription."""
    withheld = WithheldReport.objects.in_force(at).filter(
        brand=OuterRef("brand"), factory=OuterRef("factory"), cycle=_nested(version.cycle)
    )
    return (
        SharingGrant.objects.live(at)
        .filter(terms.covering(version.cycle), ~Exists(withheld), factory=version.factory)
        .alias(opens_at=terms.opening(version.first_published_at))
        .filter(_had_version(version), opens_at__lte=at or terms.StatementTime())
    )


def _had_version(version: Version) -> Q:
    """Return the condition that the version is current, or was replaced after the report had opened by the grant."""
    if version.superseded_at is None:
        return Q()
    opened = OpenedAt("pk", version.cycle, version.first_published_at)
    replaced_later = Q(GreaterThan(version.superseded_at, opened))
    if isinstance(version.superseded_at, OuterRef):
        return Q(IsNull(version.superseded_at, True)) | replaced_later
    return replaced_later


PARTNER = Q(brand__kind=Brand.Kind.PARTNER)


def entitled(cycle: Key | OuterRef, at: datetime | None, partner: Q = PARTNER) -> Q:
    """Return the condition that a grant's brand is a partner, or subscribed where the country asks for that (R6).

    With `at`, also that the brand was active. What held at that moment counts: subscriptions have a period, the brand's
    and the country's settings a history. `partner` is the condition that the brand is a partner now, in the form that
    suits the caller.
    """
    bought = Subscription.objects.in_force(at).filter(
        brand=OuterRef("brand"), factory=OuterRef("factory"), cycle=_nested(cycle)
    )
    if at is None:
        asking = CountryProgramme.objects.filter(participants_need_subscription=True)
        asked = Factory.objects.filter(pk=OuterRef("factory"), programme__in=asking)
        # It is looked up once per statement whether any country asks; most do not.
        return partner | Q(~Exists(asking)) | Q(~Exists(asked)) | Q(Exists(bought))
    brand_then = BrandHistory.objects.at(at).filter(brand=OuterRef("brand"))
    asked_then = ProgrammeHistory.objects.at(at).filter(programme=OuterRef("factory__programme"))
    return Q(
        Exists(brand_then.filter(kind=Brand.Kind.PARTNER))
        | ~Exists(asked_then.filter(participants_need_subscription=True))
        | Exists(bought),
        Exists(brand_then.filter(is_active=True)),
    )


def _nested(value: Key | OuterRef) -> Key | OuterRef:
    """Return the same reference for use one subquery deeper."""
    return OuterRef(value) if isinstance(value, OuterRef) else value


def grants_for(subject: Subject, at: datetime | None) -> QuerySet[SharingGrant]:
    """Return, for a row, the grants of any scope and to any brand that open it; the oldest first."""
    if not is_out(subject, at) or subject.first_published_at is None:
        return SharingGrant.objects.none()
    return grants_opening(Version.of(subject), at).order_by("created_at", "pk")


def grants_read(user: Visitor, subject: Subject, scopes: Iterable[str]) -> list[SharingGrant]:
    """Return, for user + row, the grants by which `user` reads these scopes of it now, the oldest first."""
    if not is_out(subject, None) or subject.first_published_at is None:
        return []
    return _read(user, tuple(scopes), subject.superseded_at is not None, **vars(Version.of(subject)))


def _grants_read(
    user: Visitor, scopes: Iterable[str], is_replaced: bool, *, superseded_at: Parameter, **version: Parameter
) -> QuerySet[SharingGrant]:
    found = Version(**version, superseded_at=superseded_at if is_replaced else None)
    return grants_opening_to(user, scopes, found).select_related("brand", "factory").order_by("created_at", "pk")


_read: Prepared[SharingGrant, SharingGrant] = Prepared(
    _grants_read,
    factory=BigIntegerField(),
    cycle=SmallIntegerField(),
    first_published_at=DateTimeField(),
    superseded_at=DateTimeField(),
)


def brands_reading_of(subject: Subject, scope: str, at: datetime | None = None) -> QuerySet[SharingGrant]:
    """Return, for a row, which brands read it: the grants that open `scope` of it, one for each brand.

    For the factory and the staff only; no brand ever learns it (docs/rules.md, invariant 3).
    """
    return grants_reading(subject, at).filter(scope=scope)


def grants_reading(subject: Subject, at: datetime | None = None) -> QuerySet[SharingGrant]:
    """Return, for a row, the grants of any scope that open it: for the factory and the staff only."""
    return grants_for(subject, at).select_related("brand", "factory")


def scopes_open_to_brand(brand_id: int, subject: Subject) -> list[str]:
    """Return the scopes of one assessment that are open to a brand itself now: what its programs may be notified of."""
    grants = grants_for(subject, None).filter(brand=brand_id, scope__in=ASSESSMENT_SCOPES)
    return sorted(set(grants.values_list("scope", flat=True)))
