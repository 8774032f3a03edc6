"""Corrections travel: who read an old version is told, sees what changed, takes note; the factory sees who has not."""

from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, InternalError, connection, transaction
from django.db.utils import DatabaseError
from django.urls import reverse

from assessments.models import CorrectionNotice
from assessments.publication.services import take_step
from portal.core.models import Event
from sharing.grants.services.revoking import revoke_access
from sharing.models import AccessRecord
from tests.publishing import correct
from tests.world import World, make_assessment


def read(world: World, client_of: Any, persona: str, name: str = "a2") -> int:
    url = reverse("assessment", args=[world.assessments[name].pk])
    return client_of(world.person(persona)).get(url).status_code


def test_who_read_the_old_version_is_told_what_changed_and_takes_note(
    world: World, client_of: Any, api_of: Any, mail_now: Any
) -> None:
    world.grant()
    world.grant(brand=world.brand_b)
    assert read(world, client_of, "brand_a_member") == 200
    new = correct(world, world.assessments["a2"], q1020="compliant", q1000="nc")
    assert [one.brand for one in CorrectionNotice.objects.all()] == [world.brand_a], "brand B never read it"
    mail_now()
    told = next(message.body for message in mail.outbox if message.to == ["brand.a.member@test.example"])
    notice = CorrectionNotice.objects.get()
    assert "was corrected. See what changed." in told
    assert reverse("correction", args=[notice.assessment_id]) in told
    other = next(message.body for message in mail.outbox if message.to == ["brand.b.member@test.example"])
    assert "was corrected" not in other
    assert "your brand can see a report" in other

    browser = client_of(world.person("brand_a_member"))
    home = browser.get(reverse("home")).content.decode()
    assert reverse("corrections") in home
    page = browser.get(reverse("correction", args=[notice.assessment_id])).content.decode()
    assert "Overtime was counted twice" in page
    assert "Overtime exceeds the legal limit" in page
    assert "Workers below the legal minimum age were found" in page
    assert "Overtime is paid at the wrong rate" not in page, "it did not change"
    assert AccessRecord.objects.filter(assessment_id=new.pk, brand=world.brand_a).exists(), "showing it is reading it"

    factory = client_of(world.person("manager_a"))
    place = reverse("old_versions", args=[world.factory_a.pk])
    assert "Not yet" in factory.get(place).content.decode()
    assert place in factory.get(reverse("home")).content.decode()
    browser.post(reverse("correction_acknowledge", args=[notice.assessment_id]))
    browser.post(reverse("correction_acknowledge", args=[notice.assessment_id]))
    assert Event.objects.filter(kind="correction.acknowledged", brand_id=world.brand_a.pk).count() == 1
    assert "Brand A Member" in factory.get(place).content.decode()
    assert place not in factory.get(reverse("home")).content.decode()
    rows = api_of(world.person("manager_a")).get("/api/v1/corrections/").json()["results"]
    assert [(row["kind"], row["acknowledged_by"]) for row in rows] == [("superseded", "Brand A Member")]
    assert (
        api_of(world.person("manager_a")).post(f"/api/v1/corrections/{notice.assessment_id}/acknowledge/").status_code
        == 403
    )
    assert api_of(world.person("brand_b_member")).get("/api/v1/corrections/").json()["results"] == []


def test_a_brand_sees_changes_of_its_scopes_only(world: World, client_of: Any) -> None:
    """R15: with Step 1 alone, a change elsewhere is not shown; that there is a new version is."""
    world.grant(scope="step1")
    read(world, client_of, "brand_a_member")
    correct(world, world.assessments["a2"], q1020="compliant", q1012="compliant")
    notice = CorrectionNotice.objects.get()
    page = (
        client_of(world.person("brand_a_member"))
        .get(reverse("correction", args=[notice.assessment_id]))
        .content.decode()
    )
    assert "Overtime exceeds the legal limit" in page
    assert "Sick leave is not paid" not in page


def test_r7_a_revoke_reaches_corrections(world: World, client_of: Any, api_of: Any, mail_now: Any) -> None:
    grant = world.grant()
    read(world, client_of, "brand_a_member")
    correct(world, world.assessments["a2"], q1020="compliant")
    notice = CorrectionNotice.objects.get()
    revoke_access(by=world.person("manager_a"), grant=grant)
    mail_now()
    assert not any("corrected" in message.body for message in mail.outbox if "brand" in message.to[0])
    browser = client_of(world.person("brand_a_member"))
    assert browser.get(reverse("correction", args=[notice.assessment_id])).status_code == 404
    assert browser.post(reverse("correction_acknowledge", args=[notice.assessment_id])).status_code == 404
    assert api_of(world.person("brand_a_member")).get("/api/v1/corrections/").json()["results"] == []
    assert "Tonle" not in browser.get(reverse("corrections")).content.decode()
    page = client_of(world.person("manager_a")).get(reverse("old_versions", args=[world.factory_a.pk]))
    assert "Aster" in page.content.decode(), "the factory still sees who holds it"


def test_r51_a_hold_delays_no_correction_of_a_report_that_is_open(world: World, client_of: Any, mail_now: Any) -> None:
    world.grant(hold_days=5)
    read(world, client_of, "brand_a_member")
    correct(world, world.assessments["a2"], q1020="compliant")
    notice = CorrectionNotice.objects.get()
    mail_now()
    told = next(message.body for message in mail.outbox if message.to == ["brand.a.member@test.example"])
    assert "was corrected. See what changed." in told
    browser = client_of(world.person("brand_a_member"))
    assert "Overtime exceeds the legal limit" in (
        browser.get(reverse("correction", args=[notice.assessment_id])).content.decode()
    )
    assert reverse("corrections") in browser.get(reverse("home")).content.decode()


def test_r51_a_correction_of_a_report_on_hold_notifies_nobody_of_a_brand(
    world: World, client_of: Any, mail_now: Any
) -> None:
    world.grant(hold_days=5)
    old = make_assessment(world, world.factory_a, 5, "published", published_days_ago=0)
    browser = client_of(world.person("brand_a_member"))
    assert browser.get(reverse("assessment", args=[old.pk])).status_code == 404
    mail_now()
    mail.outbox.clear()
    correct(world, old, q1020="compliant")
    assert not CorrectionNotice.objects.exists()
    mail_now()
    assert not [message for message in mail.outbox if "brand" in message.to[0]]
    assert browser.get(reverse("correction", args=[old.pk])).status_code == 404
    assert reverse("corrections") not in browser.get(reverse("home")).content.decode()


def test_who_read_a_withdrawn_report_is_told_without_its_reason(world: World, client_of: Any, mail_now: Any) -> None:
    world.grant()
    read(world, client_of, "brand_a_member")
    staff = world.person("programme_manager")
    take_step(by=staff, assessment=world.assessments["a2"], name="withdraw", reason="The assessor was bribed")
    mail_now()
    told = {message.to[0]: message.body for message in mail.outbox}
    assert "was withdrawn. Please acknowledge this." in told["brand.a.member@test.example"]
    assert "Brands can no longer read it" in told["manager.a@test.example"]
    notice = CorrectionNotice.objects.get()
    page = (
        client_of(world.person("brand_a_member"))
        .get(reverse("correction", args=[notice.assessment_id]))
        .content.decode()
    )
    assert "This report was withdrawn" in page
    assert "bribed" not in page + "".join(told.values())
    inside = client_of(world.person("manager_a")).get(reverse("old_versions", args=[world.factory_a.pk]))
    assert "bribed" in inside.content.decode()


def test_the_note_is_taken_once_and_never_unmade(world: World, client_of: Any) -> None:
    """A brand that lost its access before the correction is not told; what was told is kept by the database."""
    grant = world.grant()
    read(world, client_of, "brand_a_member")
    revoke_access(by=world.person("manager_a"), grant=grant)
    correct(world, world.assessments["a2"], q1020="compliant")
    assert not CorrectionNotice.objects.exists()
    page = client_of(world.person("manager_a")).get(reverse("old_versions", args=[world.factory_a.pk]))
    assert "Not notified: it had no access" in page.content.decode()
    notice = CorrectionNotice.objects.create(assessment=world.assessments["a1_old"], brand=world.brand_a)
    with pytest.raises((IntegrityError, InternalError, DatabaseError)), transaction.atomic():
        CorrectionNotice.objects.filter(pk=notice.pk).update(brand=world.brand_b)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM assessments_correctionnotice")
