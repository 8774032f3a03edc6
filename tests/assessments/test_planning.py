"""Planned visits: who plans them, what is refused, and who may know of them (R25, R47, R48, R54)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError

from assessments.models import Assessment, Tool
from assessments.visits.planning import cancel_plan, change_plan, plan_assessment
from assessments.visits.queries import due_before, next_cycle, plannable_by, plans_visible_to
from factories.models import CountryProgramme, Factory
from factories.role_names import ProgrammeRoleName
from factories.roles import FACTORY, PROGRAMME
from factories.services import add_closure
from portal.accounts.models import User
from portal.accounts.roles import role_of
from portal.core.changed import HasChangedError
from portal.core.days import days_from_now
from portal.core.models import Event
from tests.assessments.tables import OVERTIME, check, load, table
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db


def terms(world: World, **changed: Any) -> dict[str, Any]:
    """What is planned: on site, in ten days, by the advisor and the team leader."""
    return {
        "tool": world.tool,
        "mode": "on_site",
        "start_date": days_from_now(10, world.factory_b),
        "assessors": [world.person("advisor"), world.person("team_leader")],
        **changed,
    }


def plan(
    world: World, by: str = "team_leader", cycle: int = 3, factory: Factory | None = None, **changed: Any
) -> Assessment:
    """Plan a visit of factory B, whose cycle 2 was assessed."""
    factory = factory or world.factory_b
    return plan_assessment(by=world.person(by), factory=factory, cycle=cycle, **terms(world, **changed))


def another_advisor(world: World, programme: CountryProgramme | None = None) -> User:
    """One more Enterprise Advisor of Cambodia."""
    person = User.objects.create(email="second@test.example", name="Second Advisor")
    person.groups.add(PROGRAMME.group(programme or world.cambodia, ProgrammeRoleName.ENTERPRISE_ADVISOR))
    return person


def test_a_plan_is_made_changed_and_cancelled_with_an_event_each(world: World) -> None:
    made = plan(world)
    assert (made.state, made.planned_days, made.end_date, made.quest_id) == ("planned", 2, None, None)
    assert made.planned_until == made.start_date + timedelta(days=1)

    later = terms(world, mode="virtual", start_date=days_from_now(20, world.factory_b))
    changed = change_plan(by=world.person("programme_manager"), assessment=made, **later)
    assert (changed.pk, changed.planned_days, changed.assessors.count()) == (made.pk, 1, 2)
    change_plan(by=world.person("programme_manager"), assessment=made, **later)  # twice has no further effect

    cancel_plan(by=world.person("team_leader"), assessment=changed)
    cancel_plan(by=world.person("team_leader"), assessment=changed)
    assert not Assessment.objects.filter(pk=made.pk).exists()
    events = Event.objects.filter(subject=str(made.pk)).order_by("pk").values_list("kind", flat=True)
    assert list(events) == ["assessment.planned", "assessment.plan_changed", "assessment.plan_cancelled"]


def test_r47_a_plan_changes_nothing_at_the_factory_and_notifies_nobody(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    before = Factory.objects.values().get(pk=world.factory_b.pk)
    with django_capture_on_commit_callbacks(execute=True) as called:
        made = plan(world)
        change_plan(by=world.person("team_leader"), assessment=made, **terms(world, mode="virtual"))
        cancel_plan(by=world.person("team_leader"), assessment=made)
    assert Factory.objects.values().get(pk=world.factory_b.pk) == before
    assert (called, mail.outbox) == ([], [])
    assert role_of(world.person("advisor"), FACTORY, world.factory_b) == []


@pytest.mark.parametrize(
    "persona", ["advisor", "manager_b", "brand_a_manager", "vietnam_manager", "constituent", "outsider", "operator"]
)
def test_only_staff_who_review_the_countrys_assessments_plan(world: World, persona: str) -> None:
    made = plan(world)
    with pytest.raises(PermissionDenied):
        plan(world, by=persona)
    with pytest.raises(PermissionDenied):
        change_plan(by=world.person(persona), assessment=made, **terms(world, mode="virtual"))
    with pytest.raises(PermissionDenied):
        cancel_plan(by=world.person(persona), assessment=made)


def test_r48_no_visit_is_planned_where_no_assessments_take_place(world: World) -> None:
    CountryProgramme.objects.filter(pk=world.cambodia.pk).update(assessments_allowed=False)
    with pytest.raises(ValidationError, match="No assessments take place"):
        plan(world)
    assert not plannable_by(world.person("team_leader")).exists()


def test_r25_an_incomplete_profile_does_not_hinder_a_plan(world: World) -> None:
    assert world.factory_b.profile_completeness < 100
    plan(world)


@pytest.mark.parametrize("status", ["pending", "suspended", "left"])
def test_a_factory_that_is_not_enrolled_is_refused(world: World, status: str) -> None:
    Factory.objects.filter(pk=world.factory_b.pk).update(enrolment_status=status)
    with pytest.raises(ValidationError, match="not enrolled"):
        plan(world)


def test_the_cycle_is_the_present_one_or_the_next_and_has_no_assessment(world: World) -> None:
    assert next_cycle(world.factory_b) == 3
    for cycle, said in ((1, "present cycle"), (2, "has an assessment"), (4, "present cycle")):
        with pytest.raises(ValidationError, match=said):
            plan(world, cycle=cycle)


def test_a_factory_has_one_plan_at_a_time(world: World) -> None:
    plan(world)
    with pytest.raises(HasChangedError, match="planned already"):
        plan(world)


def test_a_questionnaire_of_another_country_or_of_slcp_is_refused(world: World) -> None:
    other = Tool.objects.create(name="Vietnam CAT", kind="CAT", programme=world.vietnam)
    for tool in (other, world.caf):
        with pytest.raises(ValidationError, match="questionnaire of the factory's country"):
            plan(world, tool=tool)
    plan(world, tool=Tool.objects.create(name="CAT of all", kind="CAT"))


def test_two_different_assessors_of_the_country_are_needed(world: World) -> None:
    advisor, leader = world.person("advisor"), world.person("team_leader")
    for people in ([advisor], [advisor, advisor], [advisor, leader, another_advisor(world)]):
        with pytest.raises(ValidationError, match="two different"):
            plan(world, assessors=people)
    gone = User.objects.get(email="second@test.example")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    for person in (world.person("vietnam_manager"), world.person("constituent"), world.person("manager_a"), gone):
        with pytest.raises(ValidationError, match="of the factory's country"):
            plan(world, assessors=[advisor, person])


@pytest.mark.parametrize(("ahead", "said"), [(-1, "over"), (367, "one year")])
def test_r54_the_first_day_is_not_over_at_the_factory_nor_too_far_ahead(world: World, ahead: int, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        plan(world, start_date=days_from_now(ahead, world.factory_b))
    plan(world, start_date=days_from_now(0 if ahead < 0 else ahead - 1, world.factory_b))


@pytest.mark.parametrize(
    ("offset", "mode", "fits"), [(-2, "on_site", True), (-1, "on_site", False), (-1, "virtual", True)]
)
def test_closure_days_are_planned_around(world: World, offset: int, mode: str, fits: bool) -> None:
    closed = days_from_now(10, world.factory_b)
    add_closure(by=world.person("manager_b"), factory=world.factory_b, first_day=closed, last_day=closed)
    wanted = {"mode": mode, "start_date": closed + timedelta(days=offset)}
    if fits:
        plan(world, **wanted)
    else:
        with pytest.raises(ValidationError, match="is closed from"):
            plan(world, **wanted)


@pytest.mark.parametrize(("offset", "fits"), [(-2, True), (-1, False), (0, False), (1, False), (2, True)])
def test_an_assessor_is_at_one_factory_at_a_time(world: World, offset: int, fits: bool) -> None:
    plan(world)
    Assessment.objects.filter(pk=world.assessments["a4"].pk).delete()
    others = [world.person("advisor"), another_advisor(world)]
    wanted = {"assessors": others, "start_date": days_from_now(10 + offset, world.factory_a)}
    if fits:
        plan(world, factory=world.factory_a, cycle=4, **wanted)
    else:
        with pytest.raises(ValidationError, match="Advisor has another visit on"):
            plan(world, factory=world.factory_a, cycle=4, **wanted)


def test_a_late_visit_can_get_another_assessor_but_no_late_day(world: World) -> None:
    made = plan(world)
    late = days_from_now(-3, world.factory_b)
    Assessment.objects.filter(pk=made.pk).update(start_date=late)
    people = [world.person("advisor"), another_advisor(world)]
    change_plan(by=world.person("team_leader"), assessment=made, **terms(world, start_date=late, assessors=people))
    change = terms(world, start_date=late + timedelta(days=1), assessors=people)
    with pytest.raises(ValidationError, match="over"):
        change_plan(by=world.person("team_leader"), assessment=made, **change)


def test_a_plan_with_an_end_that_somebody_recorded_can_be_moved(world: World) -> None:
    made = plan(world)
    Assessment.objects.filter(pk=made.pk).update(end_date=made.planned_until)
    later = terms(world, start_date=days_from_now(40, world.factory_b))
    assert change_plan(by=world.person("team_leader"), assessment=made, **later).end_date is None


def test_a_visit_that_began_is_neither_changed_nor_cancelled(world: World) -> None:
    made = plan(world)
    Assessment.objects.filter(pk=made.pk).update(state="in_progress")
    with pytest.raises(HasChangedError):
        change_plan(by=world.person("team_leader"), assessment=made, **terms(world, mode="virtual"))
    with pytest.raises(HasChangedError):
        cancel_plan(by=world.person("team_leader"), assessment=made)


SEEN_BY = {"advisor", "team_leader", "programme_manager", "global_staff"}


def test_r47_plans_are_visible_to_the_programme_only(world: World) -> None:
    made = plan(world)
    seen = {name for name, person in world.people.items() if person and made in plans_visible_to(person)}
    assert seen == SEEN_BY


def test_an_assessor_sees_own_plans_only_and_none_after_leaving(world: World) -> None:
    advisor = world.person("advisor")
    plan(world, assessors=[another_advisor(world), world.person("team_leader")])
    assert not plans_visible_to(advisor).exists()

    cancel_plan(by=world.person("team_leader"), assessment=Assessment.objects.get(factory=world.factory_b, cycle=3))
    made = plan(world)
    assert list(plans_visible_to(advisor)) == [made]
    advisor.groups.clear()
    assert not plans_visible_to(advisor).exists()


def test_factories_are_due_by_the_first_day_of_their_last_visit(world: World) -> None:
    mine = Factory.objects.filter(pk=world.factory_b.pk)
    day = world.assessments["b1"].start_date  # that of cycle 2 was withdrawn
    assert [one.last_first_day for one in due_before(mine, day + timedelta(days=1))] == [day]
    assert not due_before(mine, day)

    make_assessment(world, world.factory_b, 3, "planned")
    assert not due_before(mine, day + timedelta(days=1))


@pytest.mark.usefixtures("run_jobs")
def test_a_table_fills_the_planned_assessment_of_its_cycle(world: World) -> None:
    made = plan(world, mode="virtual", tool=Tool.objects.create(name="CAT of all", kind="CAT"))
    batch = load(world.person("team_leader"), table({"Cycle": "3"}, {"Cycle": "3", **OVERTIME}))
    assert (batch.state, batch.plan["new"]) == ("applied", 1)

    made.refresh_from_db()
    assert (made.state, made.quest_id, made.start_date) == ("internal_review", "70003", date(2016, 3, 27))
    assert (made.tool, made.mode, made.assessors.count()) == (world.tool, "virtual", 2)
    assert set(made.answers.values_list("provenance", flat=True)) == {"virtual"}
    assert Assessment.objects.filter(factory=world.factory_b, cycle=3).count() == 1
    assert Event.objects.filter(kind="assessment.imported", subject=str(made.pk)).count() == 1


@pytest.mark.usefixtures("run_jobs")
def test_a_table_does_not_fill_an_assessment_that_began(world: World) -> None:
    made = plan(world)
    Assessment.objects.filter(pk=made.pk).update(state="in_progress")
    batch = check(world.person("team_leader"), table({"Cycle": "3"}))
    assert batch.state == "refused"
