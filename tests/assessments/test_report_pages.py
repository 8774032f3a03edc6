"""The pages on which reports are ordered and downloaded."""

import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.storage import storages
from django.urls import reverse

from assessments.models import ReportCopy
from assessments.reports.services import link_key
from portal.core.models import Job
from sharing.models import AccessRecord
from tests.assessments.report_files import (
    ORDER,
    content,
    job_page,
    link,
    make,
    order,
    post_order,
    stored,
)


class TestPages:
    def test_from_the_order_to_the_file(self, world, reader, client_of):
        client = client_of(reader)
        response = post_order(client, world.assessments["a2"], format="pdf", language="km")
        copy = ReportCopy.objects.get()
        assert response.url == job_page(copy)
        assert b"Waiting to start" in client.get(job_page(copy)).content
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
