"""The view that a reader has of an assessment: the scopes visible to them, and the document of one scope.

The page and the files are made here and in `assessments.reports.build`; the counts in lists are frozen
(`assessments.figures`). A number on the screen is the number in the PDF. Every function takes the reader and checks
access again.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet, UUIDField
from django.utils.translation import override

from assessments.models import Answer, Assessment, Question
from assessments.questionnaires.wordings import texts_in
from assessments.reports.build import build_document
from assessments.reports.document import (
    SCOPES,
    AnswerRow,
    AssessmentFacts,
    FactoryFacts,
    Header,
    ReportDocument,
    Scope,
    Status,
    Words,
)
from assessments.reports.labels import languages
from assessments.visits.models import AssessmentQuerySet
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor
from portal.core.compiled import Parameter
from portal.core.countries import country_name
from portal.core.days import day_of
from sharing import access
from sharing.scopes import rule_of

STATUS: dict[str, Status] = {"published": "current", "superseded": "superseded", "withdrawn": "withdrawn"}
TOOL_ORDER = (
    "compliance_point__cluster__order",
    "compliance_point__cluster_id",
    "compliance_point__order",
    "compliance_point_id",
    "order",
    "pk",
)
UNANSWERED: dict[str, object] = {"finding": None, "value": None, "note": None, "provenance": None, "tags": None}


def report_language(wanted: str | None) -> str:
    """Return the language of reports that is nearest to the one wanted."""
    short = (wanted or "en").split("-")[0]
    return short if short in languages() else "en"


def document_for(*, user: Visitor, assessment: Assessment, scope: Scope, language: str) -> ReportDocument:
    """Return what `scope` of the assessment says to `user`; if nothing is visible to them, it has no findings.

    Two queries, and one where the language is another than the questionnaire's. The assessment comes with its factory
    and programme, and from `with_note`.
    Raises what `build_document` raises.
    """
    return document_from(answer_rows(user, assessment, scope), assessment, scope, language)


def documents_for(
    user: Visitor, assessment: Assessment, scopes: Iterable[str], language: str
) -> dict[str, ReportDocument]:
    """Return what each of the scopes says to `user`, the widest first.

    Answers are read only once if a wider scope's rows contain them.
    """
    chosen = set(scopes)
    read: dict[str, list[AnswerRow]] = {}
    documents: dict[str, ReportDocument] = {}
    words: Words | None = None
    for scope in (one for one in SCOPES if one in chosen):
        steps = rule_of(scope).steps
        rows = next((rows for wider, rows in read.items() if steps <= rule_of(wider).steps), None)
        if rows is None:
            rows = read[scope] = answer_rows(user, assessment, scope)
        words = words or _words_for(rows, assessment, language)
        documents[scope] = _built(rows, assessment, scope, words)
    return documents


def document_from(rows: Sequence[AnswerRow], assessment: Assessment, scope: Scope, language: str) -> ReportDocument:
    """Build the document from rows already read; `scope` keeps those that belong to it."""
    return _built(rows, assessment, scope, _words_for(rows, assessment, language))


def _built(rows: Sequence[AnswerRow], assessment: Assessment, scope: Scope, words: Words) -> ReportDocument:
    header = header_of(assessment, words.language)
    return build_document(header, rows, scope=scope, language=words.language, words=words)


def _words_for(rows: Sequence[AnswerRow], assessment: Assessment, language: str) -> Words:
    """Return the translations of the questionnaire; without a query where it is in that language."""
    is_in_it = all(row["language"] == language for row in rows[:1])
    return Words(language, {} if is_in_it else texts_in(assessment.tool_id, language))


def answer_rows(user: Visitor, assessment: Assessment, scope: Scope) -> list[AnswerRow]:
    """Return every question of the tool, in order, with the answer that `user` may read in `scope`, if any."""
    found = {row.pop("question_id"): row for row in _answers(user, scope, assessment=assessment.pk)}
    questions = (
        Question.objects.filter(tool=assessment.tool_id)
        .order_by(*TOOL_ORDER)
        .values(
            *("pk", "ext_id", "label", "step", "is_public_issue", "in_vcc", "tags"),
            question_type=F("type"),
            language=F("tool__language"),
            point=F("compliance_point__name"),
            cluster=F("compliance_point__cluster__name"),
        )
    )
    return [_row(question, found.get(question.pop("pk"), UNANSWERED)) for question in questions]


def _answers_of(user: Visitor, scope: Scope, assessment: UUID | Parameter) -> "QuerySet[Answer, dict[str, object]]":
    answers = Answer.objects.visible_to(user, scope).filter(assessment=assessment)
    return answers.values("question_id", *UNANSWERED)


_answers: Prepared[Answer, dict[str, object]] = Prepared(_answers_of, assessment=UUIDField())


def _row(question: dict[str, object], answer: dict[str, object]) -> AnswerRow:
    """Return the row of a question; its answer's own tags replace the question's."""
    tags = question["tags"] if answer["tags"] is None else answer["tags"]
    return {"compliance_point": question.pop("point"), **question, **answer, "tags": tags}  # type: ignore[typeddict-item]


def header_of(assessment: Assessment, language: str) -> Header:
    """Return the facts at the head of every document; nothing here mentions SLCP (R1, R12)."""
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
            published_on=day_of(assessment.published_at, factory) if assessment.published_at else None,
            correction_note=shown_note(assessment),
        ),
    )


def with_scopes(assessments: AssessmentQuerySet, user: Visitor) -> AssessmentQuerySet:
    """Return each assessment with `open_scopes`, its scopes that are visible to `user`, and what `with_note` adds."""
    return with_note(assessments, Assessment.objects.visible_to(user)).annotate(
        open_scopes=access.scopes_readable(user)
    )


def with_note(assessments: AssessmentQuerySet, readable: AssessmentQuerySet) -> AssessmentQuerySet:
    """Return each assessment with `is_note_shown`: whether the version that it corrects is among `readable` (R56).

    `readable` is what the reader may read. It is checked for every row in the same way, whether there is such a version
    or not.
    """
    return assessments.annotate(is_note_shown=Exists(readable.filter(pk=OuterRef("supersedes"))))


def shown_note(assessment: Assessment) -> str:
    """Return what a correction changes, if the reader may know it; the assessment comes from `with_note`.

    For an assessment from elsewhere the text is empty.
    """
    return str(assessment.correction_note) if getattr(assessment, "is_note_shown", False) else ""
