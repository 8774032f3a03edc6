"""The counting of an assessment's answers into its figures, one scope at a time.

The document of a report (`assessments.reports.build`) counts by the same rules, question by question; a property test
compares the two.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from assessments.answering.models import Answer
from assessments.figures.models import Figures
from assessments.questionnaires.models import Question
from assessments.visits.models import Assessment
from sharing.scopes import RULES, ScopeRule

LETTERS = {
    Answer.Finding.NC.value: "n",
    Answer.Finding.NC_NATIONAL_LAW.value: "l",
    Answer.Finding.COMPLIANT.value: "c",
    Answer.Finding.NOT_APPLICABLE.value: "x",
}
NOTHING = "."  # not assessed, outside the scope, or without a determination
DETERMINED = frozenset("nlc")


@dataclass(frozen=True)
class Asked:
    """The facts about a question that counting needs."""

    point: int
    cluster: int
    step: int | None
    is_counted: bool
    in_vcc: bool


Tally = dict[int, list[int]]  # point -> cluster, determined, non-compliant, non-compliant due to national law


def questions_of(tools: Collection[int]) -> dict[int, dict[int, Asked]]:
    """Return the questions of each tool (ids) by their id, in the tool's order. One query."""
    columns = ("tool", "pk", "compliance_point", "compliance_point__cluster", "step", "type", "in_vcc")
    found: dict[int, dict[int, Asked]] = {tool: {} for tool in tools}
    rows = Question.objects.filter(tool__in=list(tools)).order_by("order", "pk").values_list(*columns)
    for tool, pk, point, cluster, step, kind, in_vcc in rows:
        found[tool][pk] = Asked(point, cluster, step, kind == Question.Type.NC, in_vcc)
    return found


def letters_of(
    mode: str, questions: Mapping[int, Asked], answers: Iterable[tuple[int, str, str]], rule: ScopeRule
) -> list[str]:
    """Return a letter for each question: what was determined, as far as the scope counts it.

    `answers`: question, finding, provenance. Not counted are the factory's own answers (R13), steps outside the scope
    (R15), information questions (R22), and in a virtual check questions outside its subset (R23).
    """
    found = {question: (finding, provenance) for question, finding, provenance in answers}
    is_virtual = mode == Assessment.Mode.VIRTUAL

    def letter(key: int, asked: Asked) -> str:
        finding, provenance = found.get(key, ("", ""))
        counts = asked.is_counted and asked.step in rule.counted_steps and (asked.in_vcc or not is_virtual)
        if not counts or provenance == Answer.Provenance.SELF_ASSESSED:
            return NOTHING
        return LETTERS.get(finding, NOTHING)

    return [letter(key, asked) for key, asked in questions.items()]


def figures_from(assessment: UUID, questions: Mapping[int, Asked], letters: list[str], scope: str) -> Figures:
    """Return the (unsaved) figures of one scope; `assessment` is its id."""
    tally: Tally = {}
    for asked, letter in zip(questions.values(), letters, strict=True):
        if letter in DETERMINED:
            line = tally.setdefault(asked.point, [asked.cluster, 0, 0, 0])
            line[1] += 1
            line[2] += letter == "n"
            line[3] += letter == "l"
    lines = [(point, *line) for point, line in tally.items()]
    return Figures(
        assessment_id=assessment,
        scope=scope,
        points=[line[0] for line in lines],
        clusters=[line[1] for line in lines],
        assessed=[line[2] for line in lines],
        nc=[line[3] for line in lines],
        nc_law=[line[4] for line in lines],
        points_assessed=len(lines),
        points_law_only=sum(line[2] == line[4] for line in lines),
        points_nc=sum(line[3] > 0 for line in lines),
        nc_clusters=sorted({line[1] for line in lines if line[3]}),
        findings="".join(letters),
    )


def count(assessments: Iterable[tuple[UUID, int, str]]) -> Iterator[Figures]:
    """Yield the (unsaved) figures of assessments, given as id, tool and mode: one for each scope that opens them.

    Two queries, however many there are.
    """
    known = {pk: (tool, mode) for pk, tool, mode in assessments}
    tools = questions_of({tool for tool, _mode in known.values()})
    answers: dict[UUID, list[tuple[int, str, str]]] = {pk: [] for pk in known}
    rows = Answer.objects.filter(assessment__in=list(known)).order_by()
    for pk, *answer in rows.values_list("assessment", "question", "finding", "provenance").iterator(10_000):
        answers[pk].append(tuple(answer))  # type: ignore[arg-type] # three columns
    for pk, (tool, mode) in known.items():
        for scope, rule in RULES.items():
            if rule.opens_assessments:
                letters = letters_of(mode, tools[tool], answers[pk], rule)
                yield figures_from(pk, tools[tool], letters, scope)
