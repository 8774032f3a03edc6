"""When the reports of a factory open, brand by brand: waiting, held, open. For the factory's side only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import BigIntegerField, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.models import Assessment
from brands.models import Brand
from factories.models import Factory
from factories.rights import member_may
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor
from portal.core.compiled import Key
from portal.core.days import in_words
from portal.core.listing import joined
from portal.disclosure.previews import Line, Sight, lines_of, reports_of, sight_of, unsubscribed
from sharing.access import ASSESSMENT_SCOPES, OPEN_TO_BRANDS
from sharing.access.positions import Position, positions
from sharing.access.publication import ReportState
from sharing.models import SharingGrant, WithheldReport
from sharing.terms import covers, opens_at


@dataclass(frozen=True)
class BrandOpenings:
    """One brand with the reports that open to it later, are open, are held, and may still be held.

    `unsubscribed`: the cycles that are closed to it only because it has no subscription to them. `is_shared`: whether
    the factory shares anything with it, now or later.
    """

    brand: Brand
    waiting: list[Line]
    open: list[Line]
    withheld: list[WithheldReport] = field(default_factory=list)
    upcoming: list[int] = field(default_factory=list)
    unsubscribed: list[int] = field(default_factory=list)
    is_shared: bool = True


def _brands_with_access(person: Visitor, factory: Key) -> "QuerySet[SharingGrant, int]":
    grants = SharingGrant.objects.visible_to(person).filter(factory=factory).not_ended()
    return grants.order_by().values_list("brand", flat=True).distinct()


def _withheld_rows(person: Visitor, factory: Key) -> QuerySet[WithheldReport]:
    kept = WithheldReport.objects.visible_to(person).in_force().filter(factory=factory)
    return kept.select_related("withheld_by").order_by("-cycle", "pk")


_brands: Prepared[SharingGrant, int] = Prepared(_brands_with_access, factory=BigIntegerField())
_prepared_withheld: Prepared[WithheldReport, WithheldReport] = Prepared(_withheld_rows, factory=BigIntegerField())


def openings_of(*, person: Visitor, factory: Factory) -> list[BrandOpenings]:
    """Return the openings of each brand that the factory shares something with, or holds something for, by name."""
    withheld: dict[int, list[WithheldReport]] = {}
    for row in _prepared_withheld(person, factory=factory.pk):
        withheld.setdefault(row.brand_id, []).append(row)
    shared_with = set(_brands(person, factory=factory.pk))
    reports = reports_of(person, factory)
    places = positions(factory, {*shared_with, *withheld}, reports)
    return [
        replace(openings_for(place, reports, withheld.get(brand_id, [])), is_shared=brand_id in shared_with)
        for brand_id, place in places.items()
    ]


def once_allowed(*, person: Visitor, kept: WithheldReport) -> Line | None:
    """Return what the brand can read first of a held report once it is allowed, and when; None: nothing is known."""
    reports = [one for one in reports_of(person, kept.factory) if one.cycle == kept.cycle]
    position = positions(kept.factory, [kept.brand_id], reports)[kept.brand_id]
    sight = sight_of(replace(position, withheld=position.withheld - {kept.cycle}), reports)
    lines = lines_of(sight, list(sight.times))
    return min(lines, key=lambda line: line.at or timezone.now(), default=None)


def openings_for(position: Position, reports: Sequence[Assessment], withheld: list[WithheldReport]) -> BrandOpenings:
    """Return the openings of the brand of a position; `withheld` are its rows that are in force."""
    sight = sight_of(position, reports)
    in_review = {report.cycle for report in reports if report.state not in OPEN_TO_BRANDS}
    covered = {cycle for cycle in in_review if any(covers(grant, cycle) for grant in position.opening_grants())}
    return BrandOpenings(
        brand=position.brand,
        waiting=waiting_lines(sight),
        open=lines_of(sight, [key for key, moment in sight.times.items() if moment is None]),
        withheld=withheld,
        upcoming=sorted(covered - position.withheld),
        unsubscribed=unsubscribed(position, reports),
    )


def waiting_lines(sight: Sight) -> list[Line]:
    """Return what opens later, the soonest first."""
    lines = lines_of(sight, [key for key, moment in sight.times.items() if moment is not None])
    return sorted(lines, key=lambda line: line.at or timezone.now())


@dataclass(frozen=True)
class SoonOpen:
    """A cycle whose report opens on a day, and the brands to which it does."""

    cycle: int
    at: datetime
    brands: list[Brand]


def opening_soon(
    *, factory: Factory, grants: Iterable[SharingGrant], reports: Iterable[Assessment], until: datetime
) -> list[SoonOpen]:
    """Return the openings before `until`, the soonest first, each with its brands: for the first page.

    `grants` and `reports` are the factory's, as its reader sees them. It takes two queries where a report may open, and
    none elsewhere, however many brands wait.
    """
    published = [one for one in reports if one.state == ReportState.PUBLISHED]
    brand_ids = {grant.brand_id for grant in grants if _may_open(grant, published, until)}
    found: dict[tuple[datetime, int], list[Brand]] = {}
    places = positions(factory, brand_ids).values() if brand_ids else []
    for place in places:
        lines = waiting_lines(sight_of(place, published))
        for at, cycle in {(line.at, line.report.cycle) for line in lines if line.at is not None and line.at <= until}:
            found.setdefault((at, cycle), []).append(place.brand)
    return [SoonOpen(cycle, at, found[at, cycle]) for at, cycle in sorted(found)]


def _may_open(grant: SharingGrant, reports: Iterable[Assessment], until: datetime) -> bool:
    """Return whether the grant may open one of the reports after now and before `until`."""
    if grant.scope not in ASSESSMENT_SCOPES or grant.is_over:
        return False
    return any(
        timezone.now() < opens_at(grant, report.first_published_at or grant.valid_from) <= until
        for report in reports
        if covers(grant, report.cycle)
    )


def openings_in_words(*, person: Visitor, factory: Factory, cycle: int) -> str:
    """Say to whom the report of one cycle is open and to whom it opens when, in a few sentences; empty for nobody."""
    now, later = [], []
    for one in openings_of(person=person, factory=factory):
        if any(line.report.cycle == cycle for line in one.open):
            now.append(one.brand.name)
        days = [line.at for line in one.waiting if line.report.cycle == cycle and line.at is not None]
        later += [f"{one.brand.name} ({in_words(day, factory)})" for day in days[:1]]
    sentences = []
    if now:
        sentences.append(_("It is visible to %s now.") % joined(now))
    if later:
        text = _("These brands will see it from the day in brackets: %s.")
        if member_may(person, "manage_sharing", factory.pk):
            text = _("These brands will see it from the day in brackets, unless you hold it: %s.")
        sentences.append(text % joined(later))
    return " ".join(sentences)
