"""Report files, jobs and steps over the API."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from assessments.models import Assessment, ReportCopy
from portal.core import jobs
from portal.core.jobs import start_job
from portal.core.models import Job
from sharing.grants.services.revoking import revoke_access
from sharing.models import AccessRecord
from tests.world import World

pytestmark = pytest.mark.django_db
V1 = "/api/v1/"


def order(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "assessment": str(world.assessments["a2"].pk),
        "scope": "report",
        "format": "json",
        "language": "en",
    } | changes


def made(client: Any, ordered: Any) -> dict[str, Any]:
    """The report of an accepted order, after a worker ran its job."""
    assert ordered.status_code == 202, ordered.content
    jobs.run(UUID(ordered.json()["job"]["id"]))
    report: dict[str, Any] = client.get(f"{V1}reports/{ordered.json()['id']}/").json()
    return report


def test_an_order_becomes_a_file(world: World, api_of: Any):
    world.grant()
    client = api_of(world.person("brand_a_member"))
    report = made(client, client.post(f"{V1}reports/", order(world), format="json"))

    assert report["job"]["state"] == "done"
    assert report["job"]["percent"] == 100
    assert client.get(f"{V1}jobs/{report['job']['id']}/").json() == report["job"]
    file = client.get(report["download_url"])
    content = json.loads(b"".join(file.streaming_content))
    assert content["copy"]["copy_number"] == report["number"]
    assert content["copy"]["organisation"] == "Aster & Oak"
    assert file["Content-Disposition"].endswith(f'copy-{report["number"]}.json"')
    assert AccessRecord.objects.get(action="download").copy_number == report["number"]


def test_an_integration_orders_and_fetches(world: World, token_client: Any):
    world.grant()
    client = token_client("integration_report")
    report = made(client, client.post(f"{V1}reports/", order(world, format="csv"), format="json"))
    file = client.get(report["download_url"])
    assert file["Content-Type"].startswith("text/csv")
    assert b"KH-0001" in b"".join(file.streaming_content)


def test_after_a_revoke_order_job_file_and_old_link_are_gone(world: World, api_of: Any):
    grant = world.grant()
    client = api_of(world.person("brand_a_member"))
    report = made(client, client.post(f"{V1}reports/", order(world), format="json"))
    link = report["download_url"]
    revoke_access(by=world.person("manager_a"), grant=grant)

    gone = [f"{V1}reports/{report['id']}/", f"{V1}jobs/{report['job']['id']}/", link]
    assert [client.get(address).status_code for address in gone] == [404, 404, 404]
    assert client.post(f"{V1}jobs/{report['job']['id']}/cancel/").status_code == 404
    assert client.post(f"{V1}reports/", order(world), format="json").status_code == 404
    assert not AccessRecord.objects.filter(action="download").exists()


def test_a_link_is_for_one_person_one_file_and_some_minutes(world: World, api_of: Any, settings: Any):
    world.grant()
    client = api_of(world.person("brand_a_member"))
    report = made(client, client.post(f"{V1}reports/", order(world), format="json"))
    link = report["download_url"]

    for other in ("brand_a_manager", "brand_b_member", "manager_a"):
        assert api_of(world.person(other)).get(link).status_code == 404
    assert api_of(None).get(link).status_code == 401
    assert client.get(link[:-1] + ("A" if link[-1] != "A" else "B")).status_code == 404
    assert client.get(link.split("?")[0]).status_code == 400
    settings.REPORT_LINK_LIFETIME = timedelta(seconds=-1)
    late = client.get(link)
    assert late.status_code == 410
    assert late["Content-Type"] == "application/problem+json"


BAD_ORDERS: list[tuple[dict[str, Any], int]] = [
    ({"scope": "step1"}, 404),
    ({"assessment": str(uuid4())}, 404),
    ({"assessment": "not-an-id"}, 400),
    ({"scope": "improvement_plan"}, 400),
    ({"format": "exe"}, 400),
    ({"language": "tlh"}, 400),
    ({"reader": 1}, 400),
]


def test_an_order_for_what_is_not_open(world: World, api_of: Any):
    world.grant()
    client = api_of(world.person("brand_a_member"))
    for changes, status in BAD_ORDERS:
        response = client.post(f"{V1}reports/", order(world, **changes), format="json")
        assert response.status_code == status, changes
    assert not ReportCopy.objects.exists()


def test_ids_of_others_in_the_body_open_nothing(world: World, api_of: Any):
    world.grant()
    for persona in ("brand_b_member", "manager_b", "outsider", "constituent", "vietnam_manager"):
        client = api_of(world.person(persona))
        assert client.post(f"{V1}reports/", order(world), format="json").status_code == 404, persona
    assert not Job.objects.exists()


def test_a_job_is_its_owners_alone_and_can_be_cancelled(world: World, api_of: Any):
    world.grant()
    client = api_of(world.person("brand_a_member"))
    job = client.post(f"{V1}reports/", order(world), format="json").json()["job"]
    assert job["state"] == "queued"
    for persona in ("brand_a_manager", "manager_a", "global_staff"):
        other = api_of(world.person(persona))
        assert other.get(f"{V1}jobs/{job['id']}/").status_code == 404
        assert other.post(f"{V1}jobs/{job['id']}/cancel/").status_code == 404
    assert client.post(f"{V1}jobs/{job['id']}/cancel/").json()["state"] == "cancelled"


def test_jobs_of_other_kinds_are_shown_too(world: World, api_of: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("portal.core.jobs.HANDLERS", {"test": dict})
    job = start_job(kind="test", by=world.person("team_leader"), params={})
    assert api_of(world.person("team_leader")).get(f"{V1}jobs/{job.pk}/").json()["kind"] == "test"


# Steps


def test_staff_publish_and_the_brand_sees_it(world: World, api_of: Any):
    world.grant()
    a3 = world.assessments["a3"]
    address = f"{V1}assessments/{a3.pk}/steps/"
    for persona, status in [
        ("manager_a", 403),
        ("member_a", 403),
        ("advisor", 403),
        ("brand_a_member", 404),
        ("manager_b", 404),
        ("vietnam_manager", 404),
    ]:
        response = api_of(world.person(persona)).post(address, {"step": "publish"}, format="json")
        assert response.status_code == status, persona
    response = api_of(world.person("team_leader")).post(address, {"step": "publish"}, format="json")

    assert response.json()["state"] == "published"
    assert len(api_of(world.person("brand_a_member")).get(f"{V1}shared/").json()["results"]) == 3


def test_a_step_that_cannot_be_taken(world: World, api_of: Any):
    client, a2 = api_of(world.person("team_leader")), world.assessments["a2"]
    late = client.post(f"{V1}assessments/{a2.pk}/steps/", {"step": "send_to_factory"}, format="json")
    assert (late.status_code, "“Published”" in late.json()["detail"]) == (409, True)
    for body in ({"step": "fly"}, {}, {"step": "withdraw", "state": "x"}):
        response = client.post(f"{V1}assessments/{a2.pk}/steps/", body, format="json")
        assert response.status_code == 400, body
    assert Assessment.objects.get(pk=a2.pk).state == "published"


def test_a_withdrawal_needs_a_reason(world: World, api_of: Any):
    client, address = api_of(world.person("team_leader")), f"{V1}assessments/{world.assessments['a2'].pk}/steps/"
    refused = client.post(address, {"step": "withdraw"}, format="json")
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"reason"})
    taken = client.post(address, {"step": "withdraw", "reason": "Wrong factory"}, format="json")
    assert taken.json()["state"] == "withdrawn"
