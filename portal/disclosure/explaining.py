"""Why somebody may read a report or not, and who could on any day: the access decision, asked about a cycle.

The factory's people and its country's staff get the exact answer. A brand learns only about its own consent: for a
cycle of which nothing is visible to it, the answer is made without looking at any report, so it cannot tell whether
one exists.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.models import Assessment
from assessments.visits.models import AssessmentQuerySet
from brands.models import Brand
from brands.roles import BRAND
from factories.models import Factory
from factories.models.programmes import programme_in_words
from factories.role_names import FactoryRoleName
from factories.roles import FACTORY, PROGRAMME
from portal.accounts.models import User
from portal.accounts.roles import Visitor
from portal.accounts.sides import Side
from portal.core.days import at_place
from portal.core.listing import joined
from sharing import access
from sharing.access.reasons import Decision, Reason
from sharing.grants.queries import granted_to
from sharing.models import Scope, SharingGrant


@dataclass(frozen=True)
class Answer:
    """A decision, the version of the report that it is about (None: about none), and the brand, where a brand asked."""

    decision: Decision
    assessment: Assessment | None = None
    brand: Brand | None = None


def known_versions(user: Visitor, factory: Factory, cycle: int, at: datetime | None) -> AssessmentQuerySet:
    """Return the versions of a cycle's report about whose readers `user` may ask, the newest first."""
    known = Assessment.objects.known_to(user, at).filter(factory=factory, cycle=cycle)
    return known.select_related("factory__programme").order_by("-version")


def explain(
    user: Visitor, factory: Factory, reader: Brand | User, scope: str, cycle: int, at: datetime | None = None
) -> list[Answer]:
    """Return whether `reader` may read this, and why; one answer a version, newest first.

    It is for the factory and its country's staff.
    """
    versions = list(known_versions(user, factory, cycle, at))
    if not versions:
        return [Answer(_decision(reader, _unreported(factory, cycle), scope, at))]
    return [Answer(_decision(reader, one, scope, at), one) for one in versions]


def _unreported(factory: Factory, cycle: int) -> Assessment:
    """Return a stand-in where a cycle has no report: an assessment that was never saved."""
    return Assessment(factory=factory, cycle=cycle)


def _decision(reader: Brand | User, subject: Assessment, scope: str, at: datetime | None) -> Decision:
    if isinstance(reader, Brand):
        return access.decide_for_brand(reader, subject, scope, at)
    decision = access.decide(reader, subject, scope, at)
    if decision.reason in {Reason.NO_GRANT, Reason.CLOSED}:  # their other brands are not this factory's business
        sentence = _("%s is not a member of a brand that has access to this.")
        return Decision(False, decision.reason, sentence % reader)
    return decision


def explain_to_brand(
    user: Visitor, factory: Factory, scope: str, cycle: int, at: datetime | None = None
) -> list[Answer]:
    """Return for a brand about itself what each brand that `user` reads for may read of a cycle, and why."""
    own = Brand.objects.own(user).filter(pk__in=granted_to(user).filter(factory=factory).values("brand"))
    reads = Brand.objects.where(user, f"read_{scope}")
    return [_for_brand(brand, factory, scope, cycle, at) for brand in (own & reads).order_by("name")]


def _for_brand(brand: Brand, factory: Factory, scope: str, cycle: int, at: datetime | None) -> Answer:
    shown = Assessment.objects.open_to(brand, scope, at).filter(factory=factory, cycle=cycle)
    if at is not None and at > timezone.now():
        shown = shown.open_to(brand, scope)  # a report is not revealed to a brand before it opens
    newest = shown.select_related("factory").order_by("-version").first()
    subject = newest or _unreported(factory, cycle)
    decision = access.explain_to_brand(brand, subject, scope, at)
    return Answer(decision, newest if decision.allowed else None, brand)  # not what an undone grant had opened then


@dataclass(frozen=True)
class Reader:
    """One person who could read a version: for which organisation, in which role, and by which grant."""

    side: str  # brand, factory or programme
    organisation: str
    role: str
    person: str
    person_id: int
    is_integration: bool
    grant: SharingGrant | None = None


@dataclass(frozen=True)
class Readers:
    """The readers of one version at a moment: the grants that opened it, and the people, by organisation."""

    assessment: Assessment
    grants: list[SharingGrant]
    people: list[Reader]

    @property
    def brands(self) -> list[tuple[SharingGrant, list[Reader]]]:
        """The grant of each brand, with the people who could read by it."""
        of = defaultdict(list)
        for reader in self.people:
            if reader.grant is not None:
                of[reader.grant.pk].append(reader)
        return [(grant, of[grant.pk]) for grant in self.grants]

    @property
    def own(self) -> list[Reader]:
        """The factory's own people."""
        return [reader for reader in self.people if reader.side == Side.FACTORY]

    @property
    def staff(self) -> list[Reader]:
        """The programme's staff."""
        return [reader for reader in self.people if reader.side == Side.PROGRAMME]


T = TypeVar("T")


@dataclass(frozen=True)
class Together(Generic[T]):
    """The versions of a report that the same readers of one side could read, newest first, and these readers."""

    versions: list[int]
    readers: list[T]

    @property
    def in_words(self) -> str:
        """The versions in words."""
        words = ngettext("Version %(numbers)s", "Versions %(numbers)s", len(self.versions))
        return words % {"numbers": joined(self.versions)}


@dataclass(frozen=True)
class Sides:
    """The readers of all versions of a report at a moment, each distinct set of a side once."""

    brands: list[Together[tuple[SharingGrant, list[Reader]]]]
    own: list[Together[Reader]]
    staff: list[Together[Reader]]


def by_side(found: list[Readers]) -> Sides:
    """Return the readers of a report's versions, by side, for one sheet that names each of them once."""
    return Sides(
        _together([(readers, readers.brands) for readers in found]),
        _together([(readers, readers.own) for readers in found]),
        _together([(readers, readers.staff) for readers in found]),
    )


def _together(parts: list[tuple[Readers, list[T]]]) -> list[Together[T]]:
    groups: list[Together[T]] = []
    for readers, part in parts:
        same = next((group for group in groups if group.readers == part), None)
        if same is None:
            groups.append(Together([], part))
            same = groups[-1]
        same.versions.append(readers.assessment.version)
    return groups


def who_could_see(user: Visitor, factory: Factory, cycle: int, scope: str, at: datetime | None = None) -> list[Readers]:
    """Return, for the factory and its country's staff, who could read each version of a cycle's report at a moment.

    It takes two queries a version, whatever happened before and since.
    """
    return [_readers(one, scope, at) for one in known_versions(user, factory, cycle, at)]


def _readers(assessment: Assessment, scope: str, at: datetime | None) -> Readers:
    grants = list(access.brands_reading_of(assessment, scope, at).order_by("brand__name", "pk"))
    by_brand = {grant.brand_id: grant for grant in grants}
    return Readers(assessment, grants, list(_people(assessment, scope, at, by_brand)))


def _people(
    assessment: Assessment, scope: str, at: datetime | None, grants: dict[int, SharingGrant]
) -> Iterator[Reader]:
    rows = access.reading_memberships(assessment, scope, at).values(
        person=F("user__name"),
        person_key=F("user"),
        machine=F("user__is_integration"),
        brand=F("group__brandrole__organisation"),
        brand_role=F("group__brandrole__role"),
        factory=F("group__factoryrole__organisation__name"),
        factory_role=F("group__factoryrole__role"),
        programme=F("group__programmerole__organisation__name"),
        country=F("group__programmerole__organisation__country"),
        programme_role=F("group__programmerole__role"),
    )
    for row in rows.order_by("user__name", "user", "group"):
        grant = grants.get(row["brand"])
        side, organisation, role = _place(row, grant)
        yield Reader(side, organisation, role, row["person"], row["person_key"], row["machine"], grant)


def _place(row: Mapping[str, Any], grant: SharingGrant | None) -> tuple[str, str, str]:
    """Return the side, the organisation and the role's label; advisors of a factory are on the programme's side."""
    if grant is not None:
        return "brand", grant.brand.name, str(BRAND.roles[row["brand_role"]].label)
    if row["factory_role"]:
        side = Side.PROGRAMME if row["factory_role"] == FactoryRoleName.ADVISOR else Side.FACTORY
        return side, row["factory"], str(FACTORY.roles[row["factory_role"]].label)
    programme = programme_in_words(row["programme"], row["country"])
    return "programme", programme, str(PROGRAMME.roles[row["programme_role"]].label)


def table_of_readers(
    found: list[Readers], scope: str, at: datetime, factory: Factory
) -> tuple[list[str], Iterator[list[object]]]:
    """Return the header and the rows of an answer for download: one row a person."""
    header = [
        _("Date and time"),
        _("Cycle"),
        _("Version"),
        _("Data"),
        _("Organisation"),
        _("Role"),
        _("Person"),
        _("Access since"),
        _("Access until"),
        _("Access"),
    ]
    return header, _rows(found, str(Scope(scope).label), at_place(at, factory), factory)


def _rows(found: list[Readers], scope: str, at: datetime, factory: Factory) -> Iterator[list[object]]:
    for readers in found:
        cycle, version = readers.assessment.cycle, readers.assessment.version
        with_people = {reader.grant.pk for reader in readers.people if reader.grant}
        for reader in readers.people:
            words = [reader.organisation, reader.role, reader.person]
            yield [at, cycle, version, scope, *words, *_period(reader.grant, factory)]
        for grant in readers.grants:
            if grant.pk not in with_people:
                yield [at, cycle, version, scope, grant.brand.name, "", "", *_period(grant, factory)]


def _period(grant: SharingGrant | None, factory: Factory) -> list[object]:
    if grant is None:
        return [None, None, ""]
    return [at_place(grant.starts_at, factory), grant.ends_at and at_place(grant.ends_at, factory), str(grant.pk)]
