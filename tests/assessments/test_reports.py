"""Report files from order to download, and what a revoke leaves of them: nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import storages
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from assessments.models import ReportCopy
from assessments.reports import RenderError
from assessments.reports import services as report_services
from assessments.reports.services import clear_old_files
from brands.roles import BRAND
from portal.accounts.services import add_member
from portal.core import jobs
from portal.core.jobs import cancel_job
from portal.core.models import Event, Job
from sharing.models import AccessRecord
from tests.assessments.report_files import (
    job_page,
    join,
    link,
    make,
    meanwhile,
    order,
    post_order,
    revoke,
    stored,
    stored_files,
)


class TestOrder:
    def test_it_is_queued_and_written_down(self, world, reader):
        copy = order(world, reader)
        assert copy.job.state == Job.State.QUEUED
        assert (copy.job.owner, copy.reader, copy.brand) == (reader, reader, world.brand_a)
        event = Event.objects.get(kind="report.ordered")
        assert (event.actor, event.factory_id, event.data["copy_number"]) == (reader, copy.job.factory_id, copy.number)

    def test_copy_numbers_are_never_used_twice(self, world, reader):
        first = order(world, reader)
        second = order(world, reader, format="csv")
        assert second.number != first.number
        assert min(first.number, second.number) >= 100_000_000

    def test_a_double_click_is_one_order(self, world, reader):
        assert order(world, reader) == order(world, reader)
        assert Job.objects.count() == 1

    def test_a_finished_order_can_be_given_again(self, world, reader):
        first = make(order(world, reader))
        assert order(world, reader) != first

    @pytest.mark.parametrize("change", [{"language": "fr"}, {"format": "xlsx"}, {"scope": "step1"}])
    def test_another_order_is_another_file(self, world, reader, change):
        world.grant(scope="step1")
        assert order(world, reader) != order(world, reader, **change)

    @pytest.mark.parametrize("change", [{"language": "xx"}, {"format": "docx"}, {"scope": "improvement_plan"}])
    def test_what_there_is_not_is_refused(self, world, reader, change):
        world.grant(scope="improvement_plan")
        with pytest.raises(ValidationError):
            order(world, reader, **change)

    def test_too_many_waiting_files_are_refused(self, world, reader, monkeypatch):
        monkeypatch.setattr(report_services, "MOST_WAITING", 1)
        order(world, reader)
        with pytest.raises(ValidationError, match="already being created"):
            order(world, reader, format="csv")

    @pytest.mark.parametrize(
        "persona", ["brand_b_member", "manager_b", "vietnam_manager", "constituent", "outsider", "inactive", "operator"]
    )
    def test_who_may_not_read_may_not_order(self, world, reader, persona):
        with pytest.raises(PermissionDenied):
            order(world, world.person(persona))
        assert not Job.objects.exists()

    def test_the_report_grant_does_not_open_step_1(self, world, reader):
        with pytest.raises(PermissionDenied):
            order(world, reader, scope="step1")


class TestMaking:
    @pytest.mark.parametrize("kind", ["pdf", "xlsx", "json", "csv"])
    @pytest.mark.parametrize("persona", ["brand_a_member", "member_a", "programme_manager", "advisor"])
    def test_every_format_for_every_kind_of_reader(self, world, report_grant, persona, kind):
        copy = make(order(world, world.person(persona), format=kind))
        assert (copy.job.state, copy.job.error) == (Job.State.DONE, "")
        assert storages["private"].size(copy.file) > 500

    @pytest.mark.parametrize(
        ("persona", "organisation"),
        [
            ("brand_a_member", "Aster & Oak"),
            ("member_a", "Tonle Lotus Garments"),
            ("programme_manager", "Better Factories Cambodia"),
        ],
    )
    def test_the_file_names_its_reader_and_copy(self, world, report_grant, persona, organisation):
        copy = make(order(world, world.person(persona)))
        made = stored(copy).decode()
        assert f'"organisation": "{organisation}"' in made
        assert f'"reader": "{copy.reader.name}"' in made
        assert f'"copy_number": {copy.number}' in made

    def test_a_second_run_changes_nothing(self, world, reader):
        copy = make(order(world, reader))
        file = copy.file
        assert make(copy).file == file
        assert stored_files() == [file.split("/")[1]]

    def test_a_job_lost_with_its_worker_is_made_by_the_next(self, world, reader):
        copy = order(world, reader)
        lapsed = timezone.now() - timedelta(seconds=1)
        Job.objects.filter(pk=copy.job_id).update(state="running", attempts=1, lease_until=lapsed)
        assert make(copy).job.state == Job.State.DONE

    def test_a_worker_that_lost_its_lease_hands_over_nothing(self, world, reader, monkeypatch):
        copy = order(world, reader)
        other = Job.objects.filter(pk=copy.job_id)
        meanwhile(monkeypatch, lambda: other.update(attempts=9))
        assert make(copy).file == ""
        assert stored_files() == []

    def test_cancelled_while_waiting(self, world, reader):
        copy = order(world, reader)
        cancel_job(by=reader, job=copy.job)
        assert make(copy).job.state == Job.State.CANCELLED

    def test_cancelled_while_running(self, world, reader, monkeypatch):
        copy = order(world, reader)
        meanwhile(monkeypatch, lambda: cancel_job(by=reader, job=copy.job))
        assert make(copy).job.state == Job.State.CANCELLED
        assert (copy.file, stored_files()) == ("", [])

    def test_a_report_that_cannot_be_made_says_so(self, world, reader, monkeypatch):
        def fail(*args, **kwargs):
            raise RenderError("error: #12 of report.typ")

        monkeypatch.setattr("assessments.reports.services.render", fail)
        copy = make(order(world, reader))
        assert copy.job.state == Job.State.FAILED
        assert "could not be created" in copy.job.error_in_words
        assert "typ" not in copy.job.error

    def test_r15_the_files_have_no_steps_2_and_3(self, world, reader):
        world.grant(scope="step1")
        for scope in ("report", "step1"):
            copy = make(order(world, reader, scope=scope))
            made = stored(copy).decode()
            assert "Annual leave is not paid" not in made
            assert "Overtime is not voluntary" not in made


class TestRevoke:
    """R7: at whatever moment the grant ends, there is nothing to find."""

    def test_before_the_job_starts(self, world, reader, report_grant, client_of):
        copy = order(world, reader)
        revoke(world, report_grant)
        assert make(copy).job.state == Job.State.FAILED
        assert (copy.file, stored_files()) == ("", [])
        assert client_of(reader).get(job_page(copy)).status_code == 404

    def test_while_it_runs(self, world, reader, report_grant, client_of, monkeypatch):
        copy = order(world, reader)
        meanwhile(monkeypatch, lambda: revoke(world, report_grant))
        assert make(copy).job.state == Job.State.FAILED
        assert (copy.file, stored_files()) == ("", [])
        assert client_of(reader).get(job_page(copy)).status_code == 404

    def test_when_the_file_is_finished(self, world, reader, report_grant, client_of):
        copy = make(order(world, reader))
        revoke(world, report_grant)
        client = client_of(reader)
        assert client.get(job_page(copy)).status_code == 404
        assert client.get(link(copy)).status_code == 404
        assert not AccessRecord.objects.filter(action="download").exists()

    def test_between_the_gate_and_the_file(self, world, reader, report_grant, client_of, monkeypatch):
        copy = make(order(world, reader))
        monkeypatch.setattr("assessments.reports.views.check_link_key", lambda *_, **__: revoke(world, report_grant))
        assert client_of(reader).get(link(copy)).status_code == 404
        assert not AccessRecord.objects.filter(action="download").exists()

    def test_the_progress_bar_of_an_open_page_goes_away(self, world, reader, report_grant, client_of):
        copy = order(world, reader)
        revoke(world, report_grant)
        response = client_of(reader).get(job_page(copy), headers={"HX-Request": "true"})
        assert (response.status_code, response["HX-Refresh"]) == (404, "true")

    def test_the_order_form(self, world, reader, report_grant, client_of):
        revoke(world, report_grant)
        assert post_order(client_of(reader), world.assessments["a2"]).status_code == 404

    def test_a_copy_for_one_brand_does_not_live_on_another_brands_grant(self, world, reader, report_grant, client_of):
        copy = make(order(world, reader))
        add_member(by=None, kind=BRAND, organisation=world.brand_b, member=reader, role="member")
        world.grant(brand=world.brand_b)
        revoke(world, report_grant)
        assert client_of(reader).get(link(copy)).status_code == 404

    @pytest.mark.parametrize("goes_to", ["factory", "brand"])
    @pytest.mark.parametrize("comes_from", ["staff", "factory", "brand"])
    def test_a_person_who_changed_sides(self, world, report_grant, api_of, client_of, monkeypatch, comes_from, goes_to):
        """Contents on one side is found on no other, finished or running; what is ordered there is."""
        if comes_from == goes_to:
            comes_from, goes_to = goes_to, "staff"
        person = world.person("outsider")
        join(world, person, comes_from)
        finished, running = make(order(world, person, format="csv")), order(world, person)
        files = len(stored_files())
        old_link = link(finished)
        assert client_of(person).get(job_page(finished)).status_code == 200

        person.groups.clear()
        join(world, person, goes_to)
        assert make(running).job.state == Job.State.FAILED
        assert len(stored_files()) == files
        browser, api = client_of(person), api_of(person)
        assert browser.get(reverse("assessment", args=[finished.assessment_id])).status_code == 200
        assert browser.get(old_link).status_code == 404
        for copy in (finished, running):
            assert browser.get(job_page(copy)).status_code == 404
            assert browser.post(reverse("job_cancel", args=[copy.job_id])).status_code == 404
            assert api.get(f"/api/v1/reports/{copy.pk}/").status_code == 404
            assert api.get(f"/api/v1/jobs/{copy.job_id}/").status_code == 404
        assert api.get(f"/api/v1/reports/{finished.pk}/file/", {"key": old_link.split("key=")[1]}).status_code == 404
        assert not AccessRecord.objects.filter(action="download").exists()
        assert client_of(person).get(job_page(make(order(world, person, format="csv")))).status_code == 200

    def test_a_person_who_left_the_brand(self, world, reader, client_of):
        copy = make(order(world, reader))
        reader.groups.clear()
        assert client_of(reader).get(link(copy)).status_code == 404

    def test_a_withdrawn_report(self, world, reader, client_of):
        from assessments.publication.services import take_step

        copy = make(order(world, reader))
        manager = world.person("programme_manager")
        take_step(by=manager, assessment=copy.assessment, name="withdraw", reason="Wrong factory")
        assert client_of(reader).get(link(copy)).status_code == 404


class TestClearing:
    def test_old_files_go_and_their_numbers_stay(self, world, reader, monkeypatch):
        copy = make(order(world, reader))
        assert clear_old_files() == 0
        ReportCopy.objects.filter(pk=copy.pk).update(created_at=timezone.now() - timedelta(days=2))
        monkeypatch.setattr(report_services, "FILE_LIFETIME", timedelta(seconds=-5))
        assert clear_old_files() == 1
        copy.refresh_from_db()
        assert (copy.file, stored_files()) == ("", [])
        assert copy.number

    def test_nothing_to_clear(self, db):
        assert clear_old_files() == 0


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_clicks_at_the_same_moment_are_one_order(world, reader, monkeypatch):
    monkeypatch.setattr(jobs, "nudge", lambda job_id: None)

    def click(_):
        try:
            return order(world, reader).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as clicks:
        assert len(set(clicks.map(click, range(4)))) == 1
    assert Job.objects.count() == 1
