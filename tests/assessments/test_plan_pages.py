"""The pages of planned visits: the calendar, what is due, and each plan (R47)."""

from datetime import date, timedelta
from typing import Any

import pytest

from assessments.models import Assessment
from assessments.visits.calendar import calendar_of, monday_of
from assessments.visits.planning import plan_assessment
from assessments.visits.queries import closures_around_plans, months_later
from factories.models import ClosureDays, Factory
from factories.services import add_closure
from portal.core.days import days_from_now
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 2)


@pytest.fixture
def on_monday(time_machine: Any) -> None:
    time_machine.move_to("2026-03-02T04:00:00Z", tick=False)


def plan(world: World, ahead: int = 10, mode: str = "on_site", cycle: int = 3) -> Assessment:
    """A plan of factory B."""
    return plan_assessment(
        by=world.person("team_leader"),
        factory=world.factory_b,
        cycle=cycle,
        tool=world.tool,
        mode=mode,
        start_date=days_from_now(ahead, world.factory_b),
        assessors=[world.person("advisor"), world.person("team_leader")],
    )


def sent(world: World, **changed: Any) -> dict[str, Any]:
    """The form of a plan of factory B."""
    return {
        "cycle": 3,
        "tool": world.tool.pk,
        "mode": "on_site",
        "start_date": days_from_now(10, world.factory_b).isoformat(),
        "first": world.person("advisor").pk,
        "second": world.person("team_leader").pk,
        **changed,
    }


@pytest.mark.usefixtures("on_monday")
def test_the_calendar_has_a_row_for_each_advisor_and_a_cell_for_each_week(world: World) -> None:
    Assessment.objects.filter(pk=world.assessments["a4"].pk).update(start_date=MONDAY + timedelta(days=7))
    made = plan(world, ahead=10)
    add_closure(
        by=world.person("manager_b"),
        factory=world.factory_b,
        first_day=MONDAY + timedelta(days=13),
        last_day=MONDAY + timedelta(days=14),
    )
    calendar = calendar_of(world.person("programme_manager"), world.cambodia, MONDAY)

    rows = {row.person.name if row.person else "": row for row in calendar.rows}
    assert sorted(rows) == ["", "Advisor", "Team Leader"]
    assert [len(week.visits) for week in rows["Advisor"].weeks] == [0, 1, 0, 0, 0, 0, 0, 0]
    assert [len(week.closures) for week in rows["Advisor"].weeks] == [0, 1, 1, 0, 0, 0, 0, 0]
    assert (rows["Advisor"].days, rows[""].days) == (made.planned_days, 2)
    assert [len(week.visits) for week in calendar.weeks] == [0, 2, 0, 0, 0, 0, 0, 0]


@pytest.mark.usefixtures("on_monday")
def test_an_advisor_sees_the_own_row_and_those_who_come_along(world: World) -> None:
    plan(world)
    calendar = calendar_of(world.person("advisor"), world.cambodia, MONDAY)
    assert sorted(row.person.name for row in calendar.rows if row.person) == ["Advisor", "Team Leader"]
    assert all(row.person for row in calendar.rows)


@pytest.mark.usefixtures("on_monday")
def test_a_chosen_assessor_sees_the_closure_days_of_the_plan_and_of_no_other_factory(
    world: World, client_of: Any
) -> None:
    advisor, made = world.person("advisor"), plan(world)
    for factory, manager in ((world.factory_a, "manager_a"), (world.factory_b, "manager_b")):
        day = MONDAY + timedelta(days=20)
        add_closure(by=world.person(manager), factory=factory, first_day=day, last_day=day)
    assert [one.factory for one in closures_around_plans(advisor)] == [world.factory_b]
    assert not ClosureDays.objects.visible_to(advisor).filter(factory=world.factory_b).exists()
    assert len(client_of(advisor).get(f"/plans/{made.pk}/").context["closures"]) == 1
    for stranger in ("manager_b", "vietnam_manager", "brand_a_member"):
        assert not closures_around_plans(world.person(stranger)).exists()


@pytest.mark.usefixtures("on_monday")
def test_the_weeks_begin_with_the_chosen_one(world: World, client_of: Any) -> None:
    made = plan(world, ahead=70)
    client, link = client_of(world.person("team_leader")), f"/plans/{made.pk}/"
    assert link not in client.get("/plans/").content.decode()
    answer = client.get("/plans/?week=2026-05-13")
    assert link in answer.content.decode()
    assert answer.context["calendar"].weeks[0].monday == monday_of(date(2026, 5, 13))
    assert client.get("/plans/?week=9999-12-31").status_code == 200


def test_global_staff_choose_a_country(world: World, client_of: Any) -> None:
    client = client_of(world.person("global_staff"))
    for country, programme in (("KH", world.cambodia), ("VN", world.vietnam)):
        assert client.get(f"/plans/?country={country}").context["programme"] == programme
    vietnam = client_of(world.person("vietnam_manager"))
    assert vietnam.get("/plans/?country=KH").context["programme"] == world.vietnam


@pytest.mark.usefixtures("on_monday")
def test_factories_that_are_due_are_listed_with_the_latest_first(world: World, client_of: Any) -> None:
    Assessment.objects.filter(pk=world.assessments["a4"].pk).delete()
    more = [Factory.objects.create(programme=world.cambodia, bw_id=f"KH-9{n}", name=f"More {n}") for n in (1, 2, 3)]
    Factory.objects.filter(bw_id__startswith="KH-9").update(enrolment_status="enrolled")
    for factory, first in zip(more, (date(2025, 3, 1), date(2025, 4, 30), date(2025, 5, 3)), strict=True):
        made = make_assessment(world, factory, 1, "internal_review")
        Assessment.objects.filter(pk=made.pk).update(start_date=first, end_date=first)

    answer = client_of(world.person("team_leader")).get("/plans/")

    listed = [(one.factory.name, one.day, one.late) for one in answer.context["due"]]
    assert listed == [("More 1", date(2026, 3, 1), 1), ("More 2", date(2026, 4, 30), -59)]
    assert "1 day late" in answer.content.decode()
    assert client_of(world.person("advisor")).get("/plans/").context["due"] == []


def test_the_page_of_plans_takes_at_most_fifteen_queries(
    world: World, client_of: Any, django_assert_max_num_queries: Any
) -> None:
    plan(world)
    client = client_of(world.person("global_staff"))
    client.get("/plans/")
    with django_assert_max_num_queries(15):
        client.get("/plans/?country=KH")


def test_a_visit_is_planned_changed_and_cancelled_on_pages(world: World, client_of: Any) -> None:
    client = client_of(world.person("team_leader"))
    answer = client.post(f"/plans/new/?factory={world.factory_b.pk}", sent(world))
    made = Assessment.objects.get(factory=world.factory_b, cycle=3)
    assert answer.headers["Location"] == f"/plans/{made.pk}/"

    client.post(f"/plans/{made.pk}/", sent(world, mode="virtual"))
    made.refresh_from_db()
    assert (made.mode, made.state) == ("virtual", "planned")

    assert client.get(f"/plans/{made.pk}/cancel/").status_code == 200
    client.post(f"/plans/{made.pk}/cancel/")
    assert not Assessment.objects.filter(pk=made.pk).exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"start_date": "2020-01-01"}, "This day is over."),
        ({"first": "0"}, "This is not on the list."),
        ({"mode": "by post"}, "This is not on the list."),
    ],
)
def test_what_is_wrong_is_said_on_the_form(world: World, client_of: Any, changed: dict[str, str], said: str) -> None:
    client = client_of(world.person("team_leader"))
    answer = client.post(f"/plans/new/?factory={world.factory_b.pk}", sent(world, **changed))
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_an_assessor_reads_the_plan_and_cannot_change_it(world: World, client_of: Any) -> None:
    made = plan(world)
    client = client_of(world.person("advisor"))
    page = client.get(f"/plans/{made.pk}/").content.decode()
    assert "Mekong Heron Apparel" in page
    assert 'name="start_date"' not in page
    assert client.post(f"/plans/{made.pk}/", sent(world, mode="virtual")).status_code == 403
    assert client.post(f"/plans/{made.pk}/cancel/").status_code == 403


@pytest.mark.parametrize("number", ["", "x", "9" * 40, "-1", "٣"])
def test_a_factory_that_is_none_is_not_found(world: World, client_of: Any, number: str) -> None:
    assert client_of(world.person("team_leader")).get("/plans/new/", {"factory": number}).status_code == 404


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 15), -10, date(2025, 3, 15)),
        (date(2025, 12, 1), 12, date(2026, 12, 1)),
    ],
)
def test_months_are_those_of_the_calendar(day: date, months: int, later: date) -> None:
    assert months_later(day, months) == later
