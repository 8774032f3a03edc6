"""What is told of grants and reports, to whom, and what a revoke, a hold or a missing confirmation leaves of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from assessments.publication.services import take_step
from brands.models import Brand
from factories.models import Factory
from portal.notices.handing_out import hand_out_notices
from portal.notices.mails import send_due_mails
from portal.notices.models import Notice
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.models import SharingGrant
from tests.notices.conftest import open_now, pass_time
from tests.world import World


def texts(address: str) -> str:
    """Everything mailed to one person."""
    return "\n".join(message.body for message in mail.outbox if message.to == [address])


BRAND_A, FACTORY_A = "brand.a.member@test.example", "manager.a@test.example"


def test_a_brand_is_told_of_a_grants_start_change_and_end(world: World, mail_now: Any) -> None:
    grant = world.grant()
    mail_now()
    assert "Tonle Lotus Garments now shares with your brand. Assessment reports: All cycles" in texts(BRAND_A)
    until = timezone.now() + timedelta(days=30)
    changed = change_grant(by=world.person("manager_a"), grant=grant, terms=Terms(expires_at=until))
    mail.outbox.clear()
    mail_now()
    assert "changed what it shares" in texts(BRAND_A)
    assert "no longer" not in texts(BRAND_A)
    mail.outbox.clear()
    revoke_access(by=world.person("manager_a"), grant=changed, reason="Not for them")
    mail_now()
    assert texts(BRAND_A).count("ended the access") == 1
    assert "Not for them" not in texts(BRAND_A)
    mail.outbox.clear()
    open_now()
    mail_now()
    assert mail.outbox == [], "that it would have ended later is no news any more"
    assert not any("brand.b" in message.to[0] for message in mail.outbox)


def test_r7_mails_already_queued_die_with_the_grant(world: World) -> None:
    """The start and the report were handed out and waited; the revoke comes first: only the end is told."""
    grant = world.grant()
    take_step(by=world.person("programme_manager"), assessment=world.assessments["a3"], name="publish")
    hand_out_notices()
    revoke_access(by=world.person("manager_a"), grant=grant)
    hand_out_notices()
    pass_time()
    send_due_mails()
    said = texts(BRAND_A)
    assert "ended the access" in said
    assert "now shares" not in said
    assert "cycle 3" not in said
    assert "the report of cycle 3 is published" in texts(FACTORY_A)


def test_a_grant_that_waits_to_be_confirmed_is_not_told(world: World, mail_now: Any) -> None:
    Factory.objects.filter(pk=world.factory_a.pk).update(confirms_sharing=True)
    grant = world.grant()
    mail_now()
    revoke_access(by=world.person("manager_a"), grant=grant)
    mail_now()
    assert texts(BRAND_A) == ""
    assert not Notice.objects.filter(side="brand").exists()


def test_the_end_of_a_period_is_told_when_it_comes(world: World, mail_now: Any, monkeypatch: Any) -> None:
    world.grant(expires_at=timezone.now() + timedelta(days=1))
    mail_now()
    assert "no longer" not in texts(BRAND_A)
    open_now()
    real = SharingGrant.status
    monkeypatch.setattr(SharingGrant, "status", lambda grant: "expired" if real(grant) == "live" else real(grant))
    monkeypatch.setattr("sharing.grants.models.SharingGrantQuerySet.live", lambda rows, at=None: rows.none())
    mail_now()
    assert "no longer shares" in texts(BRAND_A)


def test_reports_are_told_to_the_factory_and_to_brands_they_open_to(world: World, mail_now: Any) -> None:
    """In review: the factory only. Published: each brand that may read it, when it opens; never the other brand."""
    world.grant(hold_days=5)
    mail_now()
    mail.outbox.clear()
    staff, a3 = world.person("programme_manager"), world.assessments["a3"]
    take_step(by=staff, assessment=a3, name="take_back")
    take_step(by=staff, assessment=a3, name="send_to_factory")
    mail_now()
    assert "cycle 3 is ready for your review" in texts(FACTORY_A)
    assert texts(BRAND_A) == ""
    take_step(by=staff, assessment=a3, name="publish")
    mail_now()
    assert texts(FACTORY_A).count("cycle 3 is published") == 1
    assert texts(BRAND_A) == ""
    told = Notice.objects.get(kind="report.published", side="brand")
    assert told.organisation_id == world.brand_a.pk
    assert told.not_before > timezone.now() + timedelta(days=4)
    told.pk, told.handled_at, told.not_before = None, None, timezone.now()
    told.save()
    mail_now()
    assert texts(BRAND_A) == "", "before its time nothing is said, whatever the plan was"


@pytest.mark.parametrize("persona", ["brand_a_member", "manager_a"])
def test_mails_follow_the_persons_language_and_membership(world: World, persona: str, mail_now: Any) -> None:
    world.grant()
    Brand.objects.filter(pk=world.brand_a.pk).update(is_active=False)
    mail_now()
    assert mail.outbox == [], "a brand that is closed is told nothing"
