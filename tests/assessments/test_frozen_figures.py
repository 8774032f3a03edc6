"""Frozen figures say what the answers say that a reader may read, for each persona and scope (R13-R23, R49)."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessments.figures.queries import count_drafts, has_non_compliance_in, points_of, with_figures
from assessments.figures.services import differences, freeze, stray_versions
from assessments.models import Answer, Assessment, Figures
from assessments.publication.services import start_correction, take_step
from assessments.reading.scopes import document_for, with_scopes
from factories.models import CountryProgramme
from sharing.scopes import ASSESSMENT_SCOPES
from tests.amounts import amount
from tests.tampering import trigger_off
from tests.world import World, build_world

PERSONAS = ("manager_a", "brand_a_member", "brand_b_member", "team_leader", "global_staff")
ANSWERS = st.lists(
    st.tuples(st.sampled_from([*Answer.Finding.values, None]), st.sampled_from(Answer.Provenance.values)),
    min_size=8,
    max_size=8,
)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_figures_are_those_of_the_document_each_reader_sees() -> None:
    """Any answers, on site and virtual, with and without results under national law, for everybody and each scope."""
    world = build_world()
    world.grant()
    world.grant(scope="step1")
    world.grant(world.brand_b, scope="step1")
    report = world.assessments["a2"]
    questions = list(world.tool.questions.all())

    @settings(max_examples=amount(ordinary=4, long=100), deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(answers=ANSWERS, mode=st.sampled_from(Assessment.Mode.values), hidden=st.booleans())
    def agree(answers: Any, mode: str, hidden: bool) -> None:
        _rewrite(report, questions, answers, mode)
        CountryProgramme.objects.filter(pk=world.cambodia.pk).update(national_law_results_hidden=hidden)
        freeze(report.pk)
        for persona in PERSONAS:
            _same_as_document(world.person(persona), report)
        assert list(differences()) == []

    agree()
    _same_as_document(world.person("member_a"), report)
    assert not Assessment.objects.visible_to(world.person("outsider")).filter(pk=report.pk).exists()


def _rewrite(report: Assessment, questions: list[Any], answers: Any, mode: str) -> None:
    """Other answers for a published report, around the triggers."""
    with (
        trigger_off("assessments_answer", "released_is_final"),
        trigger_off("assessments_answer", "released_gets_no_more"),
        trigger_off("assessments_assessment", "published_is_final"),
    ):
        Answer.objects.filter(assessment=report).delete()
        Assessment.objects.filter(pk=report.pk).update(mode=mode)
        Answer.objects.bulk_create(
            Answer(assessment=report, question=question, finding=finding, provenance=provenance, value="x")
            for question, (finding, provenance) in zip(questions, answers, strict=True)
            if finding is not None
        )


def _same_as_document(person: Any, report: Assessment) -> None:
    found = with_figures(with_scopes(Assessment.objects.visible_to(person).filter(pk=report.pk), person))
    [one] = found.select_related("factory__programme")
    readable = [scope for scope in ASSESSMENT_SCOPES if scope in one.open_scopes]
    documents = {scope: document_for(user=person, assessment=one, scope=scope, language="en") for scope in readable}
    total = documents[readable[0]].total
    assert points_of(one) == (total.points_nc, total.points_assessed)
    named = {line.name for document in documents.values() for line in document.summary if line.points_nc}
    for cluster in ("Child Labour", "Compensation", "Working Time", "No such cluster"):
        is_named = Assessment.objects.filter(has_non_compliance_in(cluster, person), pk=report.pk).exists()
        assert is_named == (cluster in named), cluster


@pytest.mark.django_db
def test_figures_are_frozen_when_answers_become_final_and_counted_again_when_they_may_change(world: World) -> None:
    leader, draft = world.person("team_leader"), start_correction(
        by=world.person("team_leader"), assessment=world.assessments["a2"], note="Wages"
    )  # fmt: skip
    assert not Figures.objects.filter(assessment=draft).exists()
    take_step(by=leader, assessment=draft, name="send_to_factory")
    assert Figures.objects.filter(assessment=draft).count() == len(ASSESSMENT_SCOPES)
    take_step(by=leader, assessment=draft, name="take_back")
    assert not Figures.objects.filter(assessment=draft).exists()


@pytest.mark.django_db
def test_of_a_draft_the_answers_are_counted(world: World) -> None:
    leader = world.person("team_leader")
    draft = start_correction(by=leader, assessment=world.assessments["a2"], note="Wages")
    visible = with_figures(with_scopes(Assessment.objects.visible_to(leader), leader))
    visible = visible.select_related("factory__programme")
    rows = [visible.get(pk=draft.pk), visible.get(pk=world.assessments["a2"].pk)]
    count_drafts(rows)
    assert points_of(rows[0]) == points_of(rows[1]) != (0, 0)


@pytest.mark.django_db
def test_the_check_names_figures_and_versions_that_contradict(world: World, capsys: Any) -> None:
    call_command("check_figures")
    Figures.objects.filter(assessment=world.assessments["a2"], scope="report").update(points_nc=0)
    Figures.objects.filter(assessment=world.assessments["b1"], scope="step1").delete()
    assert len(list(differences())) == 2
    with pytest.raises(CommandError, match="2 differences"):
        call_command("check_figures")
    call_command("check_figures", "--rebuild")
    assert list(differences()) == list(stray_versions()) == []
