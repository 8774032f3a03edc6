"""Previews: what a brand sees of a factory, when the rest opens, and what a change of consent adds or takes away.

Nothing is written, locked or tried: a decision is worked out as the service works it out (`grants/services/outcomes`),
and what the brand could read after it is computed in the same way as what it can read now (`access.positions`).
"""

import copy
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db.models import BigIntegerField
from django.utils import timezone

from assessments.models import Assessment
from assessments.visits.models import AssessmentQuerySet
from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor
from portal.core.compiled import Key
from sharing import terms as rules
from sharing.access import ASSESSMENT_SCOPES, OPEN_TO_BRANDS, RELEASED_TO_FACTORY
from sharing.access.positions import Position, ReportKey
from sharing.access.publication import ReportState
from sharing.grants.services.outcomes import CLOCKS_DIFFER, Outcome, Terms, changing, end_of, granting
from sharing.grants.services.situation import Situation, situation_to_decide
from sharing.models import AccessRequest, Scope, SharingGrant
from sharing.requests.services.answering import approving
from sharing.terms import Status


def _released(person: Visitor, factory: Key) -> AssessmentQuerySet:
    visible = Assessment.objects.inside(person).filter(factory=factory, state__in=RELEASED_TO_FACTORY)
    return visible.order_by("-cycle", "-version")


_rows: Prepared[Assessment, Assessment] = Prepared(_released, factory=BigIntegerField())


def reports_of(person: Visitor, factory: Factory) -> list[Assessment]:
    """Return the reports released to the factory that `person`, of its people or staff, may see, newest cycle first."""
    return _rows(person, factory=factory.pk)


Pair = tuple[UUID, str]  # of a report's key and a scope


@dataclass(frozen=True)
class Sight:
    """The view of one brand on a factory: (report, scope) -> None where it is open, or the moment it opens."""

    reports: Sequence[Assessment]
    times: dict[Pair, datetime | None]

    def is_open(self, key: Pair) -> bool:
        """Return whether it is open now."""
        return key in self.times and self.times[key] is None


def sight_of(position: Position, reports: Sequence[Assessment]) -> Sight:
    """Return what the brand reads of the factory's `reports` now, and which open to it later if nothing changes."""
    now = timezone.now()
    times: dict[Pair, datetime | None] = {}
    for report in reports:
        for scope in ASSESSMENT_SCOPES:
            moment = position.opens_at(report, scope, now)
            if moment is not None:
                times[report.pk, scope] = None if _is_now(moment, now) else moment
    return Sight(reports, times)


def _is_now(moment: datetime, now: datetime) -> bool:
    return moment <= now + CLOCKS_DIFFER


def open_versions(position: Position, reports: Sequence[Assessment]) -> dict[str, dict[UUID, datetime]]:
    """Return, for each scope, which of the `reports` the brand reads now, and since when each is open to it."""
    now = timezone.now()
    found: dict[str, dict[UUID, datetime]] = {scope.value: {} for scope in ASSESSMENT_SCOPES}
    for report in reports:
        for scope, versions in found.items():
            moment = position.opens_at(report, scope, now)
            if moment is not None and _is_now(moment, now):
                versions[report.pk] = position.open_since(report, scope, moment)
    return found


def unsubscribed(position: Position, reports: Sequence[Assessment]) -> list[int]:
    """Return the cycles of `reports` that the brand would read now or later, if it were subscribed to them (R6)."""
    if not position.needs_subscription:
        return []
    bought = replace(position, subscribed=frozenset(report.cycle for report in reports))
    missing = sight_of(bought, reports).times.keys() - sight_of(position, reports).times.keys()
    return sorted({report.cycle for report in reports for key, _scope in missing if report.pk == key})


@dataclass(frozen=True)
class Line:
    """One report with the kinds of data concerned; `at`: when it opens, or would have."""

    report: Assessment
    scopes: list[str]
    at: datetime | None = None

    def scope_labels(self) -> list[str]:
        """Return the kinds of data, in words."""
        return [str(Scope(scope).label) for scope in self.scopes]


@dataclass(frozen=True)
class Difference:
    """The effects of a change for one brand: what opens at once, what opens on a day, what closes, what stays open.

    `still_waits` lists what opens on the same day as before; `cancels` what would have opened later and no longer will;
    `upcoming` the cycles that are with the factory for review now; `published` the cycles whose report is published.
    `unsubscribed`: the cycles that stay closed because the brand has no subscription to them. With
    `needs_confirmation` all of it happens when a second person confirms it.
    """

    brand: Brand
    opens: list[Line] = field(default_factory=list)
    waits: list[Line] = field(default_factory=list)
    closes: list[Line] = field(default_factory=list)
    cancels: list[Line] = field(default_factory=list)
    stays: list[Line] = field(default_factory=list)
    still_waits: list[Line] = field(default_factory=list)
    withheld: list[int] = field(default_factory=list)
    upcoming: list[int] = field(default_factory=list)
    published: list[int] = field(default_factory=list)
    unsubscribed: list[int] = field(default_factory=list)
    needs_subscription: bool = False
    needs_confirmation: bool = False

    @property
    def is_nothing_to_read(self) -> bool:
        """True when the brand will find nothing to read for now."""
        return not (self.opens or self.stays)


def difference(brand: Brand, before: Sight, after: Sight) -> Difference:
    """Return what changes for `brand` between two sights; a replaced version is left out beside its successor."""
    keys = [(report.pk, scope) for report in after.reports for scope in ASSESSMENT_SCOPES]

    def lines(fits: Callable[[Pair], bool], times: Sight) -> list[Line]:
        return lines_of(times, [key for key in keys if fits(key)])

    def waits(sight: Sight, key: Pair) -> bool:
        return sight.times.get(key) is not None

    return Difference(
        brand=brand,
        opens=lines(lambda key: after.is_open(key) and not before.is_open(key), after),
        waits=lines(lambda key: waits(after, key) and before.times.get(key) != after.times[key], after),
        closes=lines(lambda key: before.is_open(key) and not after.is_open(key), before),
        cancels=lines(lambda key: waits(before, key) and key not in after.times, before),
        stays=lines(lambda key: before.is_open(key) and after.is_open(key), after),
        still_waits=lines(lambda key: waits(after, key) and before.times.get(key) == after.times[key], after),
        upcoming=sorted({report.cycle for report in after.reports if report.state not in OPEN_TO_BRANDS}),
        published=sorted({report.cycle for report in after.reports if report.state == ReportState.PUBLISHED}),
    )


def lines_of(sight: Sight, keys: Collection[Pair]) -> list[Line]:
    """Return some of a sight's (report, scope) pairs, an entry for each report and moment, newest report first."""
    found: list[Line] = []
    for report in sight.reports:
        groups: dict[datetime | None, list[str]] = {}
        for scope in ASSESSMENT_SCOPES:
            if (report.pk, scope) in keys:
                groups.setdefault(sight.times.get((report.pk, scope)), []).append(scope)
        found += [Line(report, scopes, at) for at, scopes in groups.items()]
    return [line for line in found if not _is_outdone(line, found)]


def _is_outdone(line: Line, lines: Iterable[Line]) -> bool:
    """Return whether a newer version of the same cycle is in the same list, with the same kinds of data."""
    return any(
        other.report.cycle == line.report.cycle
        and other.report.version > line.report.version
        and set(line.scopes) <= set(other.scopes)
        for other in lines
    )


def preview_grants(
    *, by: User, factory: Factory, brands: Collection[Brand], scopes: Collection[str], terms: Terms
) -> list[Difference]:
    """Return for each brand what sharing this data on these terms would do. Raises what `grant_access` raises."""
    reports = reports_of(by, factory)
    situation = situation_to_decide(by, factory, [brand.pk for brand in brands], reports)
    found = []
    for brand in brands:
        position = situation.of(brand.pk)
        outcomes = [granting(situation, position, scope, terms) for scope in scopes]
        found.append(effect_of(situation, position, reports, outcomes))
    return found


def preview_change(*, by: User, grant: SharingGrant, terms: Terms) -> Difference:
    """Return what other terms for a grant would add and take away. Raises what `change_grant` raises."""
    reports = reports_of(by, grant.factory)
    situation = situation_to_decide(by, grant.factory, [grant.brand_id], reports)
    position = situation.of(grant.brand_id)
    return effect_of(situation, position, reports, [changing(situation, position, position.grant(grant.pk), terms)])


def preview_confirmation(*, position: Position, reports: Sequence[Assessment], grant: SharingGrant) -> Difference:
    """Return what a grant that waits opens and closes once a second person confirms it. No query."""
    return _effect(position, reports, [Outcome(position.grant(grant.pk))], timezone.now())


@dataclass(frozen=True)
class Answer:
    """The effects of approving a request: what it changes for the brand, and how, for each kind of data.

    `position` and `sight` are those before it.
    """

    position: Position
    sight: Sight
    difference: Difference
    outcomes: dict[str, Outcome]
    standing: dict[str, SharingGrant | None]


def preview_answer(*, by: User, request: AccessRequest, scopes: Sequence[str], terms: Terms) -> Answer:
    """Return what an approval on these terms would do. Raises what `approve_request` raises."""
    reports = reports_of(by, request.factory)
    situation = situation_to_decide(by, request.factory, [request.brand_id], reports)
    outcomes = approving(situation, request, scopes, terms)
    return answer_of(situation, situation.of(request.brand_id), reports, outcomes)


def answer_of(
    situation: Situation, position: Position, reports: Sequence[Assessment], outcomes: Sequence[Outcome]
) -> Answer:
    """Return the answer whose outcomes for a brand, kind by kind, are these."""
    return Answer(
        position,
        sight_of(position, reports),
        effect_of(situation, position, reports, outcomes),
        {outcome.grant.scope: outcome for outcome in outcomes},
        {outcome.grant.scope: position.standing_grant(outcome.grant.scope) for outcome in outcomes},
    )


def effect_of(
    situation: Situation, position: Position, reports: Sequence[Assessment], outcomes: Sequence[Outcome]
) -> Difference:
    """Return what outcomes do for a brand, once a second person has confirmed them where that is needed."""
    return _effect(position, reports, outcomes, situation.now)


def _effect(
    position: Position, reports: Sequence[Assessment], outcomes: Sequence[Outcome], now: datetime
) -> Difference:
    after = position_after_all(position, outcomes, now)
    told = difference(position.brand, sight_of(position, reports), sight_of(after, reports))
    return replace(
        told,
        withheld=sorted(position.withheld),
        unsubscribed=unsubscribed(after, reports),
        needs_subscription=position.needs_subscription,
        needs_confirmation=any(outcome.grant.status() is Status.UNCONFIRMED for outcome in outcomes),
    )


def position_after(position: Position, outcome: Outcome, now: datetime) -> Position:
    """Return the position of a factory and a brand after an outcome, once a second person has confirmed it."""
    grant, ends = outcome.grant, list(outcome.ends)
    given = next((one for one in position.open_grants(grant.scope) if one.is_confirmed and one != grant), None)
    if not grant.is_confirmed:
        grant = copy.copy(grant)
        grant.confirmed_at = end_of(given, now) if given is not None else now
        ends += [given] if given is not None and given not in ends else []
    over = {one.pk: _ended(one, now) for one in ends}
    grants = [over.get(one.pk, one) for one in position.grants if one.pk != grant.pk]
    after = replace(position, grants=[*grants, grant])
    if given is None or given.pk not in over or grant.replaces_id is None:
        return after
    return replace(after, opened=position.opened | _inherited(position, over[given.pk], grant))


def position_after_all(position: Position, outcomes: Iterable[Outcome], now: datetime) -> Position:
    """Return the position of a factory and a brand after several outcomes."""
    for outcome in outcomes:
        position = position_after(position, outcome, now)
    return position


def _ended(grant: SharingGrant, now: datetime) -> SharingGrant:
    ended = copy.copy(grant)
    ended.ended_at = end_of(grant, now)
    return ended


def _inherited(position: Position, before: SharingGrant, grant: SharingGrant) -> dict[ReportKey, datetime]:
    """Return when reports were first opened by the grant before, where this one takes its place without a gap (R51)."""
    if before.ends_at is None or before.ends_at < rules.starts_at(grant):
        return {}
    return {
        (grant.pk, cycle, published): moment
        for (key, cycle, published), moment in position.opened.items()
        if key == before.pk and rules.covers(before, cycle)
    }
