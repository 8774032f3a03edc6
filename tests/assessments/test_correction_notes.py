"""What a correction changes is said to those who may read the version that it corrects, and to nobody else (R56)."""

from typing import Any

import pytest
from django.core.files.storage import storages
from django.urls import reverse

from assessments.models import Assessment, ReportCopy
from assessments.reports.services import order_report
from portal.core import jobs
from tests.publishing import correct
from tests.world import World

pytestmark = pytest.mark.django_db
NOTE = "Overtime was counted twice"


def said(world: World, persona: str, corrected: Assessment, client_of: Any, api_of: Any) -> set[str]:
    """Return where the note of a correction is said to a person."""
    person, key = world.person(persona), corrected.pk
    api = api_of(person)
    answers = {
        "page": client_of(person).get(reverse("assessment", args=[key])),
        "detail": api.get(f"/api/v1/assessments/{key}/"),
        "list": api.get("/api/v1/assessments/"),
        "shared": api.get("/api/v1/shared/"),
        "findings": api.get(f"/api/v1/assessments/{key}/findings/", {"scope": "report"}),
    }
    return {name for name, answer in answers.items() if NOTE in answer.content.decode()}


def file_of(world: World, persona: str, corrected: Assessment) -> str:
    """Return a file of it, as it was made for a person."""
    order = {"scope": "report", "format": "json", "language": "en"}
    copy: ReportCopy = order_report(by=world.person(persona), assessment=corrected, **order)
    jobs.run(copy.job_id)
    copy.refresh_from_db()
    with storages["private"].open(copy.file) as file:
        return str(file.read().decode())


def test_r56_a_newcomer_does_not_learn_what_a_correction_changed(world: World, client_of: Any, api_of: Any) -> None:
    world.grant(factory=world.factory_b)
    corrected = correct(world, world.assessments["b1"], q1020="compliant")
    world.grant(brand=world.brand_b, factory=world.factory_b)

    everywhere = {"page", "detail", "list", "findings"}
    assert said(world, "brand_b_member", corrected, client_of, api_of) == set()
    assert said(world, "brand_a_member", corrected, client_of, api_of) == {*everywhere, "shared"}
    for persona in ("manager_b", "team_leader"):
        assert said(world, persona, corrected, client_of, api_of) == everywhere, persona


def test_r56_nor_does_a_file_made_for_one_say_it(world: World) -> None:
    world.grant(factory=world.factory_b)
    corrected = correct(world, world.assessments["b1"], q1020="compliant")
    world.grant(brand=world.brand_b, factory=world.factory_b)
    files = {persona: NOTE in file_of(world, persona, corrected) for persona in ("brand_a_member", "brand_b_member")}
    assert files == {"brand_a_member": True, "brand_b_member": False}
