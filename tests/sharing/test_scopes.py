"""One table of scopes: what follows from a row, and that the places below and beside it say the same."""

import pytest

from assessments.backends import OWNED
from assessments.reports.labels import labels_for, languages
from assessments.reports.schema import report_schema
from brands.reads import READS
from brands.roles import BRAND
from sharing.scopes import ASSESSMENT_SCOPES, OFFERED_SCOPES, RULES, Scope, rule_of


@pytest.mark.parametrize("word", ["", "everything", "Report", "report "])
def test_a_word_that_is_no_scope_opens_nothing(word: str) -> None:
    with pytest.raises(ValueError, match="There is no scope"):
        rule_of(word)


def test_every_scope_has_one_rule_and_the_plan_opens_no_assessment() -> None:
    assert list(RULES) == Scope.values
    assert not rule_of("improvement_plan").opens_assessments
    assert {"report", "step1"} <= set(ASSESSMENT_SCOPES)


def test_brands_know_the_same_scopes_with_the_same_permissions_and_offers() -> None:
    assert [(read.scope, read.permission) for read in READS] == [
        (rule.scope, rule.permission) for rule in RULES.values()
    ]
    assert tuple(read.scope for read in READS if read.is_offered) == OFFERED_SCOPES
    for read in READS:
        assert BRAND.roles[read.integration].permissions == {read.permission}
        assert read.permission in BRAND.roles["member"].permissions


@pytest.mark.parametrize("scope", ASSESSMENT_SCOPES)
def test_a_scope_that_opens_assessments_can_be_asked_for_marked_and_titled(scope: Scope) -> None:
    rule = rule_of(scope)
    assert f"assessments.{rule.view_permission}" in OWNED
    assert str(rule.mark)
    headings = [f"title_{scope.value}", *([f"answers_{scope.value}"] if rule.lists_answers else [])]
    assert all(labels_for(language)[heading] for language in languages() for heading in headings)
    assert scope.value in report_schema()["properties"]["scope"]["enum"]
    assert rule.counted_steps <= rule.steps
