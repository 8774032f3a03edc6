"""What a brand sees of a factory, when the rest opens, and what a change of consent adds or takes away.

All of it is asked of the brand's own path (`access.AsBrand`), never worked out from terms: a change is made, looked
at as the brand would, and undone, in one transaction. What is shown before a decision is what the decision does.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Protocol
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.accounts.roles import Visitor
from sharing import terms
from sharing.access import ASSESSMENT_SCOPES, OPEN_TO_BRANDS, AsBrand, Subject
from sharing.models import AccessRequest, Scope, SharingGrant, WithheldReport
from sharing.services import CLOCKS_DIFFER, Terms, approve_request, change_grant, grant_access
from sharing.services.grants import open_grants


class Report(Subject, Protocol):
    """A report as a factory knows it: released to it, or published."""

    pk: UUID
    version: int


@dataclass(frozen=True)
class Shelf:
    """What this layer asks about reports; the layer above, which has them, sets it (`use_shelf`).

    `released(person, factory)`: those released to the factory, newest first, as far as the person may see them.
    `open_to(visitor, scope, at)`: the ids of those that a visitor may read in a scope, now or at a moment.
    """

    released: Callable[[Visitor, Factory], Sequence[Report]]
    open_to: Callable[[Visitor, str, datetime | None], Collection[UUID]]


_shelves: list[Shelf] = []


def use_shelf(shelf: Shelf) -> None:
    """Say where the reports are."""
    _shelves[:] = [shelf]


def reports_of(person: Visitor, factory: Factory) -> Sequence[Report]:
    """The reports released to the factory that `person` may see, newest cycle first."""
    return _shelves[0].released(person, factory)


Key = tuple[UUID, str]


@dataclass(frozen=True)
class Sight:
    """What one brand may read of a factory: (report, scope) -> None where it is open, or the moment it opens."""

    reports: Sequence[Report]
    times: dict[Key, datetime | None]

    def is_open(self, key: Key) -> bool:
        """Whether it is open now."""
        return key in self.times and self.times[key] is None


def sight_of(*, factory: Factory, brand: Brand, reports: Sequence[Report]) -> Sight:
    """What `brand` reads of the factory's `reports` now, and which of them open to it later as its grants stand."""
    looker = AsBrand(brand, factory)
    out = [report for report in reports if report.state in OPEN_TO_BRANDS and report.published_at is not None]
    times: dict[Key, datetime | None] = {}
    for scope in ASSESSMENT_SCOPES:
        is_open = _shelves[0].open_to(looker, scope, None)
        times |= {(report.pk, scope): None for report in out if report.pk in is_open}
        times |= _waiting(looker, scope, [report for report in out if report.pk not in is_open])
    return Sight(reports, times)


def _waiting(looker: AsBrand, scope: str, reports: Iterable[Report]) -> dict[Key, datetime | None]:
    """When each of these opens: the moment its grant would let it, if the decision says so for that moment."""
    grants = SharingGrant.objects.filter(factory=looker.factory, brand=looker.brand, scope=scope).not_over()
    found: dict[Key, datetime | None] = {}
    for grant in grants if reports else ():
        moments = {report.pk: opens_at(grant, report) for report in reports}
        for moment in sorted(set(moments.values())):
            if moment < timezone.now() - CLOCKS_DIFFER:
                continue
            is_open = _shelves[0].open_to(looker, scope, moment)
            opening = [pk for pk, when in moments.items() if when == moment and pk in is_open]
            found |= {(pk, scope): _unless_now(moment) for pk in opening}
    return found


def opens_at(grant: SharingGrant, report: Report) -> datetime:
    """Return the moment from which `grant` opens a published report, if nothing else stands in the way."""
    return terms.opens_at(grant, report.first_published_at or grant.valid_from)


def _unless_now(moment: datetime) -> datetime | None:
    """Nothing for a moment that is now but for the clocks of two machines."""
    return moment if moment > timezone.now() + CLOCKS_DIFFER else None


@dataclass(frozen=True)
class Line:
    """One report with the kinds of data concerned; `at`: when it opens, or would have."""

    report: Report
    scopes: list[str]
    at: datetime | None = None

    def scope_labels(self) -> list[str]:
        """The kinds of data, in words."""
        return [str(Scope(scope).label) for scope in self.scopes]


@dataclass(frozen=True)
class Difference:
    """What a change does for one brand: what opens at once, what opens on a day, what closes, what stays open.

    `cancels` would have opened later and does not any more; `upcoming` is with the factory for review now. With
    `needs_confirmation` all of it happens when a second person confirms it.
    """

    brand: Brand
    opens: list[Line] = field(default_factory=list)
    waits: list[Line] = field(default_factory=list)
    closes: list[Line] = field(default_factory=list)
    cancels: list[Line] = field(default_factory=list)
    stays: list[Line] = field(default_factory=list)
    kept_back: list[int] = field(default_factory=list)
    upcoming: list[int] = field(default_factory=list)
    needs_confirmation: bool = False

    @property
    def is_nothing_to_read(self) -> bool:
        """Whether the brand will find nothing to read for now."""
        return not (self.opens or self.stays)


def difference(brand: Brand, before: Sight, after: Sight) -> Difference:
    """What changed for `brand` from one sight to the other; a replaced version is left out beside its successor."""
    keys = [(report.pk, scope) for report in after.reports for scope in ASSESSMENT_SCOPES]

    def lines(fits: Callable[[Key], bool], times: Sight) -> list[Line]:
        return lines_of(times, [key for key in keys if fits(key)])

    def waits(sight: Sight, key: Key) -> bool:
        return sight.times.get(key) is not None

    return Difference(
        brand=brand,
        opens=lines(lambda key: after.is_open(key) and not before.is_open(key), after),
        waits=lines(lambda key: waits(after, key) and before.times.get(key) != after.times[key], after),
        closes=lines(lambda key: before.is_open(key) and not after.is_open(key), before),
        cancels=lines(lambda key: waits(before, key) and key not in after.times, before),
        stays=lines(lambda key: before.is_open(key) and after.is_open(key), after),
        upcoming=sorted({report.cycle for report in after.reports if report.state not in OPEN_TO_BRANDS}),
    )


def lines_of(sight: Sight, keys: Collection[Key]) -> list[Line]:
    """Some of a sight's (report, scope) pairs, a line for each report and moment, newest report first."""
    found: list[Line] = []
    for report in sight.reports:
        groups: dict[datetime | None, list[str]] = {}
        for scope in ASSESSMENT_SCOPES:
            if (report.pk, scope) in keys:
                groups.setdefault(sight.times.get((report.pk, scope)), []).append(scope)
        found += [Line(report, scopes, at) for at, scopes in groups.items()]
    return [line for line in found if not _is_outdone(line, found)]


def _is_outdone(line: Line, lines: Iterable[Line]) -> bool:
    """Whether a newer version of the same cycle stands in the same list, with the same kinds of data."""
    return any(
        other.report.cycle == line.report.cycle
        and other.report.version > line.report.version
        and set(line.scopes) <= set(other.scopes)
        for other in lines
    )


@contextmanager
def undone() -> Iterator[None]:
    """What is written inside is taken back at the end: a trial. Errors come through."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def try_grants(*, by: User, factory: Factory, brand: Brand, scopes: Iterable[str], terms: Terms) -> list[SharingGrant]:
    """Grant, as if a second person had confirmed it where that is needed; only inside `undone`.

    Raises what `grant_access` raises.
    """
    return _as_if_confirmed(by, _give(by, factory, brand, scopes, terms))


def _give(by: User, factory: Factory, brand: Brand, scopes: Iterable[str], terms: Terms) -> list[SharingGrant]:
    return [grant_access(by=by, factory=factory, brand=brand, scope=scope, terms=terms) for scope in scopes]


def try_change(*, by: User, grant: SharingGrant, terms: Terms) -> None:
    """Change a grant, as if a second person had confirmed it; only inside `undone`. Raises what it raises."""
    _as_if_confirmed(by, _change(by, grant, terms))


def _change(by: User, grant: SharingGrant, terms: Terms) -> list[SharingGrant]:
    return [change_grant(by=by, grant=grant, terms=terms)]


def try_answer(*, by: User, request: AccessRequest, scopes: Sequence[str], terms: Terms) -> None:
    """Say yes to a request, as if a second person had confirmed it; only inside `undone`. Raises what it raises."""
    _as_if_confirmed(by, _approve(by, request, scopes, terms))


def _approve(by: User, request: AccessRequest, scopes: Sequence[str], terms: Terms) -> list[SharingGrant]:
    approve_request(by=by, request=request, scopes=scopes, terms=terms)
    return list(SharingGrant.objects.filter(requests=request))


def _as_if_confirmed(by: User, grants: list[SharingGrant]) -> list[SharingGrant]:
    for grant in grants:
        if grant.status() == "unconfirmed":
            before = open_grants(grant.factory_id, grant.brand_id, grant.scope).exclude(pk=grant.pk)
            now = timezone.now()
            before.update(ended_at=now, ended_by=by)
            SharingGrant.objects.filter(pk=grant.pk).update(confirmed_by=by, confirmed_at=now)
    return grants


def preview_grants(
    *, by: User, factory: Factory, brands: Iterable[Brand], scopes: Collection[str], terms: Terms
) -> list[Difference]:
    """For each brand, what sharing these kinds of data on these terms would do. Nothing is kept.

    Raises what `grant_access` raises.
    """
    return [_preview(by, factory, brand, partial(_give, by, factory, brand, scopes, terms)) for brand in brands]


def preview_change(*, by: User, grant: SharingGrant, terms: Terms) -> Difference:
    """What other terms for a grant would add and take away. Nothing is kept. Raises what `change_grant` raises."""
    return _preview(by, grant.factory, grant.brand, partial(_change, by, grant, terms))


def preview_answer(*, by: User, request: AccessRequest, scopes: Sequence[str], terms: Terms) -> Difference:
    """What a yes on these terms would add and take away. Nothing is kept. Raises what `approve_request` raises."""
    return _preview(by, request.factory, request.brand, partial(_approve, by, request, scopes, terms))


def _preview(by: User, factory: Factory, brand: Brand, decide: Callable[[], list[SharingGrant]]) -> Difference:
    """What a decision does, once a second person has confirmed it where that is needed."""
    reports = reports_of(by, factory)
    look = partial(sight_of, factory=factory, brand=brand, reports=reports)
    before = look()
    with undone():
        grants = decide()
        waits = any(grant.status() == "unconfirmed" for grant in grants)
        _as_if_confirmed(by, grants)
        after = look()
    kept_back = WithheldReport.objects.visible_to(by).in_force().filter(factory=factory, brand=brand)
    cycles = sorted(kept_back.values_list("cycle", flat=True))
    return replace(difference(brand, before, after), kept_back=cycles, needs_confirmation=waits)
