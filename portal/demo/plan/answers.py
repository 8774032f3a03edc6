"""The demo's findings: plausible non-compliance by country, factory and cycle, with evidence.

The chance that a question is not met is its compliance point's rate x the country's burden and weak clusters x
the factory's own burden x a factor below one for each cycle. A failed question mostly fails again until the chance
has sunk below its luck, so that trends improve and findings repeat, as in reality.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from assessments.questionnaires.conditions import parse
from portal.demo.plan import dice
from portal.demo.plan.factories import FactoryPlan
from portal.demo.plan.tools import QuestionPlan, ToolPlan, read, tools_of
from portal.demo.plan.values import Site, value_of
from portal.demo.plan.visits import VisitPlan

TREND = 0.86  # each further cycle multiplies the chance by this
SAME_LUCK = 0.7  # how often a question keeps its luck from one cycle to the next

RATES = {
    "Child Labourers": 0.003,
    "Unconditional Worst Forms": 0.0004,
    "Hazardous Work and other Worst Forms": 0.012,
    "Documentation and Protection of Young Workers": 0.06,
    "Race and Origin": 0.008,
    "Religion and Political Opinion": 0.003,
    "Gender": 0.015,
    "Other Grounds": 0.02,
    "Coercion": 0.007,
    "Bonded Labour": 0.012,
    "Forced Labour and Overtime": 0.015,
    "Prison Labour": 0.0,
    "Freedom to Associate": 0.012,
    "Union Operations": 0.025,
    "Interference and Discrimination": 0.022,
    "Collective Bargaining": 0.04,
    "Strikes": 0.01,
    "Minimum Wages/Piece Rate Wages": 0.04,
    "Overtime Wages": 0.085,
    "Premium Pay": 0.05,
    "Method of Payment": 0.03,
    "Wage Information, Use and Deduction": 0.07,
    "Paid Leave": 0.06,
    "Social Security and Other Benefits": 0.09,
    "Employment Contracts": 0.1,
    "Contracting Procedures": 0.06,
    "Termination": 0.07,
    "Dialogue, Discipline and Disputes": 0.08,
    "OSH Management Systems": 0.15,
    "Chemicals and Hazardous Substances": 0.2,
    "Worker Protection": 0.18,
    "Working Environment": 0.14,
    "Health Services and First Aid": 0.14,
    "Welfare Facilities": 0.12,
    "Worker Accommodation": 0.13,
    "Emergency Preparedness": 0.17,
    "Regular Hours": 0.1,
    "Overtime": 0.25,
    "Leave": 0.04,
}
# Questions that stand out from their compliance point.
STAND_OUT = {
    "1002": 0.004, "2046": 0.012, "2064": 0.3, "2065": 0.25, "3003": 0.002, "3023": 0.15, "5084": 0.1,
    "6064": 0.004, "7022": 0.3, "7042": 0.4, "7049": 0.35, "7061": 0.25, "7066": 0.02, "7081": 0.3,
    "7107": 0.35, "7142": 0.06, "7143": 0.35, "7146": 0.2, "8002": 0.02, "8021": 0.4, "8022": 0.45,
}  # fmt: skip
BY_NATIONAL_LAW = {"VN": frozenset({"4004", "4005"}), "EG": frozenset({"4005"})}
NOT_ASKED_ON_THIS_SITE = frozenset({"3061", "3062"})  # no prisoners anywhere in the demo
# Not applicable without what a later question asks about: a condition can name only earlier ones.
ONLY_WITH = {"3006": "7121", "3023": "6022"}
ONLY_AFTER_A_STRIKE = frozenset({"4081", "4082", "4083"})


@dataclass(frozen=True, slots=True)
class AnswerPlan:
    """One answer: the question's id in the visit's tool, the finding's word, a value for FGW, evidence."""

    ext_id: str
    finding: str
    value: str = ""
    note: str = ""


def tool_of(visit: VisitPlan) -> ToolPlan:
    """Return the questionnaire that a visit used."""
    versions = tools_of(visit.factory.place.code)
    return versions[min(visit.tool_version, len(versions)) - 1]


def answers_of(visits: list[VisitPlan]) -> Iterator[tuple[VisitPlan, list[AnswerPlan]]]:
    """Yield the answers of one factory's visits, in their order. A planned visit has none yet."""
    luck: dict[str, float] = {}
    previous: list[AnswerPlan] = []
    for visit in visits:
        if visit.version > 1:
            previous = list(_corrected(previous))
        elif visit.state != "planned":
            previous = list(_answers(visit, luck, dice("answers", visit.factory.bw_id, visit.cycle)))
        yield visit, [] if visit.state == "planned" else previous


def corrected_question(answers: list[AnswerPlan]) -> str:
    """Return the question whose finding a correction changes: the last non-compliant one ("" where none was)."""
    return next((answer.ext_id for answer in reversed(answers) if answer.finding == "nc"), "")


def _corrected(answers: list[AnswerPlan]) -> Iterator[AnswerPlan]:
    changed = corrected_question(answers)
    for answer in answers:
        yield replace(answer, finding="compliant", note="") if answer.ext_id == changed else answer


def _answers(visit: VisitPlan, luck: dict[str, float], own: Random) -> Iterator[AnswerPlan]:
    factory = visit.factory
    questions = tool_of(visit).questions
    had_strike = own.random() < 0.06
    if visit.state == "in_progress":
        questions = questions[: int(len(questions) * own.uniform(0.3, 0.8))]
    for question in questions:
        if question.key not in luck or own.random() > SAME_LUCK:
            luck[question.key] = own.random()
        if not _is_applicable(question, factory, had_strike):
            yield AnswerPlan(question.ext_id, "not_applicable")
        elif visit.mode == "virtual" and not question.in_vcc:
            yield AnswerPlan(question.ext_id, "not_assessed")
        elif question.type == "FGW":
            yield AnswerPlan(question.ext_id, "info", value_of(question.key, Site(factory, had_strike, own)))
        else:
            yield _finding(question, visit, luck[question.key], own)


def _is_applicable(question: QuestionPlan, factory: FactoryPlan, had_strike: bool) -> bool:
    if question.key in NOT_ASKED_ON_THIS_SITE or (question.key in ONLY_AFTER_A_STRIKE and not had_strike):
        return False
    if gate := ONLY_WITH.get(question.key):
        return factory.traits[gate]
    said = {key: "yes" if is_yes else "no" for key, is_yes in factory.traits.items()}
    return not question.gate or _gate(question.gate).holds(said)


_gate = cache(parse)


def _finding(question: QuestionPlan, visit: VisitPlan, luck: float, own: Random) -> AnswerPlan:
    place = visit.factory.place
    if question.key in BY_NATIONAL_LAW.get(place.code, ()):
        return AnswerPlan(question.ext_id, "nc_national_law", note="National law does not provide for this.")
    if luck >= _chance(question, visit):
        return AnswerPlan(question.ext_id, "compliant")
    return AnswerPlan(question.ext_id, "nc", note=_note(question.key, visit.factory, own))


def _chance(question: QuestionPlan, visit: VisitPlan) -> float:
    place = visit.factory.place
    rate = STAND_OUT.get(question.key, RATES[question.compliance_point])
    improved = TREND ** (visit.cycle - 1)
    return min(0.85, rate * place.burden * place.weak.get(question.cluster, 1.0) * visit.factory.burden * improved)


@cache
def _notes() -> dict[tuple[str, str], list[str]]:
    notes: dict[tuple[str, str], list[str]] = {}
    for row in read("notes.csv"):
        notes.setdefault((row["language"], row["question_id"]), []).append(row["note"])
    return notes


def _note(key: str, factory: FactoryPlan, own: Random) -> str:
    """Return evidence in the country's language where there is one and the team wrote in it, else in English."""
    local = _notes().get((factory.place.language, key))
    texts = local if local and own.random() < 0.6 else _notes().get(("en", key), _notes()[("en", "")])
    several = own.randrange(3, 30)
    return own.choice(texts).format(
        k=own.randrange(2, 7),
        n=several,
        m=several + own.randrange(8, 50),
        p=own.randrange(6, 35),
        t=own.randrange(33, 39),
        d=own.randrange(88, 97),
        h=own.randrange(62, 79),
        d2=own.randrange(8, 15),
        w=factory.women_in_100,
    )
