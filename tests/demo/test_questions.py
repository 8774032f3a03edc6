"""The demo's questionnaires: complete, in wording that tells questions apart, consistent with each other."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from assessments.models import LegalReference, Wording
from assessments.questionnaires.answers import allowed_answers, is_answer
from assessments.questionnaires.conditions import ORDERED, parse
from portal.demo.load.organisations import load_programmes
from portal.demo.load.rows import History
from portal.demo.load.tools import load_tools
from portal.demo.plan.answers import STAND_OUT
from portal.demo.plan.tools import TWO_VERSIONS, QuestionPlan, all_tools, caf, law_of, read, tools_of, translations
from portal.demo.plan.values import VALUES

# The usual compliance points of Better Work's tool, by cluster.
CLUSTERS = {
    "Child Labour": {
        "Child Labourers", "Unconditional Worst Forms", "Hazardous Work and other Worst Forms",
        "Documentation and Protection of Young Workers",
    },
    "Discrimination": {"Race and Origin", "Religion and Political Opinion", "Gender", "Other Grounds"},
    "Forced Labour": {"Coercion", "Bonded Labour", "Forced Labour and Overtime", "Prison Labour"},
    "Freedom of Association and Collective Bargaining": {
        "Freedom to Associate", "Union Operations", "Interference and Discrimination", "Collective Bargaining",
        "Strikes",
    },
    "Compensation": {
        "Minimum Wages/Piece Rate Wages", "Overtime Wages", "Premium Pay", "Method of Payment",
        "Wage Information, Use and Deduction", "Paid Leave", "Social Security and Other Benefits",
    },
    "Contracts and Human Resources": {
        "Employment Contracts", "Contracting Procedures", "Termination", "Dialogue, Discipline and Disputes",
    },
    "Occupational Safety and Health": {
        "OSH Management Systems", "Chemicals and Hazardous Substances", "Worker Protection", "Working Environment",
        "Health Services and First Aid", "Welfare Facilities", "Worker Accommodation", "Emergency Preparedness",
    },
    "Working Time": {"Regular Hours", "Overtime", "Leave"},
}  # fmt: skip
MOST_WORDS, MOST_WORDS_OF_HELP, MOST_LETTERS_OF_LAW = 15, 30, 160
TRANSLATED = ("ar", "bn", "es", "fr", "id", "km", "vi")
CAT = read("cat.csv")
NATIONAL = read("national.csv")


def test_it_covers_every_cluster_and_compliance_point():
    found: dict[str, set[str]] = {}
    for row in CAT:
        found.setdefault(row["cluster"], set()).add(row["compliance_point"])
    assert found == CLUSTERS


def test_it_has_about_250_questions_of_every_sort():
    assert 240 <= len(CAT) <= 270
    assert 15 <= sum(row["type"] == "FGW" for row in CAT) <= 25
    assert 20 <= sum("Public Disclosure" in row["tags"] for row in CAT) <= 30
    assert 6 <= sum("Zero Tolerance" in row["tags"] for row in CAT) <= 10
    assert 80 <= sum(row["in_vcc"] == "1" for row in CAT) <= 100
    assert 40 <= sum(not row["step"] for row in CAT) <= 60


def test_no_two_questions_say_the_same():
    labels = Counter(row["label"] for row in CAT + NATIONAL + read("caf.csv"))
    assert [label for label, times in labels.items() if times > 1] == []


def test_r15_no_compliance_question_belongs_to_step_2_or_3():
    tools = [*(tool for tool in all_tools())]
    assert [q.ext_id for tool in tools for q in tool.questions if q.type == "NC" and q.step in {2, 3}] == []


def test_r21_a_question_has_a_step_exactly_when_it_has_a_reference_of_the_caf():
    steps = {question.reference: question.step for question in caf().questions}
    rows = [(row["reference"], int(row["step"]) if row["step"] else None) for row in CAT + NATIONAL]
    assert [(ref, step) for ref, step in rows if steps.get(ref) != step or bool(ref) != bool(step)] == []


def test_the_caf_has_questions_of_all_three_steps():
    steps = Counter(question.step for question in caf().questions)
    assert steps[1] > steps[2] > steps[3] > 10


@pytest.mark.parametrize("tool", list(all_tools()), ids=lambda tool: tool.name)
def test_every_condition_fits_the_earlier_questions_that_it_names(tool):
    earlier: dict[str, QuestionPlan] = {}
    for question in tool.questions:
        for test in parse(question.condition).tests if question.condition else ():
            gate = earlier[test.question]
            assert is_answer(gate.answer_type, test.value)
            assert test.value in (allowed_answers(gate.answer_type, gate.options) or {test.value})
            assert test.sign not in ORDERED or gate.answer_type in {"number", "date"}
            assert gate.in_vcc or not question.in_vcc
        earlier[question.ext_id] = question


def test_versions_of_a_country_have_other_ids():
    for country in TWO_VERSIONS:
        first, second = tools_of(country)
        assert not {q.ext_id for q in first.questions} & {q.ext_id for q in second.questions}
        assert len(first.questions) < len(second.questions)


def test_every_information_question_has_an_answer():
    assert {row["question_id"] for row in CAT if row["type"] == "FGW"} == set(VALUES)


def test_notes_belong_to_questions():
    keys = {row["question_id"] for row in CAT if row["type"] == "NC"} | {""}
    assert {row["question_id"] for row in read("notes.csv")} <= keys


def test_every_question_of_the_caf_is_short():
    assert [row["label"] for row in read("caf.csv") if len(row["label"].split()) > MOST_WORDS] == []


def test_every_text_is_translated():
    texts = {text for tool in all_tools() for question in tool.questions for text in question.texts}
    for language in TRANSLATED:
        assert texts - translations()[language].keys() == set()


def test_the_questions_of_the_story_have_help():
    helped = {row["question_id"]: row["help"] for row in CAT if row["help"]}
    disclosed = {row["question_id"] for row in CAT if row["tags"]}
    assert len(helped) == 40
    assert disclosed <= helped.keys() <= disclosed | STAND_OUT.keys()
    assert max(len(text.split()) for text in helped.values()) <= MOST_WORDS_OF_HELP


@pytest.mark.parametrize("country", ["KH", "VN"])
def test_the_questions_of_the_story_have_law(country):
    law = law_of(country)
    assert {one.key for one in law} == {row["question_id"] for row in CAT if row["help"]}
    assert max(len(one.text) for one in law) <= MOST_LETTERS_OF_LAW
    by_day = sorted(law, key=lambda one: (one.key, one.valid_from))
    for earlier, later in pairwise(by_day):
        if earlier.key == later.key:
            assert earlier.valid_until
            assert earlier.valid_from < earlier.valid_until < later.valid_from


def test_conditions_of_several_answers_follow_the_ids_of_a_version():
    _first, second = tools_of("KH")
    by_key = {question.key: question for question in second.questions}
    union, agreement = by_key["4001"].ext_id, by_key["4061"].ext_id
    assert by_key["4066"].condition == f"all: {union} = yes; {agreement} = yes"
    assert by_key["4067"].condition == f"any: {union} = yes; {agreement} = yes"


@pytest.mark.django_db
def test_every_version_has_the_law_and_the_help_of_its_country():
    programmes = load_programmes(History(), datetime(2026, 1, 1, tzinfo=UTC))
    tools, keys = load_tools(programmes)
    for country in ("KH", "VN"):
        for plan in tools_of(country):
            asked = {question.key: keys[plan.name, question.ext_id] for question in plan.questions}
            found = LegalReference.objects.filter(question__tool=tools[plan.name], programme=programmes[country])
            expected = {(asked[law.key], law.text, law.valid_from) for law in law_of(country)}
            assert set(found.values_list("question", "text", "valid_from")) == expected
    assert LegalReference.objects.values("programme").distinct().count() == 2
    spanish = Wording.objects.get(tool=tools[caf().name], language="es").words
    assert spanish["Two shifts"] == "Dos turnos"
