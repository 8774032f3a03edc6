"""When the reports of a factory open, brand by brand: waiting, kept back, open. For the factory's side only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from brands.models import Brand
from factories.models import Factory
from portal.accounts.roles import Visitor
from sharing.access import ASSESSMENT_SCOPES, OPEN_TO_BRANDS, grants_reading
from sharing.models import SharingGrant, WithheldReport
from sharing.preview import Line, Report, Sight, lines_of, opens_at, reports_of, sight_of
from sharing.terms import StatementTime, covers


@dataclass(frozen=True)
class BrandOpenings:
    """One brand with what waits to open to it, what is open, what is kept back, and what it may yet be kept from."""

    brand: Brand
    waiting: list[Line]
    open: list[Line]
    kept_back: list[WithheldReport] = field(default_factory=list)
    upcoming: list[int] = field(default_factory=list)


def openings_of(*, person: Visitor, factory: Factory) -> list[BrandOpenings]:
    """For each brand that the factory shares something with, or keeps something back from, by name."""
    grants = SharingGrant.objects.visible_to(person).filter(factory=factory).not_over()
    kept = WithheldReport.objects.visible_to(person).in_force().filter(factory=factory)
    kept_back: dict[int, list[WithheldReport]] = {}
    for row in kept.select_related("withheld_by").order_by("-cycle"):
        kept_back.setdefault(row.brand_id, []).append(row)
    brands = Brand.objects.filter(pk__in=[*grants.values_list("brand", flat=True), *kept_back]).order_by("name")
    reports, of_brand = reports_of(person, factory), _by_brand(grants)
    return [
        _openings(factory, brand, reports, of_brand.get(brand.pk, []), kept_back.get(brand.pk, [])) for brand in brands
    ]


def _by_brand(grants: Iterable[SharingGrant]) -> dict[int, list[SharingGrant]]:
    """The grants that open reports, by brand."""
    found: dict[int, list[SharingGrant]] = {}
    for grant in grants:
        if grant.scope in ASSESSMENT_SCOPES:
            found.setdefault(grant.brand_id, []).append(grant)
    return found


def _openings(
    factory: Factory,
    brand: Brand,
    reports: Sequence[Report],
    grants: list[SharingGrant],
    kept_back: list[WithheldReport],
) -> BrandOpenings:
    sight = sight_of(factory=factory, brand=brand, reports=reports)
    cycles = {row.cycle for row in kept_back}
    in_review = {report.cycle for report in sight.reports if report.state not in OPEN_TO_BRANDS}
    covered = {cycle for cycle in in_review if any(covers(grant, cycle) for grant in grants)}
    return BrandOpenings(
        brand=brand,
        waiting=waiting_lines(sight),
        open=lines_of(sight, [key for key, moment in sight.times.items() if moment is None]),
        kept_back=kept_back,
        upcoming=sorted(covered - cycles),
    )


def waiting_lines(sight: Sight) -> list[Line]:
    """What opens later, the soonest first."""
    lines = lines_of(sight, [key for key, moment in sight.times.items() if moment is not None])
    return sorted(lines, key=lambda line: line.at or timezone.now())


@dataclass(frozen=True)
class SoonOpen:
    """A cycle whose report opens on a day, to these brands."""

    cycle: int
    at: datetime
    brands: list[Brand]


def opening_soon(*, person: Visitor, factory: Factory, until: datetime, most: int = 5) -> list[SoonOpen]:
    """The first openings before `until`, the soonest first, each with its brands: for the first page.

    The decision is asked for each moment, not for each brand: a few queries, however many brands wait.
    """
    later = Q(hold_days__gt=0) | Q(valid_from__gt=StatementTime())
    grants = SharingGrant.objects.visible_to(person).filter(later, factory=factory, scope__in=ASSESSMENT_SCOPES)
    waiting = list(grants.not_over())
    reports = reports_of(person, factory) if waiting else []
    found: list[SoonOpen] = []
    told: set[tuple[int, str, int]] = set()
    for moment, report in _moments(waiting, reports, until):
        if len(found) == most:
            break
        brands = _brands_from(report, moment, told)
        if brands:
            found.append(SoonOpen(report.cycle, moment, brands))
    return found


def _moments(
    grants: Iterable[SharingGrant], reports: Iterable[Report], until: datetime
) -> list[tuple[datetime, Report]]:
    """When one of the grants may open the newest version of a cycle's report, the soonest first."""
    newest: dict[int, Report] = {}
    for report in reports:
        if report.state in OPEN_TO_BRANDS and (
            report.cycle not in newest or newest[report.cycle].version < report.version
        ):
            newest[report.cycle] = report
    pairs = {(opens_at(grant, newest[cycle]), cycle) for grant in grants for cycle in newest if covers(grant, cycle)}
    return [(moment, newest[cycle]) for moment, cycle in sorted(pairs) if timezone.now() < moment <= until]


def _brands_from(report: Report, moment: datetime, told: set[tuple[int, str, int]]) -> list[Brand]:
    """The brands that read the report at a moment and neither now nor since one that was `told`, by name."""
    brands: dict[int, Brand] = {}
    told |= {(report.cycle, grant.scope, grant.brand_id) for grant in grants_reading(report)}
    for grant in grants_reading(report, moment).filter(scope__in=ASSESSMENT_SCOPES):
        if (report.cycle, grant.scope, grant.brand_id) not in told:
            told.add((report.cycle, grant.scope, grant.brand_id))
            brands[grant.brand_id] = grant.brand
    return sorted(brands.values(), key=lambda brand: brand.name)


def openings_in_words(*, person: Visitor, factory: Factory, cycle: int) -> str:
    """To whom the report of one cycle is open and to whom it opens when, in a few sentences; empty for nobody."""
    now, later = [], []
    for one in openings_of(person=person, factory=factory):
        if any(line.report.cycle == cycle for line in one.open):
            now.append(one.brand.name)
        days = [line.at for line in one.waiting if line.report.cycle == cycle and line.at is not None]
        later += [f"{one.brand.name} ({date_format(timezone.localtime(day), 'DATE_FORMAT')})" for day in days[:1]]
    sentences = []
    if now:
        sentences.append(_("It is open to %s.") % ", ".join(now))
    if later:
        sentences.append(_("It opens to these on the day named, unless you keep it back: %s.") % ", ".join(later))
    return " ".join(sentences)
