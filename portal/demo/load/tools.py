"""The demo's questionnaires."""

from collections.abc import Iterator

from assessments.models import Cluster, CompliancePoint, LegalReference, Question, Tool, Wording
from factories.models import CountryProgramme
from portal.demo.plan.tools import QuestionPlan, ToolPlan, all_tools, law_of, translations

# (name of the tool, id of the question in it) -> key of the question's row
QuestionKeys = dict[tuple[str, str], int]


def load_tools(programmes: dict[str, CountryProgramme]) -> tuple[dict[str, Tool], QuestionKeys]:
    """Write every tool with its questions. `programmes` are by country code; return the tools by name."""
    tools = {plan.name: _tool(plan, programmes.get(plan.country)) for plan in all_tools()}
    Tool.objects.bulk_create(tools.values())
    questions: list[Question] = []
    for plan in all_tools():
        questions += _questions(plan, tools[plan.name])
    Question.objects.bulk_create(questions, batch_size=1000)
    Wording.objects.bulk_create(wording for plan in all_tools() for wording in _wordings(plan, tools[plan.name]))
    names = {tool.pk: name for name, tool in tools.items()}
    keys = {(names[question.tool_id], question.ext_id): question.pk for question in questions}
    LegalReference.objects.bulk_create(reference for plan in all_tools() for reference in _law(plan, tools, keys))
    return tools, keys


def _tool(plan: ToolPlan, programme: CountryProgramme | None) -> Tool:
    return Tool(kind=plan.kind, programme=programme, name=plan.name, version=plan.version)


def _questions(plan: ToolPlan, tool: Tool) -> list[Question]:
    points = _compliance_points(plan, tool)
    return [
        _question(question, tool, points[question.cluster, question.compliance_point]) for question in plan.questions
    ]


def _compliance_points(plan: ToolPlan, tool: Tool) -> dict[tuple[str, str], CompliancePoint]:
    """Write the points of a tool in the order of the questions; return them by (cluster, point)."""
    clusters: dict[str, Cluster] = {}
    points: dict[tuple[str, str], CompliancePoint] = {}
    for question in plan.questions:
        name = question.cluster
        clusters.setdefault(name, Cluster(tool=tool, name=name, order=len(clusters)))
        key = (name, question.compliance_point)
        points.setdefault(key, CompliancePoint(cluster=clusters[name], name=key[1], order=len(points)))
    Cluster.objects.bulk_create(clusters.values())
    CompliancePoint.objects.bulk_create(points.values())
    return points


def _wordings(plan: ToolPlan, tool: Tool) -> Iterator[Wording]:
    """Yield the translations of one tool: of its own texts only, and none where a language has none of them."""
    texts = {text for one in plan.questions for text in one.texts}
    for language, words in translations().items():
        if own := {text: words[text] for text in texts & words.keys()}:
            yield Wording(tool=tool, language=language, words=own)


def _law(plan: ToolPlan, tools: dict[str, Tool], keys: QuestionKeys) -> Iterator[LegalReference]:
    """Yield what the law of its country says about the questions of one tool; its ids differ between versions."""
    ids = {question.key: question.ext_id for question in plan.questions}
    for law in law_of(plan.country):
        if law.key in ids:
            yield LegalReference(
                question_id=keys[plan.name, ids[law.key]],
                programme=tools[plan.name].programme,
                text=law.text,
                valid_from=law.valid_from,
                valid_until=law.valid_until,
            )


def _question(plan: QuestionPlan, tool: Tool, point: CompliancePoint) -> Question:
    return Question(
        tool=tool,
        compliance_point=point,
        ext_id=plan.ext_id,
        label=plan.label,
        type=plan.type,
        step=plan.step,
        reference=plan.reference,
        tags=list(plan.tags),
        is_public_issue=plan.is_public_issue,
        is_zero_tolerance=plan.is_zero_tolerance,
        in_vcc=plan.in_vcc,
        condition=plan.condition,
        answer_type=plan.answer_type,
        options=list(plan.options),
        help_text=plan.help_text,
        is_required=plan.is_required,
        needs_evidence=plan.needs_evidence,
        order=plan.order,
    )
