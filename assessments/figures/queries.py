"""Queries of figures: counts beside the rows of a list, and the filter by findings."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import JSONObject

from assessments.figures.counting import count
from assessments.figures.models import Figures
from assessments.questionnaires.models import Cluster
from assessments.visits.models import Assessment, AssessmentQuerySet
from portal.accounts.roles import Visitor
from sharing import access
from sharing.scopes import ASSESSMENT_SCOPES

SHOWN = ("scope", "points_assessed", "points_law_only", "points_nc")


def with_figures(assessments: AssessmentQuerySet) -> AssessmentQuerySet:
    """Return each assessment with `kept_figures`: for each scope, the counts that lists show; none for a draft."""
    kept = Figures.objects.filter(assessment=OuterRef("pk"))
    return assessments.annotate(kept_figures=ArraySubquery(kept.values(json=JSONObject(**{n: n for n in SHOWN}))))


def count_drafts(assessments: Sequence[Any]) -> None:
    """Count the answers of assessments from `with_figures` that have no figures yet, for use by `points_of`."""
    planned = Assessment.State.PLANNED  # nothing is answered yet
    drafts = {one.pk: one for one in assessments if not one.kept_figures and one.state != planned}
    for one in count((draft.pk, draft.tool_id, draft.mode) for draft in drafts.values()) if drafts else ():
        drafts[one.assessment_id].kept_figures.append({name: getattr(one, name) for name in SHOWN})


def points_of(assessment: Any) -> tuple[int, int]:
    """Return the compliance points (non-compliant, assessed) of the widest scope that the reader may see.

    The assessment comes from `with_figures` and `reading.with_scopes`, with its factory and programme (R49).
    """
    widest = next(iter(readable_scopes(assessment)), None)
    figures = next((one for one in assessment.kept_figures if one["scope"] == widest), None)
    if figures is None:
        return 0, 0
    hidden = assessment.factory.programme.national_law_results_hidden
    return figures["points_nc"], figures["points_assessed"] - (figures["points_law_only"] if hidden else 0)


def readable_scopes(assessment: Any) -> list[str]:
    """Return the scopes visible to the reader, the widest first; the assessment comes from `with_scopes`."""
    return [scope for scope in ASSESSMENT_SCOPES if scope in assessment.open_scopes]


def has_non_compliance_in(cluster: str, user: Visitor) -> Q:
    """Return the condition that `user` may see a non-compliance in a cluster of that name."""
    clusters = ArraySubquery(Cluster.objects.filter(name=cluster).order_by().values("pk"))
    condition = Q(pk__in=[])
    for scope in ASSESSMENT_SCOPES:
        figures = Figures.objects.filter(assessment=OuterRef("pk"), scope=scope, nc_clusters__overlap=clusters)
        condition |= Q(Exists(figures)) & access.readable_by(user, [scope])
    return condition
