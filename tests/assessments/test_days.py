"""R54: the days of assessments are those of the factory's place: imports, lateness, reviews, moments asked about."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from assessments.models import Assessment, ReportCopy
from assessments.publication.deadlines import has_review_ended, review_end
from assessments.publication.services import take_step
from assessments.publication.views.steps import is_early
from assessments.reading.scopes import document_for
from assessments.reports.pdf import payload
from assessments.reports.services import _stamp
from factories.models import CountryProgramme, Factory
from factories.services import open_handover
from portal.core.days import SHORTEST, UTC_DAYS, day_of, end_of, moment_at, start_of, today
from portal.home.staff import staff_section
from sharing.access.reasons import Decision
from tests.assessments.reports.sample import document as sample_document
from tests.assessments.tables import ROW, check, messages, table
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db
JAYAPURA, MANAGUA = "Asia/Jayapura", "America/Managua"


def place(factory: Factory, zone: str) -> None:
    """Move a factory to a time zone."""
    Factory.objects.filter(pk=factory.pk).update(time_zone=zone)
    factory.refresh_from_db()


def tomorrow_at(hours: int, minutes: int = 0) -> datetime:
    """A moment of tomorrow, by UTC."""
    return datetime.combine(today(UTC_DAYS) + timedelta(days=1), time(hours, minutes), tzinfo=UTC)


def test_r54_an_assessment_of_today_is_imported_at_half_past_six_in_phnom_penh(world: World, run_jobs: None) -> None:
    with time_machine.travel(tomorrow_at(23, 30)):
        there = today(world.factory_b)
        assert there == today(UTC_DAYS) + timedelta(days=1)
        batch = check(world.person("team_leader"), table({"Assesment Start Date": f"{there:%d/%m/%Y}"}))
        assert batch.state == "ready", messages(batch)


@pytest.mark.parametrize("bw_id", ["KH-0002", "KH-0999"])
def test_r54_a_day_that_has_not_begun_at_the_factory_is_refused(world: World, run_jobs: None, bw_id: str) -> None:
    """In Phnom Penh tomorrow has not begun, though it has in Kiribati; a new factory has its country's days."""
    with time_machine.travel(tomorrow_at(11)):
        ahead = today(world.factory_b) + timedelta(days=1)
        row = {"Assesment Start Date": f"{ahead:%d/%m/%Y}", "Factory Assessed ID": bw_id}
        batch = check(world.person("programme_manager"), table(ROW | row))
        assert any(row == 2 and "in the future" in message for row, _column, message in messages(batch))


def test_r54_what_is_late_is_late_by_the_factorys_calendar(world: World, client_of: Any) -> None:
    place(world.factory_a, JAYAPURA)
    place(world.factory_b, MANAGUA)
    ended = today(UTC_DAYS) + timedelta(days=1 - world.cambodia.release_days)
    for factory in (world.factory_a, world.factory_b):
        one = make_assessment(world, factory, 7, "internal_review")
        Assessment.objects.filter(pk=one.pk).update(start_date=ended, end_date=ended)
    rows = Assessment.objects.filter(cycle=7).select_related("factory__programme")
    for moment, late in ((tomorrow_at(14, 59), []), (tomorrow_at(15), [world.factory_a])):
        with time_machine.travel(moment, tick=False):
            assert [one.factory for one in rows.late()] == [one.factory for one in rows if one.is_late] == late
    with time_machine.travel(tomorrow_at(15), tick=False):
        [card] = client_of(world.person("team_leader")).get(reverse("board")).context["late"]["cards"]
        assert (card["assessment"].factory, card["days_late"]) == (world.factory_a, 1)
    with time_machine.travel(tomorrow_at(0) + timedelta(days=1, hours=6), tick=False):
        assert rows.late().count() == 2


@pytest.mark.parametrize(("zone", "ends_at"), [(JAYAPURA, time(15)), (MANAGUA, time(6))])
def test_r54_a_review_runs_to_the_end_of_its_last_day_at_the_factory(world: World, zone: str, ends_at: time) -> None:
    place(world.factory_a, zone)
    leader = world.person("team_leader")
    sent = make_assessment(world, world.factory_a, 7, "internal_review")
    take_step(by=leader, assessment=sent, name="send_to_factory")
    sent = Assessment.objects.select_related("factory__programme").get(pk=sent.pk)
    last = today(world.factory_a) + timedelta(days=world.cambodia.factory_review_days)
    assert review_end(sent) == last
    over = start_of(last + timedelta(days=1), world.factory_a)
    assert over.time() == ends_at
    for moment, is_over in ((over - timedelta(seconds=1), False), (over, True)):
        with time_machine.travel(moment, tick=False):
            assert is_early(sent) is not is_over
            told = " ".join(todo.text for todo in staff_section(leader)["todos"])
            assert ("2 reports can be published" in told) is is_over  # another is with its own


@pytest.mark.parametrize("days", [0, 1, 14])
def test_r54_rows_whose_review_has_ended_are_those_of_which_python_says_so(world: World, days: int) -> None:
    """The two forms of the rule agree in each zone: around the moment when a review ends, and for what was not sent."""
    CountryProgramme.objects.filter(pk=world.cambodia.pk).update(factory_review_days=days)
    place(world.factory_a, JAYAPURA)
    place(world.factory_b, MANAGUA)
    sent_at = tomorrow_at(12) - timedelta(days=20)
    for factory in (world.factory_a, world.factory_b):
        sent, unsent = (make_assessment(world, factory, cycle, "internal_review") for cycle in (7, 8))
        Assessment.objects.filter(pk=sent.pk).update(released_at=sent_at)
        Assessment.objects.filter(pk=unsent.pk).update(released_at=None)
    rows = Assessment.objects.filter(cycle__in=[7, 8]).select_related("factory__programme")
    answers = set()
    for hours in (0, *range(24 * max(days - 1, 0), 24 * (days + 3), 6)):
        with time_machine.travel(sent_at + timedelta(hours=hours), tick=False):
            ended = {one.pk for one in rows if has_review_ended(one)}
            assert {one.pk for one in rows.review_ended()} == ended
            answers.add(len(ended))
    assert answers == ({2} if days == 0 else {0, 1, 2})


@pytest.mark.parametrize("changes", [date(2027, 4, 30), date(2027, 10, 28)])
def test_r54_a_review_in_which_the_clocks_change_has_whole_days(world: World, changes: date) -> None:
    """Cairo: an hour that is skipped, or comes twice, moves neither the first day of the review nor the last."""
    place(world.factory_a, "Africa/Cairo")
    leader, days = world.person("team_leader"), world.cambodia.factory_review_days
    sent, first = make_assessment(world, world.factory_a, 7, "factory_review"), changes - timedelta(days=3)
    over = end_of(first + timedelta(days=days), world.factory_a)
    half_an_hour = timedelta(minutes=30)
    for sent_at in (start_of(first, world.factory_a) + half_an_hour, end_of(first, world.factory_a) - half_an_hour):
        Assessment.objects.filter(pk=sent.pk).update(released_at=sent_at)
        one = Assessment.objects.select_related("factory__programme").get(pk=sent.pk)
        for moment, is_over in ((over - half_an_hour, False), (over + half_an_hour, True)):
            with time_machine.travel(moment, tick=False):
                assert is_early(one) is not is_over
                told = " ".join(todo.text for todo in staff_section(leader)["todos"])
                assert ("2 reports can be published" in told) is is_over


def test_r54_a_moment_is_asked_about_in_the_factorys_time(world: World, client_of: Any) -> None:
    place(world.factory_a, JAYAPURA)
    world.grant()
    one_there = tomorrow_at(16)
    with time_machine.travel(one_there + timedelta(minutes=30)):
        there = today(world.factory_a)
        member = client_of(world.person("brand_a_member"))
        address, asked = reverse("explain", args=[world.factory_a.pk]), {"cycle": 2, "scope": "report"}
        page = member.get(address, asked | {"day": there.isoformat()})
        assert page.context["is_now"]
        at = member.get(address, asked | {"day": there.isoformat(), "time": "01:00"}).context["at"]
        assert at == moment_at(there, time(1), world.factory_a) == one_there
        assert "Days and times: Asia/Jayapura (UTC+09:00)" in page.content.decode()


def test_r54_the_end_of_a_day_is_its_end_where_its_last_hour_comes_twice(world: World, client_of: Any) -> None:
    """Cairo: the clocks go back on the last Thursday of October, from midnight to eleven."""
    place(world.factory_a, "Africa/Cairo")
    world.grant()
    address, asked = reverse("explain", args=[world.factory_a.pk]), {"cycle": 2, "scope": "report"}
    page = client_of(world.person("brand_a_member")).get(address, asked | {"day": "2025-10-30"})
    assert page.context["at"] == datetime(2025, 10, 30, 22, tzinfo=UTC) - SHORTEST


def test_r54_a_report_was_published_on_the_day_of_the_factory(world: World) -> None:
    place(world.factory_a, JAYAPURA)
    leader, draft = world.person("team_leader"), world.assessments["a3"]
    with time_machine.travel(tomorrow_at(16, 30)):
        take_step(by=leader, assessment=draft, name="publish")
        published = Assessment.objects.select_related("factory__programme").get(pk=draft.pk)
        document = document_for(user=leader, assessment=published, scope="report", language="en")
    assert published.published_at is not None
    assert document.assessment.published_on == day_of(published.published_at, world.factory_a)
    assert document.assessment.published_on == today(UTC_DAYS) + timedelta(days=2)


def test_r54_a_copy_names_the_zone_whose_days_it_shows(world: World) -> None:
    place(world.factory_a, JAYAPURA)
    copy = ReportCopy(assessment=world.assessments["a2"], reader=world.person("team_leader"), number=7)
    with time_machine.travel(tomorrow_at(16, 30)):
        copy.created_at = timezone.now()
        stamp = _stamp(copy, Decision(True, "staff", ""))
        assert (stamp.date, stamp.zone) == (today(world.factory_a), "Asia/Jayapura (UTC+09:00)")
    facts = payload(sample_document(), stamp)["stamp"]
    assert any("Asia/Jayapura (UTC+09:00)" in value for _label, value in facts)


def test_r54_a_handover_waits_to_the_end_of_the_last_day_at_the_factory(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    place(world.factory_a, MANAGUA)
    with django_capture_on_commit_callbacks(execute=True):
        opened = open_handover(
            by=world.person("team_leader"),
            factory=world.factory_a,
            new_name="Next",
            new_email="n@test.example",
            evidence="Letter",
        )
    last = today(world.factory_a) + timedelta(days=world.cambodia.handover_days)
    assert opened.last_day_to_object == last
    assert opened.objections_until.astimezone(UTC).time() == time(6)
    [told] = mail.outbox
    assert f"sign in by {date_format(last, 'DATE_FORMAT')} and object with one click:" in " ".join(
        str(told.body).split()
    )
