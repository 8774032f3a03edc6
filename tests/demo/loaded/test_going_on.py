"""What is going on in the demo: each account finds something that waits for it, and nothing leaves the machine."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.models import Assessment, CorrectionNotice
from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.demo.accounts import BRAND_A, BY_KEY, FACTORY_A
from portal.ledger.verifying import verify_ledger
from portal.notices.handing_out import hand_out_notices
from portal.notices.models import Notice, WebhookDelivery, WebhookEndpoint
from portal.notices.webhooks.sending import deliver_waiting
from sharing import access
from sharing.models import AccessRequest, DestroyNotice, PaperConsent, SharingGrant, WithheldReport


def person(key: str) -> User:
    return User.objects.get(email=BY_KEY[key].email)


def home(key: str) -> str:
    browser = Client()
    browser.force_login(person(key), backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser.get(reverse("home")).content.decode()


def factory_a() -> Factory:
    return Factory.objects.get(name=FACTORY_A)


def test_the_manager_finds_requests_and_what_opens_soon(demo: Any) -> None:
    asked = AccessRequest.objects.visible_to(person("manager_a")).waiting().decidable_by(person("manager_a"))
    assert {BRAND_A} < {request.brand.name for request in asked.select_related("brand")}
    page = home("manager_a")
    assert {reverse("access_request", args=[request.pk]) in page for request in asked} == {True}
    assert "Cycles 1, 2, 3 and 4, visible from" in page


def test_the_representative_has_a_sharing_to_confirm(demo: Any) -> None:
    waiting = SharingGrant.objects.visible_to(person("representative_a")).unconfirmed().filter(factory=factory_a())
    [grant] = waiting
    assert reverse("grant_confirmation", args=[grant.pk]) in home("representative_a")
    assert not factory_a().confirms_sharing, "what manager A shares with brand A takes effect at once"


def test_a_corrected_report_was_noted_by_one_brand_and_not_by_another(demo: Any) -> None:
    told = CorrectionNotice.objects.filter(assessment__factory=factory_a(), assessment__state="superseded")
    assert {bool(notice.acknowledged_at) for notice in told} == {True, False}
    open_ones = CorrectionNotice.objects.for_brands_of(person("brand_a_member")).filter(acknowledged_at=None)
    assert open_ones.exists()
    assert reverse("corrections") in home("brand_a_member")
    assert CorrectionNotice.objects.exclude(acknowledged_at=None).count() > 2


def test_holds_run_and_their_ends_wait_to_be_told(demo: Any) -> None:
    notices = Notice.objects.filter(kind="report.published", side="brand", handled_at=None)
    assert notices.exists()
    for notice in notices:
        new, brand = Assessment.objects.get(pk=notice.subject), Brand.objects.get(pk=notice.organisation_id)
        assert timezone.now() < notice.not_before < timezone.now() + timedelta(days=30)
        assert not access.scopes_open_to_brand(brand.pk, new)
        assert access.brands_reading_of(new, "report", notice.not_before).filter(brand=brand).exists()


def test_r51_a_correction_is_open_to_who_reads_the_report_whatever_its_hold(demo: Any) -> None:
    assert not Notice.objects.filter(kind="report.superseded", handled_at=None).exists()
    reader = User.objects.get(email="member-filo-rosso@demo.example")
    [grant] = SharingGrant.objects.visible_to(reader).live().filter(factory=factory_a(), scope="report")
    assert grant.hold_days == 5
    corrected = Assessment.objects.get(
        factory=factory_a(), version=2, published_at__gt=timezone.now() - timedelta(days=5)
    )
    readable = Assessment.objects.visible_to(reader, "report").filter(factory=factory_a(), cycle=corrected.cycle)
    assert {one.version for one in readable} == {1, 2}


def test_copies_were_destroyed_here_and_are_owed_an_answer_there(demo: Any) -> None:
    asked = DestroyNotice.objects.filter(factory=factory_a())
    assert {bool(notice.answered_at) for notice in asked} == {True, False}
    assert DestroyNotice.objects.asked_of(person("brand_a_member")).open().exists()
    assert "asks you to destroy" in home("brand_a_member")


def test_something_is_withheld_and_something_was_consented_to_on_paper(demo: Any) -> None:
    assert WithheldReport.objects.visible_to(person("member_a")).in_force().count() == 2
    consent = PaperConsent.objects.visible_to(person("manager_a")).get(factory=factory_a())
    assert SharingGrant.objects.filter(consent_document=consent.document).exists()


def test_nothing_is_sent_by_itself(demo: Any) -> None:
    """Nothing is due on the day it is loaded, and the endpoint is paused under a name that leads nowhere."""
    assert Notice.objects.filter(handled_at=None).count() > 100
    assert hand_out_notices() == 0
    assert deliver_waiting() == 0
    endpoint = WebhookEndpoint.objects.visible_to(person("brand_a_manager")).get()
    assert endpoint.is_paused
    assert ".example/" in endpoint.url
    delivery = WebhookDelivery.objects.get()
    assert (delivery.kind, delivery.state, delivery.problem) == ("test", "failed", "refused")


def test_the_ledger_is_intact_and_the_grants_are_what_their_receipts_say(
    demo: Any, loaded_twice: Any, settings: Any
) -> None:
    settings.STORAGES = loaded_twice.storages
    assert verify_ledger().problems == []
