"""Conditions of questions: read, refused, and what is asked."""

from dataclasses import dataclass

import pytest

from assessments.questionnaires.answers import is_answer
from assessments.questionnaires.conditions import NoCondition, asked_ids, condition_of, parse


@dataclass(frozen=True)
class Asked:
    ext_id: str
    condition: str = ""


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("4001 = yes", "4001 = yes"),
        ("  ALL:4001 = yes;4002 > 50 ", "all: 4001 = yes; 4002 > 50"),
        ("any: 4001 = yes; 4061 != no", "any: 4001 = yes; 4061 != no"),
        ("all: 4001 = yes", "4001 = yes"),
        ("foa-cb-2–3 = Piece rate, with a minimum", "foa-cb-2–3 = Piece rate, with a minimum"),
        ("WG 3 < 2026-01-31", "WG 3 < 2026-01-31"),
    ],
)
def test_it_is_written_as_it_is_read(text, written):
    assert str(parse(text)) == written
    assert parse(written) == parse(text)


@pytest.mark.parametrize("text", ["", "if any", "4001", "= yes", "4001 =", "all: 4001 = yes; ", "some: 1"])
def test_other_words_are_no_condition(text):
    with pytest.raises(NoCondition):
        parse(text)
    assert condition_of(text) is None


@pytest.mark.parametrize(
    ("condition", "answers", "is_asked"),
    [
        ("1 = yes", {"1": "yes"}, True),
        ("1 = yes", {"1": "no"}, False),
        ("1 = yes", {}, False),
        ("1 != yes", {}, False),
        ("1 != yes", {"1": "no"}, True),
        ("1 > 9", {"1": "10"}, True),
        ("1 < 9", {"1": "10"}, False),
        ("1 > 9", {"1": "many"}, False),
        ("1 < 2026-02-01", {"1": "2026-01-31"}, True),
        ("all: 1 = yes; 2 = no", {"1": "yes", "2": "no"}, True),
        ("all: 1 = yes; 2 = no", {"1": "yes"}, False),
        ("any: 1 = yes; 2 = no", {"2": "no"}, True),
        ("if any", {}, True),
        ("If 1 = yes", {}, True),
        ("3 = yes", {}, True),
    ],
)
def test_answers_decide_what_is_asked(condition, answers, is_asked):
    questions = [Asked("1"), Asked("2"), Asked("3", condition)]
    assert ("3" in asked_ids(questions, answers)) is is_asked


def test_an_answer_to_a_question_that_is_not_asked_counts_for_nothing():
    questions = [Asked("1"), Asked("2", "1 = yes"), Asked("3", "2 = yes")]
    assert asked_ids(questions, {"1": "no", "2": "yes"}) == {"1"}


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("finding", "nc", True),
        ("finding", "info", False),
        ("yes_no", "yes", True),
        ("yes_no", "Yes", False),
        ("number", "-3.25", True),
        ("number", "1,000", False),
        ("number", "1e9", False),
        ("number", "050", False),
        ("number", "50.0", False),
        ("number", "-0", False),
        ("number", "0.5", True),
        ("number", "\u0663", False),
        ("date", "2026-02-28", True),
        ("date", "2026-02-29", False),
        ("date", "20260228", False),
        ("choice", "By piece", True),
        ("choice", "by piece", False),
        ("text", "Anything", True),
        ("text", "", False),
        ("text", "x" * 4001, False),
    ],
)
def test_a_value_is_an_answer_in_one_form(kind, value, fits):
    assert is_answer(kind, value, ["By piece", "By hour"]) is fits
