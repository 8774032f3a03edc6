"""The position of a factory and a brand: grants, withheld reports, subscriptions; and the decision made from these.

`Position.opens_at` is the Python form of `access.conditions.grants_opening`, for pages that show what is open, what
opens when, and what a decision would change: all of it from a few statements, whatever the number of reports and
brands. It also works for what is not stored (a grant that somebody is about to give).
`tests/sharing/test_preview_property.py` checks that the two forms give the same answers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from brands.models import Brand
from factories.models import Factory
from sharing import terms
from sharing.access.conditions import OpenedAt
from sharing.access.publication import Subject, is_out
from sharing.grants.ends import End
from sharing.models import SharingGrant, Subscription, WithheldReport
from sharing.scopes import ASSESSMENT_SCOPES, OFFERED_SCOPES
from sharing.terms import Status

# A grant, and the report of a cycle by its first publication.
ReportKey = tuple[UUID, int, datetime]


@dataclass(frozen=True)
class Position:
    """A factory and one brand now. `grants`: of every kind, ended ones too, the oldest first; decisions append to it.

    `withheld` and `subscribed` are cycles. `opened`: when the reports that have replaced versions first opened under
    which grant (`access.conditions.OpenedAt`).
    """

    factory: Factory
    brand: Brand
    grants: list[SharingGrant]
    withheld: frozenset[int]
    subscribed: frozenset[int]
    opened: dict[ReportKey, datetime] = field(default_factory=dict)

    def open_grants(self, scope: str) -> list[SharingGrant]:
        """Return the grants of one kind that were not ended: the given one, and a change that waits to be confirmed."""
        return [one for one in self.grants if one.scope == scope and one.ended_at is None]

    def grant(self, key: UUID) -> SharingGrant:
        """Return one of the grants, as it is now."""
        return next(one for one in self.grants if one.pk == key)

    def standing_grant(self, scope: str) -> SharingGrant | None:
        """Return the grant of one kind that has not ended or expired: a given one rather than one that waits."""
        return _running(self.open_grants(scope))

    def opening_grants(self) -> list[SharingGrant]:
        """Return the grants that open reports: now, from a later day on, or once a second person confirms them."""
        grants = [one for scope in ASSESSMENT_SCOPES for one in self.open_grants(scope)]
        return [one for one in grants if one.status() is not Status.EXPIRED]

    def with_successors(self, grant: SharingGrant) -> list[SharingGrant]:
        """Return a grant and those that replaced it or would have, one change after the other."""
        chain, after = [grant], {one.follows_id: one for one in self.grants if one.follows_id}
        while successor := after.get(chain[-1].pk):
            chain.append(successor)
        return chain

    def successor(self, grant: SharingGrant) -> SharingGrant | None:
        """Return the successor of a changed or undone grant, unless ended or expired.

        A given one rather than one that waits.
        """
        return _running(self.with_successors(grant)) if grant.end_code in {End.CHANGED, End.UNDONE} else None

    def stopped_grants(self) -> list[SharingGrant]:
        """Return the grants that the factory stopped and has not replaced since: at most one of each kind it can share.

        It is what was decided last about that kind, apart from what was undone: nothing after it was refused, dropped
        or expired. Where a given grant and a change of it ended together, it is the given one.
        """
        kept = [one for one in self.grants if one.end_code != End.UNDONE]
        kinds = [scope for scope in OFFERED_SCOPES if self.standing_grant(scope) is None]
        last = [max(own, key=_end) for scope in kinds if (own := [one for one in kept if one.scope == scope])]
        return [one for one in last if one.end_code == End.STOPPED and not one.ended_by_expiry]

    @property
    def needs_subscription(self) -> bool:
        """Whether the brand reads nothing of a cycle without a subscription to it (R6)."""
        return self.factory.programme.participants_need_subscription and self.brand.kind != Brand.Kind.PARTNER

    def is_entitled(self, cycle: int) -> bool:
        """Return whether the brand is active, and a partner or subscribed where the country asks for that (R6)."""
        return self.brand.is_active and (not self.needs_subscription or cycle in self.subscribed)

    def opens_at(self, report: Subject, scope: str, at: datetime) -> datetime | None:
        """Return the first moment from `at` on at which a version is open to the brand, if nothing else changes.

        `at` itself where it is open then; None: never.
        """
        moments = [(grant, max(moment, at)) for grant, moment in self._openings(report, scope)]
        return min((moment for grant, moment in moments if terms.is_in_force(grant, moment)), default=None)

    def open_since(self, report: Subject, scope: str, at: datetime) -> datetime:
        """Return since when a version has been open to the brand that is open to it at a moment."""
        moments = [moment for grant, moment in self._openings(report, scope) if terms.is_in_force(grant, at)]
        return min([*moments, at])

    def _openings(self, report: Subject, scope: str) -> list[tuple[SharingGrant, datetime]]:
        """Return the grants that open a version, each with the moment: while the grant is in force, from then on."""
        published = report.first_published_at
        if not is_out(report, None) or published is None or not self._is_free(report.cycle):
            return []
        grants = [one for one in self.grants if one.scope == scope and terms.covers(one, report.cycle)]
        return [(one, terms.opens_at(one, published)) for one in grants if self._had(one, report, published)]

    def _is_free(self, cycle: int) -> bool:
        return cycle not in self.withheld and self.is_entitled(cycle)

    def _had(self, grant: SharingGrant, report: Subject, published: datetime) -> bool:
        """Return whether a version is current, or was replaced after its report had opened by the grant (R51)."""
        if report.superseded_at is None:
            return True
        opened = self.opened.get((grant.pk, report.cycle, published))
        return opened is not None and opened < report.superseded_at


def _end(grant: SharingGrant) -> tuple[datetime, bool]:
    return grant.ends_at or grant.created_at, grant.is_confirmed


def _running(grants: Iterable[SharingGrant]) -> SharingGrant | None:
    """Return the grant among these that has not ended or expired: a given one rather than one that waits."""
    running = [one for one in grants if not one.is_over]
    return min(running, key=lambda grant: not grant.is_confirmed, default=None)


def positions(
    factory: Factory,
    brand_ids: Iterable[int],
    reports: Sequence[Subject] = (),
    grants: "QuerySet[SharingGrant] | None" = None,
    brands: "QuerySet[Brand] | None" = None,
) -> dict[int, Position]:
    """Return the position of `factory` (with its programme loaded) and each of these brands, by id, sorted by name.

    Two statements, and one more where one of the `reports` that will be asked about is a replaced version. `grants` and
    `brands` are the rows to use, where they should come with more. For the factory and the staff only (docs/rules.md,
    invariant 3).
    """
    here: dict[str, object] = {"factory": factory, "brand": OuterRef("pk")}
    withheld = WithheldReport.objects.in_force().filter(**here).values("cycle")
    rows: Any = (Brand.objects.all() if brands is None else brands).filter(pk__in=list(brand_ids))
    rows = rows.annotate(
        withheld_cycles=ArraySubquery(withheld),
        subscribed_cycles=ArraySubquery(Subscription.objects.in_force().filter(**here).values("cycle")),
    )
    found = {
        brand.pk: Position(factory, brand, [], frozenset(brand.withheld_cycles), frozenset(brand.subscribed_cycles))
        for brand in rows.order_by("name", "pk")
    }
    _add_grants(found, SharingGrant.objects.all() if grants is None else grants, factory)
    _add_openings(found, reports, factory)
    return found


def _add_grants(found: dict[int, Position], grants: "QuerySet[SharingGrant]", factory: Factory) -> None:
    by_key: dict[UUID, SharingGrant] = {}
    for grant in grants.filter(factory=factory, brand__in=list(found)).order_by("created_at", "pk"):
        position = found[grant.brand_id]
        grant.factory, grant.brand = factory, position.brand
        position.grants.append(grant)
        by_key[grant.pk] = grant
    for grant in by_key.values():
        if grant.replaces_id in by_key:
            grant.replaces = by_key[grant.replaces_id]


def _add_openings(found: dict[int, Position], reports: Iterable[Subject], factory: Factory) -> None:
    """Add when the reports that have replaced versions opened under the grants that nobody ended."""
    replaced = sorted(
        {(one.cycle, one.first_published_at) for one in reports if one.superseded_at and one.first_published_at}
    )
    if not replaced or not any(position.opening_grants() for position in found.values()):
        return
    grants = SharingGrant.objects.filter(factory=factory, brand__in=list(found), ended_at=None)
    columns = {
        f"opened_{number}": OpenedAt("pk", cycle, published) for number, (cycle, published) in enumerate(replaced)
    }
    rows = grants.filter(scope__in=ASSESSMENT_SCOPES).annotate(**columns)
    for key, brand_id, *moments in rows.values_list("pk", "brand_id", *columns):
        found[brand_id].opened.update(
            {(key, *report): moment for report, moment in zip(replaced, moments, strict=True) if moment is not None}
        )
