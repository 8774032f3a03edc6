"""What a reader sees of an assessment: the document of one scope, and counts over just what they may see.

The page, the files and the counts in lists all come from here and from `assessments.reports.build`, so a number
on the screen is the number in the PDF. Every function takes the reader and asks the gate again.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import JSONObject
from django.db.models.lookups import Exact
from django.utils.translation import override

from assessments.models import Answer, Assessment, Cluster, Question
from assessments.querysets import AssessmentQuerySet
from assessments.reports.build import build_document
from assessments.reports.document import (
    AnswerRow,
    AssessmentFacts,
    FactoryFacts,
    Header,
    ReportDocument,
    Scope,
    Status,
)
from assessments.reports.labels import languages
from portal.accounts.roles import Visitor
from portal.core.countries import country_name
from sharing import access
from sharing.models import Scope as GrantScope

STATUS: dict[str, Status] = {"published": "current", "superseded": "superseded", "withdrawn": "withdrawn"}
TOOL_ORDER = (
    "compliance_point__cluster__order",
    "compliance_point__cluster_id",
    "compliance_point__order",
    "compliance_point_id",
    "order",
    "pk",
)
UNANSWERED: dict[str, str | None] = {"finding": None, "value": None, "note": None, "provenance": None}


def report_language(wanted: str | None) -> str:
    """The language a report can be had in that is nearest to the one wanted."""
    short = (wanted or "en").split("-")[0]
    return short if short in languages() else "en"


def document_for(*, user: Visitor, assessment: Assessment, scope: Scope, language: str) -> ReportDocument:
    """What `scope` of the assessment says to `user`; where nothing is open to them, nothing was found.

    Two queries. The assessment comes with its factory and programme. Raises what `build_document` raises.
    """
    return document_from(answer_rows(user, assessment, scope), assessment, scope, language)


def document_from(rows: Iterable[AnswerRow], assessment: Assessment, scope: Scope, language: str) -> ReportDocument:
    """The document made of rows already read; `scope` keeps those that belong to it."""
    return build_document(header_of(assessment, language), rows, scope=scope, language=language)


def answer_rows(user: Visitor, assessment: Assessment, scope: Scope) -> list[AnswerRow]:
    """Every question of the tool, in its order, with the answer that `scope` opens to `user`, if any."""
    answers = Answer.objects.visible_to(user, scope).filter(assessment=assessment)
    found = {row.pop("question_id"): row for row in answers.values("question_id", *UNANSWERED)}
    questions = (
        Question.objects.filter(tool=assessment.tool_id)
        .order_by(*TOOL_ORDER)
        .values(
            *("pk", "ext_id", "label", "step", "is_public_issue", "in_vcc", "tags"),
            question_type=F("type"),
            point=F("compliance_point__name"),
            cluster=F("compliance_point__cluster__name"),
        )
    )
    return [_row(question, found.get(question.pop("pk"), UNANSWERED)) for question in questions]


def _row(question: dict[str, Any], answer: dict[str, Any]) -> AnswerRow:
    row: AnswerRow = {"compliance_point": question.pop("point"), **question, **answer}  # type: ignore[typeddict-item]
    return row


def header_of(assessment: Assessment, language: str) -> Header:
    """The facts that stand at the head of every document; nothing here speaks of SLCP (R1, R12)."""
    factory, programme = assessment.factory, assessment.factory.programme
    with override(language):
        country = country_name(programme.country)
    return Header(
        programme=programme.name,
        national_law_results_hidden=programme.national_law_results_hidden,
        factory=FactoryFacts(
            bw_id=factory.bw_id,
            name=factory.name,
            local_name=factory.local_name,
            country=country,
            address=factory.address,
            workers_women=factory.workers_women,
            workers_men=factory.workers_men,
        ),
        assessment=AssessmentFacts(
            id=str(assessment.pk),
            quest_id=assessment.quest_id or "",
            cycle=assessment.cycle,
            version=assessment.version,
            mode=assessment.mode,  # type: ignore[arg-type]
            status=STATUS.get(assessment.state, "draft"),
            start_date=assessment.start_date,
            end_date=assessment.ended_on,
            published_on=assessment.published_at.date() if assessment.published_at else None,
            correction_note=assessment.correction_note,
        ),
    )


def with_counts(assessments: AssessmentQuerySet, user: Visitor) -> AssessmentQuerySet:
    """Each assessment with `reads_report`, `reads_step1` (what of it is open to `user`) and `counts`.

    `points_of` reads the counts; they are in the same query as the rows, after its LIMIT.
    """
    counted = Subquery(
        _counted().values("assessment").annotate(numbers=JSONObject(**_numbers())).values("numbers"),
        output_field=JSONField(),
    )
    return assessments.annotate(
        reads_report=_reads(user, GrantScope.REPORT), reads_step1=_reads(user, GrantScope.STEP1), counts=counted
    )


def tell_states(user: Visitor, assessments: Sequence[Assessment]) -> None:
    """Let a version whose successor `user` may not see (a hold, a report kept back) stand as the published one.

    Otherwise "replaced" would tell a brand of a report that has not opened to it. Changes the objects, saves nothing;
    one query, where a replaced one stands among them without its successor.
    """
    newest: dict[tuple[int, int], int] = {}

    def know(rows: Iterable[tuple[int, int, int]]) -> list[Assessment]:
        """Note these versions; the replaced ones of which no newer is known yet."""
        for factory, cycle, version in rows:
            newest[factory, cycle] = max(version, newest.get((factory, cycle), 0))
        return [one for one in replaced if newest[one.factory_id, one.cycle] <= one.version]

    replaced = [one for one in assessments if one.state == Assessment.State.SUPERSEDED]
    alone = know((one.factory_id, one.cycle, one.version) for one in assessments)
    if alone:
        visible = Assessment.objects.visible_to(user).filter(factory__in={one.factory_id for one in alone})
        alone = know(visible.values_list("factory", "cycle", "version"))
    for one in alone:
        one.state = Assessment.State.PUBLISHED


def _reads(user: Visitor, scope: str) -> "ExpressionWrapper[Any]":
    return ExpressionWrapper(access.readable_by(user, [scope]), output_field=BooleanField())


def _counted() -> Any:
    """The answers of one assessment (the outer query's row) that count, as `reports.build` decides row by row.

    R13: not the factory's own. R22: no information questions. R23: of a virtual check, its subset. R49: not what the
    country hides. What belongs to the assessment is taken from the outer row, so that only its answers are read.
    """
    asked = Q(question__in_vcc=True) | Q(Exact(OuterRef("mode"), Value(Assessment.Mode.ON_SITE.value)))
    hidden = OuterRef("factory__programme__national_law_results_hidden")
    shown = Q(finding__in=["nc", "compliant"]) | Q(Exact(hidden, Value(False)), finding="nc_national_law")
    own = {"assessment": OuterRef("pk"), "question__tool": OuterRef("tool")}
    answers = Answer.objects.filter(asked, shown, BELONGS, **own, question__type=Question.Type.NC)
    return answers.exclude(provenance=Answer.Provenance.SELF_ASSESSED)


BELONGS = Q(question__step=1) | Q(question__step=None)  # R15: Steps 2 and 3 carry no determination


def _numbers() -> dict[str, Count]:
    point = "question__compliance_point"
    step1, nc = Q(question__step=1), Q(finding="nc")
    return {
        "report_nc": Count(point, distinct=True, filter=nc),
        "report_all": Count(point, distinct=True),
        "step1_nc": Count(point, distinct=True, filter=nc & step1),
        "step1_all": Count(point, distinct=True, filter=step1),
    }


def points_of(assessment: Any) -> tuple[int, int]:
    """Compliance points (non-compliant, assessed) of one from `with_counts`, over what its reader may see."""
    counts = assessment.counts or {}
    side = "report" if assessment.reads_report else "step1"
    return counts.get(f"{side}_nc", 0), counts.get(f"{side}_all", 0)


def newest_shared_with(user: Visitor) -> AssessmentQuerySet:
    """What was shared with the person's brand: of each cycle the newest version that is open to it now.

    A corrected version may be held back for some days; until it opens, the version before it stays listed.
    """
    shared = Assessment.objects.shared_with(user)
    newer = Assessment.objects.shared_with(user).filter(
        factory=OuterRef("factory"), cycle=OuterRef("cycle"), version__gt=OuterRef("version")
    )
    return shared.filter(~Q(state=Assessment.State.SUPERSEDED) | ~Exists(newer))


def with_non_compliance_in(assessments: AssessmentQuerySet, cluster: str) -> AssessmentQuerySet:
    """Those of `with_counts` where the reader may see a non-compliance in a cluster of that name."""
    found = _counted().filter(finding="nc", question__compliance_point__cluster__name=cluster)
    in_step1, elsewhere = found.filter(question__step=1), found.filter(question__step=None)
    return assessments.filter(Q(Exists(in_step1)) | Q(Exists(elsewhere), reads_report=True))


def clusters_open_to(user: Visitor) -> QuerySet[Cluster]:
    """The clusters in which `user` may see a finding: those of the questionnaires of assessments open to them.

    No other's: a name that stands in no report of theirs would tell that something was assessed.
    """
    questions = Question.objects.filter(compliance_point__cluster=OuterRef("pk"))
    in_step1, in_report = questions.filter(step=1), questions.filter(Q(step=1) | Q(step=None))  # R15
    visible = Assessment.objects.visible_to
    return Cluster.objects.filter(
        Q(Exists(in_report), tool__in=visible(user, GrantScope.REPORT).order_by().values("tool"))
        | Q(Exists(in_step1), tool__in=visible(user, GrantScope.STEP1).order_by().values("tool"))
    )
