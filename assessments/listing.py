"""The list "Shared with us": each report that brands read once, by its current version, as they opened, newest first.

The cost follows what the reader may see, not the size of the programme: the index of visibility proposes reports in
their order, and of each the gate is asked, and what the list is narrowed by, until the page is full.
"""

from collections.abc import Sequence

from django.db.models import OuterRef, Q, QuerySet

from assessments.figures.queries import readable_scopes, with_figures
from assessments.models import Assessment
from assessments.querysets import AssessmentQuerySet
from portal.accounts.models import HeldPermission
from portal.accounts.roles import Visitor
from portal.core.conditions import ExistsRowByRow
from sharing import access
from sharing.models import Visibility

LISTED = ("-opens_at", "-report_id")


def current_shared_with(user: Visitor) -> AssessmentQuerySet:
    """Return the current versions that were shared with the brands `user` reads for."""
    return Assessment.objects.shared_with(user).filter(state=Assessment.State.PUBLISHED)


def listed(user: Visitor, narrowed: AssessmentQuerySet) -> QuerySet[Visibility]:
    """Return a row for each report of `narrowed`, which comes from `current_shared_with`; order it by `LISTED`."""
    brands = access.brands_read_for(user, access.ASSESSMENT_SCOPES)
    proposed = access.proposed_to(user, brands)
    in_list = narrowed.order_by().filter(report=OuterRef("report"))
    return proposed.filter(_is_first(proposed, is_one_brand=len(brands) == 1), ExistsRowByRow(in_list))


def _is_first(proposed: QuerySet[Visibility], *, is_one_brand: bool) -> Q:
    """Return the condition that no row of a wider scope, or of another brand, lists the same report already."""
    condition, same = Q(pk__in=[]), proposed.filter(report=OuterRef("report"))
    for place, scope in enumerate(access.ASSESSMENT_SCOPES):
        wider = Q(scope__in=access.ASSESSMENT_SCOPES[:place])
        earlier = wider if is_one_brand else wider | Q(scope=scope, brand__lt=OuterRef("brand"))
        is_alone = is_one_brand and place == 0
        is_first = Q() if is_alone else Q(~ExistsRowByRow(same.filter(earlier)))
        condition |= Q(is_first, scope=scope)
    return condition


def near(user: Visitor) -> Q:
    """Return a condition that all assessments fulfil which `user` may read, for a list that asks the gate of each.

    For somebody who reads for brands and is nothing else these are the versions of the reports that the index
    proposes, so that the list costs what they may read. For everybody else all of them.
    """
    sides = set(HeldPermission.objects.filter(user=user.pk or 0).values_list("kind", flat=True).distinct())
    if sides - {"brand"}:
        return Q()
    proposed = access.proposed_to(user, access.brands_read_for(user, access.ASSESSMENT_SCOPES))
    return Q(report__in=proposed.order_by().values("report"))


def assessments_of(user: Visitor, rows: Sequence[Visibility]) -> list[Assessment]:
    """Return the current versions of a page of `listed`, in its order, with `open_scopes`, factory and figures."""
    current = Assessment.objects.filter(state=Assessment.State.PUBLISHED, report__in=[row.report_id for row in rows])
    found = with_figures(current.annotate(open_scopes=access.scopes_shared(user))).select_related("factory__programme")
    of_report = {one.report_id: one for one in found if readable_scopes(one)}
    return [of_report[row.report_id] for row in rows if row.report_id in of_report]
