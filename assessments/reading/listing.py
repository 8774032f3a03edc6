"""The list "Shared with us": each report once, in its current version, in the order of their opening, newest first.

Its cost depends on what the reader may see, not on the size of the programme: the index of visibility proposes reports
in their order, and each is checked for access and against the filters, until the page is full.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, DateTimeField, F, OuterRef, Q, QuerySet, Value
from django.utils import timezone

from assessments.figures.queries import has_non_compliance_in, with_figures
from assessments.models import Assessment
from assessments.reading.scopes import with_note
from assessments.visits.models import AssessmentQuerySet
from factories.models import named
from portal.accounts.models import HeldPermission, User
from portal.accounts.prepared import ANYBODY
from portal.accounts.roles import Visitor
from portal.core.compiled import AnyField, Compiled, Parameter, prepared_once
from portal.core.conditions import ExistsRowByRow
from portal.core.pages import rows_after
from portal.ui.lists import capped, capped_count
from sharing import access
from sharing.grants.undo import watched_since
from sharing.models import SearchRecord, Visibility
from sharing.records.services import settle_listed
from sharing.searches.services import record_search

LISTED = ("-opens_at", "-report_id")
Narrow = Callable[[AssessmentQuerySet], AssessmentQuerySet]
COLUMNS = {"country": "factory__programme__country", "factory": "factory", "cycle": "cycle", "year": "start_date__year"}


def narrowed(rows: AssessmentQuerySet, wanted: Mapping[str, Any], reader: Visitor) -> AssessmentQuerySet:
    """Return the rows that match every filter, as far as `reader` may see what it filters by.

    `wanted` may hold `search` (words of a factory's names or its Better Work ID), `cluster` (not compliant in it), and
    the keys of `COLUMNS`; empty values are ignored. A cluster that does not exist finds nothing, like one that occurs
    in nothing that the reader may see: the two look alike. Raises `TypeError` for a name that is not a filter.
    """
    asked = {name for name, value in wanted.items() if value}
    if unknown := asked - {"search", "cluster", *COLUMNS}:
        raise TypeError(f"Nothing narrows a list by {', '.join(sorted(unknown))}: say in `COLUMNS` or here what does.")
    if words := wanted.get("search"):
        rows = rows.filter(named(words, "factory__"))
    if cluster := wanted.get("cluster"):
        rows = rows.filter(has_non_compliance_in(cluster, reader))
    return rows.filter(**{column: wanted[name] for name, column in COLUMNS.items() if wanted.get(name)})


def listed(user: Visitor) -> AssessmentQuerySet:
    """Return the current version of each report shared with the brands that `user` reads for; order it by `LISTED`.

    Each has `opens_at`: when it became visible, and `brand_id`: to which brand.
    """
    return _listed(user, access.brands_read_for(user, access.ASSESSMENT_SCOPES))


def _shown(rows: AssessmentQuerySet, user: Visitor) -> AssessmentQuerySet:
    """Return rows with what the list shows of each: open scopes, figures, its correction's note, factory, programme."""
    opened = rows.annotate(open_scopes=access.scopes_shared(user))
    noted = with_note(opened, Assessment.objects.shared_with(user))
    return with_figures(noted).select_related("factory__programme")


def _listed(user: Visitor, brands: Sequence[object]) -> AssessmentQuerySet:
    return _proposed(user, brands).shared_with(user)


def _proposed(user: Visitor, brands: Sequence[object]) -> AssessmentQuerySet:
    """Return what the index proposes for the list; access is still to be checked.

    The index has nothing of a decision that is not made: then it is what was worked out.
    """
    if isinstance(user, access.AsBrandAfter):
        rows = Assessment.objects.filter(state=Assessment.State.PUBLISHED)
        return rows.annotate(opens_at=access.opened_after(user), brand_id=Value(user.brand.pk))
    proposed = access.proposed_to(user, brands, "proposal__")
    rows = Assessment.objects.filter(proposed, state=Assessment.State.PUBLISHED)
    rows = rows.alias(proposed_scope=F("proposal__scope"))
    rows = rows.annotate(opens_at=F("proposal__opens_at"), brand_id=F("proposal__brand"))
    return rows.filter(_is_first(user, brands))


def _is_first(user: Visitor, brands: Sequence[object]) -> Q:
    """Return the condition that no row of a wider scope, or of another brand, lists the same report already."""
    same = Visibility.objects.filter(access.proposed_to(user, brands), report=OuterRef("report"))
    condition, is_one_brand = Q(pk__in=[]), len(brands) == 1
    for place, scope in enumerate(access.ASSESSMENT_SCOPES):
        wider = Q(scope__in=access.ASSESSMENT_SCOPES[:place])
        earlier = wider if is_one_brand else wider | Q(scope=scope, brand__lt=OuterRef("brand_id"))
        is_alone = is_one_brand and place == 0
        is_first = Q() if is_alone else Q(~ExistsRowByRow(same.filter(earlier)))
        condition |= Q(is_first, proposed_scope=scope)
    return condition


class SharedRows:
    """The list as it is shown, whole or filtered; call it for a page of it (`portal.core.pages.Fetch`).

    The whole list of somebody who reads for one brand, which is nearly everybody, is queried by statements that are put
    into SQL once per process; every other list by the queryset.
    """

    def __init__(self, user: Visitor, narrow: Narrow | None = None) -> None:
        self._user, self._narrow = user, narrow
        is_worked_out = isinstance(user, access.AsBrandAfter)
        self._brands = [] if is_worked_out else access.brands_read_for(user, access.ASSESSMENT_SCOPES)
        self._is_prepared = narrow is None and isinstance(user, User) and len(self._brands) == 1

    def __call__(self, order: Sequence[str], values: Sequence[object] | None, most: int) -> list[Assessment]:
        """Return the first `most` rows in an order, after the values of its columns (None: from the start).

        Rows that opened just now settle the grants that opened them. That and an undo are in some order: what was
        undone first is not among the rows.
        """
        rows, known = self._load(order, values, most), set[UUID]()
        while (news := self._settled_by(rows)) - known:
            known |= news
            rows = self._load(order, values, most)
        return rows

    def _settled_by(self, rows: Iterable[Any]) -> set[UUID]:
        since = watched_since(timezone.now())
        factories = {row.factory_id for row in rows if row.opens_at > since}
        return settle_listed(self._user, factories) if factories else set()

    def _load(self, order: Sequence[str], values: Sequence[object] | None, most: int) -> list[Assessment]:
        if not self._is_prepared:
            return list(rows_after(_shown(self._rows(), self._user), order, values, most))
        columns = (name.removeprefix("-") for name in order)
        return _page(tuple(order), values is not None, most).objects(
            **self._reader, **dict(zip(columns, values or (), strict=False))
        )

    def count(self) -> int:
        """Return how many there are, counted no further than one past the limit of lists."""
        return _count().count(**self._reader) if self._is_prepared else capped_count(self._rows())

    def opened(self, most: int) -> list[datetime]:
        """Return when the first `most` of them became visible, the newest first."""
        if not self._is_prepared:
            return list(_openings(self._rows(), most))
        return [row[0] for row in _newest(most).rows(**self._reader)]

    def _rows(self) -> AssessmentQuerySet:
        rows = _listed(self._user, self._brands)
        return rows if self._narrow is None else self._narrow(rows)

    @property
    def _reader(self) -> dict[str, object]:
        return {"user": self._user.pk, "brand": self._brands[0]}


# The brand: a parameter of the statements below, besides the reader.
BRAND = Parameter("brand", BigIntegerField())
VALUES: dict[str, AnyField] = {"opens_at": DateTimeField(), "report_id": BigIntegerField()}


@prepared_once
def _page(order: tuple[str, ...], is_later: bool, most: int) -> Compiled[Assessment, Assessment]:
    """Return the statement of a page: the first one, or one after (`is_later`) values of `LISTED`'s columns.

    Access is checked once for each row: which scopes are open, and not whether any is as well.
    """
    names = [name.removeprefix("-") for name in order]
    values = [Parameter(name, VALUES[name]) for name in names] if is_later else None
    rows = rows_after(_shown(_proposed(ANYBODY, [BRAND]), ANYBODY), order, values, None)
    return Compiled(rows, kept=f"cardinality(open_scopes) > 0 LIMIT {most:d}")


@prepared_once
def _count() -> Compiled[Assessment, object]:
    return Compiled(capped(_listed(ANYBODY, [BRAND])))


@prepared_once
def _newest(most: int) -> Compiled[Assessment, datetime]:
    return Compiled(_openings(_listed(ANYBODY, [BRAND]), most))


def _openings(rows: AssessmentQuerySet, most: int) -> "QuerySet[Assessment, datetime]":
    return rows.order_by(*LISTED).values_list("opens_at", flat=True)[:most]  # type: ignore[misc]


def near(user: Visitor) -> Q:
    """Return a condition that all assessments fulfil which `user` may read, for a list that checks access to each.

    For somebody who only reads for brands, it selects the versions of the reports that the index proposes, so that the
    cost of the list depends on what they may read. For everybody else it selects all of them.
    """
    sides = set(HeldPermission.objects.filter(user=user.pk or 0).values_list("kind", flat=True).distinct())
    if sides - {"brand"}:
        return Q()
    proposed = access.proposed_to(user, access.brands_read_for(user, access.ASSESSMENT_SCOPES))
    return Q(report__in=Visibility.objects.filter(proposed).values("report"))


def brands_shown(user: Visitor, assessments: Iterable[Assessment]) -> dict[int, int]:
    """Return, by report, the brand for which `user` reads the assessments that a list names."""
    brands = access.brands_read_for(user, access.ASSESSMENT_SCOPES)
    if not brands:
        return {}
    reports = [one.report_id for one in assessments if one.report_id]
    rows = Visibility.objects.filter(access.proposed_to(user, brands), report__in=reports)
    return dict(rows.order_by("-brand").values_list("report", "brand"))


def record_filter(by: User, cluster: str | None, page: Iterable[object], brands: Mapping[int, int]) -> None:
    """Record in who-saw-what which factories a page named because it was filtered by a cluster (G5), if it was.

    `brands`: for which brand each report was read, as in `record_search`. What a brand looked for among all that it may
    read is settled, also what the page does not name.
    """
    if cluster:
        settle_listed(by)
        record_search(by=by, condition=SearchRecord.Condition.CLUSTER, about=cluster, named=page, brands=brands)
