"""Reading figures: counts beside the rows of a list, and the filter by what was found."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q

from assessments.figures.counting import count
from assessments.figures.models import Figures
from assessments.models.assessments import Assessment
from assessments.models.tools import Cluster, Tool
from portal.accounts.roles import Visitor
from sharing import access
from sharing.scopes import ASSESSMENT_SCOPES


def add_figures(assessments: Sequence[Assessment]) -> None:
    """Give each assessment of a page its `kept_figures`, by scope. One query; of drafts the answers are counted.

    The assessments come from the gate; which scope its reader may see decides `points_of`.
    """
    found: dict[Any, dict[str, Figures]] = {one.pk: {} for one in assessments}
    columns = ("assessment", "scope", "points_assessed", "points_law_only", "points_nc")
    for one in Figures.objects.filter(assessment__in=list(found)).only(*columns):
        found[one.assessment_id][one.scope] = one
    drafts = [(one.pk, one.tool_id, one.mode) for one in assessments if not found[one.pk]]
    for one in count(drafts) if drafts else ():
        found[one.assessment_id][one.scope] = one
    for assessment in assessments:
        assessment.kept_figures = found[assessment.pk]  # type: ignore[attr-defined]


def points_of(assessment: Any) -> tuple[int, int]:
    """Return the compliance points (non-compliant, assessed) of the widest scope that the reader may see.

    The assessment comes from `add_figures` and the gate's `with_scopes`, with its factory and programme (R49).
    """
    figures = next((assessment.kept_figures.get(scope) for scope in readable_scopes(assessment)), None)
    if figures is None:
        return 0, 0
    hidden = assessment.factory.programme.national_law_results_hidden
    return figures.points_nc, figures.points_assessed - (figures.points_law_only if hidden else 0)


def readable_scopes(assessment: Any) -> list[str]:
    """Return the scopes that are open to the reader, the widest first; the assessment comes from `with_scopes`."""
    return [scope for scope in ASSESSMENT_SCOPES if getattr(assessment, f"reads_{scope}")]


def has_non_compliance_in(cluster: str, user: Visitor) -> Q:
    """Return the condition that `user` may see a non-compliance in a cluster of that name."""
    clusters = ArraySubquery(Cluster.objects.filter(name=cluster).order_by().values("pk"))
    condition = Q(pk__in=[])
    for scope in ASSESSMENT_SCOPES:
        figures = Figures.objects.filter(assessment=OuterRef("pk"), scope=scope, nc_clusters__overlap=clusters)
        condition |= Q(Exists(figures)) & access.readable_by(user, [scope])
    return condition


def cluster_names() -> Iterable[str]:
    """Return the names of the clusters of the programme's questionnaires: the same for every reader."""
    clusters = Cluster.objects.filter(tool__kind=Tool.Kind.CAT)
    return clusters.order_by("name").values_list("name", flat=True).distinct()
