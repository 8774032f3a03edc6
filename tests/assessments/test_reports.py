"""Report files from order to download, and what a revoke leaves of them: nothing."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import storages
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from assessments import report_services
from assessments.models import ReportCopy
from assessments.report_services import clear_old_files, link_key, order_report
from assessments.reports import RenderError, render
from brands.roles import BRAND
from factories.roles import FACTORY, PROGRAMME
from portal.accounts.services import add_member
from portal.core import jobs
from portal.core.jobs import cancel_job
from portal.core.models import Event, Job
from sharing.models import AccessRecord
from sharing.services import revoke_access

ORDER = {"scope": "report", "language": "en", "format": "json"}


@pytest.fixture
def report_grant(world):
    return world.grant()


@pytest.fixture
def reader(world, report_grant):
    """A member of brand A, which factory A granted its reports."""
    return world.person("brand_a_member")


def order(world, reader, assessment="a2", **changes):
    return order_report(by=reader, assessment=world.assessments[assessment], **(ORDER | changes))


def make(copy):
    """The copy after a worker ran its job."""
    jobs.run(copy.job_id)
    copy.refresh_from_db()
    copy.job.refresh_from_db()
    return copy


def revoke(world, grant):
    return revoke_access(by=world.person("manager_a"), grant=grant)


def post_order(client, assessment, **changes):
    return client.post(reverse("report_order", args=[assessment.pk]), ORDER | changes)


def job_page(copy) -> str:
    return reverse("job", args=[copy.job_id])


def link(copy, by=None) -> str:
    key = link_key(by=by or copy.reader, copy=copy)
    return reverse("report_download", args=[copy.pk]) + f"?key={key}"


def content(response) -> bytes:
    return b"".join(response.streaming_content)


def stored(copy) -> bytes:
    with storages["private"].open(copy.file) as file:
        return bytes(file.read())


def stored_files() -> list[str]:
    storage = storages["private"]
    return storage.listdir("reports")[1] if storage.exists("reports") else []


def meanwhile(monkeypatch, act: Callable[[], object]) -> None:
    """Do `act` once, in the middle of the rendering of the next report."""

    def rendered(*args, **kwargs):
        file = render(*args, **kwargs)
        act()
        return file

    monkeypatch.setattr("assessments.report_services.render", rendered)


def join(world, person, side) -> None:
    """Make somebody who belongs to nobody one of the staff, of factory A's or of brand A's people."""
    kind, organisation, role = {
        "staff": (PROGRAMME, world.cambodia, "team_leader"),
        "factory": (FACTORY, world.factory_a, "member"),
        "brand": (BRAND, world.brand_a, "member"),
    }[side]
    add_member(by=None, kind=kind, organisation=organisation, member=person, role=role)


class TestOrder:
    def test_it_is_queued_and_written_down(self, world, reader):
        copy = order(world, reader)
        assert copy.job.state == Job.State.QUEUED
        assert (copy.job.owner, copy.reader, copy.brand) == (reader, reader, world.brand_a)
        event = Event.objects.get(kind="assessments.report_ordered")
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
        with pytest.raises(ValidationError, match="waiting"):
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

        monkeypatch.setattr("assessments.report_services.render", fail)
        copy = make(order(world, reader))
        assert copy.job.state == Job.State.FAILED
        assert "could not be made" in copy.job.error_in_words
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
        monkeypatch.setattr("assessments.views.reports.check_link_key", lambda *_, **__: revoke(world, report_grant))
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
        """What was ordered on one side is found on no other, finished or running; what is ordered there is."""
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
        from assessments.services import take_step

        copy = make(order(world, reader))
        manager = world.person("programme_manager")
        take_step(by=manager, assessment=copy.assessment, name="withdraw", reason="Wrong factory")
        assert client_of(reader).get(link(copy)).status_code == 404


class TestPages:
    def test_from_the_order_to_the_file(self, world, reader, client_of):
        client = client_of(reader)
        response = post_order(client, world.assessments["a2"], format="pdf", language="km")
        copy = ReportCopy.objects.get()
        assert response.url == job_page(copy)
        assert b"Waiting for its turn" in client.get(job_page(copy)).content
        make(copy)
        page = client.get(job_page(copy))
        assert link(copy).split("?")[0] in page.content.decode()
        response = client.get(page.context["result_url"])
        assert content(response).startswith(b"%PDF")
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"] == (
            f'attachment; filename="better-work-KH-0001-cycle-2-v1-report-km-copy-{copy.number}.pdf"'
        )
        assert "no-store" in response["Cache-Control"]

    def test_every_download_is_in_who_saw_what(self, world, reader, client_of):
        copy = make(order(world, reader))
        for _ in range(2):
            content(client_of(reader).get(link(copy)))
        seen = AccessRecord.objects.filter(action="download")
        assert set(seen.values_list("person", "brand", "factory", "scope", "copy_number")) == {
            (reader.pk, world.brand_a.pk, world.factory_a.pk, "report", copy.number)
        }
        assert seen.count() == 2

    def test_the_file_is_what_was_stored(self, world, reader, client_of):
        copy = make(order(world, reader, format="xlsx"))
        made = content(client_of(reader).get(link(copy)))
        assert made == stored(copy)
        assert io.BytesIO(made).read(2) == b"PK"

    def test_a_link_that_is_too_old_leads_to_a_fresh_one(self, world, reader, client_of, settings):
        copy = make(order(world, reader))
        settings.REPORT_LINK_LIFETIME = timedelta(seconds=-1)
        response = client_of(reader).get(link(copy))
        assert (response.status_code, response.url) == (302, job_page(copy))

    @pytest.mark.parametrize("key", ["", "tampered", "W10:1abc:xyz"])
    def test_a_tampered_link_is_not_found(self, world, reader, client_of, key):
        copy = make(order(world, reader))
        url = reverse("report_download", args=[copy.pk])
        assert client_of(reader).get(url, {"key": key}).status_code == 404

    def test_the_link_of_another_copy_is_not_found(self, world, reader, client_of):
        first, second = make(order(world, reader)), make(order(world, reader, format="csv"))
        url = reverse("report_download", args=[first.pk])
        assert client_of(reader).get(url, {"key": link_key(by=reader, copy=second)}).status_code == 404

    @pytest.mark.parametrize("persona", ["brand_a_manager", "brand_b_member", "manager_a", "global_staff", "outsider"])
    def test_a_copy_is_its_readers_alone(self, world, reader, client_of, persona):
        copy = make(order(world, reader))
        stranger = world.person(persona)
        for url in (job_page(copy), link(copy), link(copy, by=stranger)):
            assert client_of(stranger).get(url).status_code == 404

    def test_nobody_signed_in_is_asked_to_sign_in(self, world, reader, client_of):
        copy = make(order(world, reader))
        response = client_of(None).get(link(copy))
        assert response.status_code == 302
        assert response.url.startswith(reverse("account_login"))

    def test_a_scope_that_is_not_open_is_not_found(self, world, reader, client_of):
        assert post_order(client_of(reader), world.assessments["a2"], scope="step1").status_code == 404
        assert not Job.objects.exists()

    @pytest.mark.parametrize("change", [{"format": "exe"}, {"language": "xx"}, {"scope": "everything"}])
    def test_nonsense_is_refused_with_a_message(self, world, reader, client_of, change):
        response = post_order(client_of(reader), world.assessments["a2"], **change)
        assert response.url == reverse("assessment", args=[world.assessments["a2"].pk])
        assert not Job.objects.exists()

    def test_an_order_must_be_posted(self, world, reader, client_of):
        url = reverse("report_order", args=[world.assessments["a2"].pk])
        assert client_of(reader).get(url).status_code == 405

    def test_an_assessment_that_is_not_there_is_not_found(self, reader, client_of):
        assert client_of(reader).post(reverse("report_order", args=[uuid4()]), ORDER).status_code == 404

    def test_a_file_whose_job_is_not_done_is_not_found(self, world, reader, client_of):
        copy = make(order(world, reader))
        Job.objects.filter(pk=copy.job_id).update(state=Job.State.CANCELLED)
        assert client_of(reader).get(link(copy)).status_code == 404

    def test_a_file_that_was_cleared_away_is_not_found(self, world, reader, client_of):
        copy = make(order(world, reader))
        url = link(copy)
        storages["private"].delete(copy.file)
        assert client_of(reader).get(url).status_code == 404
        assert not AccessRecord.objects.filter(action="download").exists()


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
