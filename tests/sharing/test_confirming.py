"""The second person: a worker representative confirms what a manager shares (part of R6, R7)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from assessments.models import Assessment
from brands.models import Brand
from factories.models import Factory
from factories.roles import FACTORY
from factories.services import lock_factory
from portal.accounts.services import add_member, remove_member
from portal.core.days import in_words
from portal.core.models import Event
from portal.disclosure import sheets
from portal.notices.models import Notice
from sharing import access
from sharing.confirming.services import (
    answer_confirmation_end,
    ask_to_end_confirmation,
    confirm_grant,
    refuse_grant,
    switch_confirmation_on,
)
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.models import ConfirmationEnd, DestroyNotice, Receipt, SharingGrant
from tests.sharing.deciding import seen_on
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db


@pytest.fixture
def confirming(world: World) -> World:
    """Factory A wants a second person."""
    switch_confirmation_on(by=world.person("manager_a"), factory=world.factory_a)
    world.factory_a.refresh_from_db()
    return world


def seen(world: World) -> bool:
    return Assessment.objects.visible_to(world.person("brand_a_member")).exists()


def test_r6_nothing_opens_and_no_brand_learns_before_the_second_person_confirms(
    confirming: World, client_of: Any, api_of: Any
) -> None:
    world = confirming
    grant = world.grant()
    brand = api_of(world.person("brand_a_member"))
    assert (grant.status(), seen(world)) == ("unconfirmed", False)
    assert brand.get("/api/v1/grants/").json()["results"] == []
    assert not Notice.objects.filter(side="brand").exists()
    representative, manager = client_of(world.person("representative_a")), client_of(world.person("manager_a"))
    assert "Waiting for your confirmation" in representative.get("/").content.decode()
    page = representative.get(f"/factories/{world.factory_a.pk}/sharing/confirmations/").content.decode()
    assert "Aster &amp; Oak</bdi>: Assessment reports" in page
    assert (
        "Not confirmed yet"
        in manager.get(f"/factories/{world.factory_a.pk}/brands/{world.brand_a.pk}/").content.decode()
    )

    address = f"/sharing/{grant.pk}/confirm/"
    assert manager.post(address, {"answer": "confirm"}).status_code == 403
    assert representative.post(address, {}).status_code == 400
    asked = representative.get(address).content.decode()
    assert (
        "Once the access is confirmed, Aster &amp; Oak can read cycles 1 and 2 from that day, with no end date" in asked
    )
    assert "Confirm access for Aster &amp; Oak?" in asked
    assert "No end date" in asked
    seen_first = seen_on(representative.get(address))
    for _ in range(2):
        representative.post(address, {"answer": "confirm", "seen": seen_first})
    grant.refresh_from_db()
    assert (grant.status(), grant.confirmed_by, seen(world)) == ("live", world.person("representative_a"), True)
    assert Event.objects.filter(kind="grant.confirmed").count() == 1
    assert Notice.objects.filter(side="brand", kind="grant.started").count() == 1


def rename(world: World) -> None:
    Brand.objects.filter(pk=world.brand_a.pk).update(name="Bluefinch Group")


def publish_another(world: World) -> None:
    make_assessment(world, world.factory_a, 5, "published", published_days_ago=9)


@pytest.mark.parametrize("happens", [rename, publish_another])
@pytest.mark.parametrize("is_late", [False, True])
def test_a_second_person_confirms_only_what_the_page_showed(
    confirming: World, client_of: Any, monkeypatch: pytest.MonkeyPatch, happens: Any, is_late: bool
) -> None:
    """Also where it changes after the page's data were read, and before the factory's lock."""
    world, grant = confirming, confirming.grant()
    representative = client_of(world.person("representative_a"))
    address = reverse("grant_confirmation", args=[grant.pk])
    body = {"answer": "confirm", "reason": "Typed before", "seen": seen_on(representative.get(address))}

    def locked_late(key: int) -> Factory:
        happens(world)
        return lock_factory(key)

    with monkeypatch.context() as patched:
        if is_late:
            patched.setattr(sheets, "lock_factory", locked_late)
        else:
            happens(world)
        page = representative.post(address, body)
    shown = page.content.decode()
    assert (page.status_code, "Something has changed since you opened the page" in shown) == (409, True)
    assert ("Bluefinch Group" in shown) == (happens is rename)
    assert "Typed before" in shown
    grant.refresh_from_db()
    assert grant.confirmed_at is None
    assert representative.post(address, {"answer": "confirm"}).status_code == 409
    assert representative.post(address, body | {"seen": seen_on(page)}).status_code == 302
    assert seen(world)


def test_what_a_second_person_confirmed_is_shared_since_then(
    confirming: World, client_of: Any, time_machine: Any
) -> None:
    """What the manager gave two weeks ago opened nothing until today: no page says that it did."""
    world, now = confirming, timezone.now()
    time_machine.move_to(now - timedelta(days=14), tick=False)
    grant = world.grant()
    given = in_words(timezone.now(), world.factory_a)
    time_machine.move_to(now, tick=False)
    confirm_grant(by=world.person("representative_a"), grant=grant)
    confirmed = in_words(now, world.factory_a)

    manager = client_of(world.person("manager_a"))
    report = Assessment.objects.visible_to(world.person("brand_a_member")).first()
    assert report is not None
    for address in (f"/factories/{world.factory_a.pk}/brands/{world.brand_a.pk}/", f"/sharing/{grant.pk}/print/"):
        page = manager.get(address).content.decode()
        assert confirmed in page
        assert given not in page
    said = access.decide(world.person("brand_a_member"), report, "report").sentence
    assert f"since {confirmed}" in said


def test_who_shared_cannot_confirm_even_with_both_roles(confirming: World) -> None:
    world = confirming
    grant, manager = world.grant(), world.person("manager_a")
    add_member(by=None, kind=FACTORY, organisation=world.factory_a, member=manager, role="worker_representative")
    for verb in (confirm_grant, refuse_grant):
        for persona in ("manager_a", "member_a", "manager_b", "brand_a_manager", "programme_manager"):
            with pytest.raises(PermissionDenied):
                verb(by=world.person(persona), grant=grant)  # type: ignore[operator]
    assert not seen(world)


def test_a_refused_grant_ends_and_is_never_confirmed(confirming: World) -> None:
    world, representative = confirming, confirming.person("representative_a")
    grant = world.grant()
    for _ in range(2):
        refuse_grant(by=representative, grant=grant, reason="Not agreed in the committee")
    with pytest.raises(ValidationError):
        confirm_grant(by=representative, grant=grant)
    assert not SharingGrant.objects.not_ended().exists()
    assert not Notice.objects.filter(side="brand").exists()
    again = confirm_grant(by=representative, grant=world.grant())
    with pytest.raises(ValidationError):
        refuse_grant(by=representative, grant=again)


def test_a_change_that_only_narrows_keeps_the_confirmation(confirming: World) -> None:
    world, manager = confirming, confirming.person("manager_a")
    end = timezone.now() + timedelta(days=90)
    grant = world.grant(cycles="from", cycle_numbers=[1], hold_days=3)
    confirm_grant(by=world.person("representative_a"), grant=grant)
    for terms in (
        Terms(cycles="from", cycle_numbers=[2], hold_days=3),
        Terms(cycles="from", cycle_numbers=[2], hold_days=3, expires_at=end),
        Terms(cycles="only", cycle_numbers=[4, 2], hold_days=5, expires_at=end),
        Terms(cycles="only", cycle_numbers=[2], hold_days=5, expires_at=end),
    ):
        grant = change_grant(by=manager, grant=grant, terms=terms)
        assert (grant.status(), grant.needs_confirmation, seen(world)) == ("live", False, True)
    for terms in (
        Terms(cycles="only", cycle_numbers=[1], hold_days=5, expires_at=end),
        Terms(cycles="only", cycle_numbers=[2, 3], hold_days=5, expires_at=end),
        Terms(cycles="only", cycle_numbers=[], hold_days=5, expires_at=end),
        Terms(cycles="from", cycle_numbers=[2], hold_days=5, expires_at=end),
        Terms(cycles="all", hold_days=5, expires_at=end),
        Terms(cycles="only", cycle_numbers=[2], hold_days=4, expires_at=end),
        Terms(cycles="only", cycle_numbers=[2], hold_days=5, expires_at=end + timedelta(days=1)),
        Terms(cycles="only", cycle_numbers=[2], hold_days=5, expires_at=end, purpose="Something else"),
    ):
        assert not terms.narrows(grant)
    wider = change_grant(by=manager, grant=grant, terms=Terms())
    assert (wider.status(), seen(world)) == ("unconfirmed", True)
    narrower = change_grant(by=manager, grant=wider, terms=Terms(cycles="only", cycle_numbers=[2]))
    assert narrower.status() == "unconfirmed"
    with pytest.raises(ValidationError):
        confirm_grant(by=world.person("representative_a"), grant=wider)  # an old page


@pytest.fixture
def proposed(confirming: World) -> tuple[SharingGrant, SharingGrant]:
    """A grant that the brand has, and the wider one that a manager proposes in its place."""
    given = confirming.grant(cycles="only", cycle_numbers=[2])
    confirm_grant(by=confirming.person("representative_a"), grant=given)
    wider = change_grant(by=confirming.person("manager_a"), grant=given, terms=Terms())
    assert (wider.status(), seen_cycles(confirming)) == ("unconfirmed", {2})
    return given, wider


def seen_cycles(world: World) -> set[int]:
    visible = Assessment.objects.visible_to(world.person("brand_a_member"))
    return set(visible.values_list("cycle", flat=True))


def ended(grant: SharingGrant) -> bool:
    return SharingGrant.objects.get(pk=grant.pk).ended_at is not None


def test_what_is_shared_goes_on_until_a_wider_change_is_confirmed(
    confirming: World, proposed: tuple[SharingGrant, SharingGrant]
) -> None:
    given, wider = proposed
    told = Notice.objects.filter(side="brand")
    before = told.count()
    again = change_grant(by=confirming.person("manager_a"), grant=given, terms=Terms())  # a double click
    assert again == wider
    confirm_grant(by=confirming.person("representative_a"), grant=wider)
    given.refresh_from_db()
    wider.refresh_from_db()
    assert given.ended_at <= wider.confirmed_at
    assert seen_cycles(confirming) > {2}
    assert next(notice.kind for notice in told.order_by("pk")[before:]) == "grant.changed"
    assert not told.filter(kind__in=["grant.ended", "access.ended"]).exists()
    kinds = list(Receipt.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["proposed", "confirmed", "proposed", "ended", "confirmed"]


def test_a_refused_change_leaves_what_was_shared(
    confirming: World, proposed: tuple[SharingGrant, SharingGrant]
) -> None:
    given, wider = proposed
    representative = confirming.person("representative_a")
    refuse_grant(by=representative, grant=wider, reason="Too much")
    assert (ended(given), ended(wider), seen_cycles(confirming)) == (False, True, {2})
    assert not Notice.objects.filter(side="brand", kind__in=["grant.ended", "access.ended"]).exists()
    assert not DestroyNotice.objects.exists()
    once_more = change_grant(
        by=confirming.person("manager_a"), grant=given, terms=Terms(cycles="from", cycle_numbers=[1])
    )
    confirm_grant(by=representative, grant=once_more)
    assert ended(given)
    assert seen_cycles(confirming) > {2}


def test_a_change_is_taken_back_alone_and_a_revoke_ends_both(
    confirming: World, proposed: tuple[SharingGrant, SharingGrant], client_of: Any
) -> None:
    given, wider = proposed
    manager = confirming.person("manager_a")
    browser = client_of(manager)
    listed = browser.get(f"/factories/{confirming.factory_a.pk}/brands/{confirming.brand_a.pk}/").content.decode()
    assert "A change, not confirmed yet" in listed
    assert "the brand sees nothing" not in listed
    assert "Oak can see now does not change." in browser.get(f"/sharing/{wider.pk}/revoke/").content.decode()
    done = browser.post(f"/sharing/{wider.pk}/revoke/", {}, follow=True).content.decode()
    assert "Oak can see now does not change." in done
    assert (ended(given), ended(wider), seen_cycles(confirming)) == (False, True, {2})
    other = change_grant(by=manager, grant=given, terms=Terms())
    assert change_grant(by=manager, grant=other, terms=Terms(cycles="only", cycle_numbers=[2])) == given
    assert ended(other)
    last = change_grant(by=manager, grant=given, terms=Terms())
    revoke_access(by=manager, grant=given)
    assert (ended(given), ended(last), seen_cycles(confirming)) == (True, True, set())
    with pytest.raises(ValidationError):
        confirm_grant(by=confirming.person("representative_a"), grant=last)


def test_r7_an_old_page_ends_what_lives_on_beside_a_refused_change(
    confirming: World, proposed: tuple[SharingGrant, SharingGrant]
) -> None:
    given, wider = proposed
    manager, end = confirming.person("manager_a"), timezone.now() + timedelta(days=90)
    refuse_grant(by=confirming.person("representative_a"), grant=wider)
    narrower = change_grant(by=manager, grant=given, terms=Terms(cycles="only", cycle_numbers=[2], expires_at=end))
    assert narrower.replaces == given
    refused = change_grant(by=manager, grant=narrower, terms=Terms())
    refuse_grant(by=confirming.person("representative_a"), grant=refused)
    assert seen_cycles(confirming) == {2}
    revoke_access(by=manager, grant=given)  # a page from before the first change
    assert (ended(narrower), seen_cycles(confirming)) == (True, set())
    fresh = confirming.grant()
    revoke_access(by=manager, grant=given)  # once more: what was begun since is not meant
    assert not ended(fresh)


def test_the_database_keeps_one_grant_and_one_proposal(
    confirming: World, proposed: tuple[SharingGrant, SharingGrant]
) -> None:
    for one in proposed:
        one.pk, one.replaces, one.follows = uuid4(), None, None
        with pytest.raises(IntegrityError, match="sharing_grant_one_"), transaction.atomic():
            one.save(force_insert=True)


def test_the_rule_goes_on_after_a_page_that_names_who_confirms_from_then_on(world: World, client_of: Any) -> None:
    page, manager = f"/factories/{world.factory_a.pk}/sharing/confirmations/", client_of(world.person("manager_a"))
    assert 'value="on"' not in manager.get(page).content.decode()
    asked = " ".join(manager.get(f"{page}?act=on").content.decode().split())
    assert f"until this member confirms it:</p> <ul><li>{world.person('representative_a').name}</li></ul>" in asked
    assert "You cannot switch this off alone." in asked
    world.person("member_a").groups.add(FACTORY.group(world.factory_a, "worker_representative"))
    several = " ".join(manager.get(f"{page}?act=on").content.decode().split())
    names = [f"<li>{world.person(persona).name}</li>" for persona in ("member_a", "representative_a")]
    assert f"until one of these members confirms it:</p> <ul>{names[0]}{names[1]}</ul>" in several
    world.factory_a.refresh_from_db()
    assert not world.factory_a.confirms_sharing
    manager.post(page, {"act": "on"})
    assert Factory.objects.filter(pk=world.factory_a.pk, confirms_sharing=True).exists()
    assert "You cannot switch this off alone." not in manager.get(f"{page}?act=on").content.decode()


def test_the_rule_goes_off_only_with_somebody_elses_agreement(confirming: World, client_of: Any) -> None:
    world, manager, factory = confirming, confirming.person("manager_a"), confirming.factory_a
    page = f"/factories/{factory.pk}/sharing/confirmations/"
    client_of(manager).post(page, {"act": "ask_off"})
    ask_to_end_confirmation(by=manager, factory=factory)
    assert ConfirmationEnd.objects.count() == 1
    for persona in ("manager_a", "member_a", "programme_manager", "manager_b"):
        with pytest.raises(PermissionDenied):
            answer_confirmation_end(by=world.person(persona), factory=factory, is_agreed=True)
    client_of(world.person("representative_a")).post(page, {"act": "refuse"})
    assert Factory.objects.get(pk=factory.pk).confirms_sharing

    ask_to_end_confirmation(by=manager, factory=factory)
    remove_member(by=manager, kind=FACTORY, organisation=factory, member=world.person("representative_a"))
    staff = client_of(world.person("team_leader"))
    assert "has no worker representative and asks" in staff.get("/").content.decode()
    with pytest.raises(PermissionDenied):
        answer_confirmation_end(by=world.person("vietnam_manager"), factory=factory, is_agreed=True)
    staff.post(page, {"act": "agree"})
    assert not Factory.objects.get(pk=factory.pk).confirms_sharing
    assert world.grant().status() == "live"
    with pytest.raises(ValidationError):  # nobody to confirm
        switch_confirmation_on(by=manager, factory=factory)


def test_r7_a_revoke_ends_what_waits_and_nobody_confirms_it_afterwards(confirming: World) -> None:
    world = confirming
    grant = world.grant()
    revoke_access(by=world.person("manager_a"), grant=grant)
    with pytest.raises(ValidationError):
        confirm_grant(by=world.person("representative_a"), grant=grant)
    assert not Notice.objects.filter(side="brand").exists()
    assert not seen(world)


def test_a_decision_that_is_not_confirmed_is_cancelled_not_stopped(confirming: World, client_of: Any) -> None:
    world = confirming
    grant, browser = world.grant(), client_of(world.person("manager_a"))
    pages = [
        f"/sharing/{grant.pk}/revoke/",
        reverse("stop_brand", args=[world.factory_a.pk, world.brand_a.pk]),
        reverse("stop_all", args=[world.factory_a.pk]),
    ]
    for address in pages:
        page = browser.get(address).content.decode()
        assert "The brand sees nothing yet, and will not." in " ".join(page.split()), address
        assert "at once: pages" not in " ".join(page.split()), address
    browser.post(pages[0])
    for address in (
        reverse("factory_brand", args=[world.factory_a.pk, world.brand_a.pk]),
        reverse("factory_brands", args=[world.factory_a.pk]) + "?state=ended",
    ):
        page = browser.get(address).content.decode()
        assert ("It never took effect" in page, "No access" in page) == (True, False), address
