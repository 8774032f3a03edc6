"""What a factory stopped is shared again on its old terms: which grants, what the pages say, and all or nothing."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brands.models import Brand
from portal.core.models import Event
from sharing.access.positions import positions
from sharing.confirming.services import refuse_grant, switch_confirmation_on
from sharing.grants.services.granting import change_grant, share_again
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access, revoke_brand, stop_all_sharing
from sharing.models import Receipt, SharingGrant
from sharing.requests.services.undoing import undo
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def stop_all(world: World) -> None:
    stop_all_sharing(by=world.person("manager_a"), factory=world.factory_a)


def summary(browser: Client, world: World, *brands: Brand) -> Any:
    """The page that says what opens for these brands."""
    return browser.get(reverse("resume", args=[world.factory_a.pk]), {"brand": [brand.pk for brand in brands]})


def offered(page: Any) -> dict[str, list[str]]:
    """The kinds of data that the page lists to be ticked, by brand."""
    return {
        one.brand.name: [again.stopped.scope for again in one.resumptions if again.effect is not None]
        for one in page.context["brands"]
    }


def send(browser: Client, page: Any, **changes: Any) -> Any:
    """Send the page as it was shown, or with `changes`."""
    body: dict[str, Any] = {"grants": [str(key) for key in page.context["ticked"]]}
    for name, value in page.context["hidden"]:
        body.setdefault(name, []).append(value)
    return browser.post(reverse("resume", args=[page.context["factory"].pk]), body | changes, follow=True)


def terms_of(grant: SharingGrant) -> tuple[object, ...]:
    names = ("brand", "scope", "cycles", "cycle_numbers", "expires_at", "purpose", "hold_days")
    return tuple(getattr(grant, name) for name in names)


def test_what_was_stopped_of_one_brand_is_resumed_on_its_old_terms(world: World, client_of: Any) -> None:
    until = timezone.now() + 90 * DAY
    old = world.grant(cycles="from", cycle_numbers=[2], expires_at=until, purpose="Sourcing review", hold_days=3)
    world.grant(scope="step1")
    revoke_brand(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a)
    manager, member = client_of(world.person("manager_a")), client_of(world.person("brand_a_member"))
    report = reverse("assessment", args=[world.assessments["a2"].pk])
    assert member.get(report).status_code == 404

    place = manager.get(reverse("factory_brand", args=[world.factory_a.pk, world.brand_a.pk])).content.decode()
    assert f"{reverse('resume', args=[world.factory_a.pk])}?brand={world.brand_a.pk}" in place
    page = summary(manager, world, world.brand_a)
    assert offered(page) == {"Aster & Oak": ["report", "step1"]}
    assert page.content.decode().count(" checked>") == 2
    assert "Visible at once" in page.content.decode()
    for _click in range(2):
        done = send(manager, page, grants=[str(old.pk)]).content.decode()
        assert "Shared again with 1 brand." in done
        assert (
            f'href="{reverse("receipt", args=[SharingGrant.objects.get(ended_at=None).receipts.get().number])}"' in done
        )
    new = SharingGrant.objects.get(ended_at=None)
    assert terms_of(new) == terms_of(old)
    assert Receipt.objects.filter(grant=new).count() == 1
    assert Event.objects.filter(kind="grant.created", subject=str(new.pk)).count() == 1
    assert member.get(report).status_code == 200


def test_after_stop_all_some_brands_are_restored_together(world: World, client_of: Any) -> None:
    world.grant(purpose="Yearly evaluation")
    world.grant(brand=world.brand_b, cycles="only", cycle_numbers=[1])
    manager = client_of(world.person("manager_a"))
    listed = manager.post(reverse("stop_all", args=[world.factory_a.pk]), {"reason": ""}, follow=True)
    assert "shares with nobody now" in listed.content.decode()
    assert [one.brand.name for one in listed.context["brands"]] == ["Aster & Oak", "Bluefinch"]
    assert " checked>" not in listed.content.decode()
    assert "Resume some of these" in manager.get(
        reverse("factory_brands", args=[world.factory_a.pk]), {"state": "ended"}
    ).content.decode()  # fmt: skip

    page = summary(manager, world, world.brand_a, world.brand_b)
    assert "Shared again with 2 brands." in send(manager, page).content.decode()
    again = SharingGrant.objects.filter(ended_at=None).order_by("brand__name")
    old = SharingGrant.objects.exclude(ended_at=None).order_by("brand__name")
    assert [terms_of(one) for one in again] == [terms_of(one) for one in old]
    assert "There is nothing to resume" in summary(manager, world, world.brand_a).content.decode()


def test_only_what_the_factory_stopped_last_is_offered(world: World) -> None:
    manager, soon = world.person("manager_a"), timezone.now() + timedelta(seconds=60)

    def stopped() -> list[SharingGrant]:
        return positions(world.factory_a, [world.brand_a.pk])[world.brand_a.pk].stopped_grants()

    first = world.grant()
    changed = change_grant(by=manager, grant=first, terms=Terms(hold_days=3))
    assert stopped() == []  # in force
    revoke_access(by=manager, grant=changed)
    assert stopped() == [changed]  # not the one that was changed
    again = world.grant(expires_at=soon)
    assert stopped() == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sharing.grants.models.timezone.now", lambda: soon + DAY)
        assert stopped() == []  # it expired
    undo(by=manager, factory=world.factory_a, grants=[again.pk])
    assert stopped() == [changed]  # as if it had not been shared again
    revoke_access(by=manager, grant=world.grant())
    switch_confirmation_on(by=manager, factory=world.factory_a)
    proposed = world.grant(hold_days=9)
    refuse_grant(by=world.person("representative_a"), grant=proposed)
    assert stopped() == []  # the second person refused it


def test_a_given_grant_is_resumed_rather_than_a_change_that_ended_with_it(world: World) -> None:
    given, manager = world.grant(hold_days=9), world.person("manager_a")
    switch_confirmation_on(by=manager, factory=world.factory_a)
    change_grant(by=manager, grant=given, terms=Terms(hold_days=0))
    stop_all(world)
    with pytest.raises(ValidationError, match="has since been changed"):
        share_again(by=manager, factory=world.factory_a, grants=[SharingGrant.objects.get(hold_days=0)])
    [new] = share_again(by=manager, factory=world.factory_a, grants=[given])
    assert (new.hold_days, new.status()) == (9, "unconfirmed")


def test_an_end_date_that_has_passed_is_never_dropped(world: World, client_of: Any, time_machine: Any) -> None:
    world.grant(expires_at=timezone.now() + 5 * DAY, purpose="Sourcing review")
    world.grant(scope="step1")
    stop_all(world)
    time_machine.move_to(timezone.now() + 9 * DAY)
    manager = client_of(world.person("manager_a"))
    page = summary(manager, world, world.brand_a)
    assert offered(page) == {"Aster & Oak": ["step1"]}
    [link] = re.findall(r'href="([^"]*copy=[^"]*)"', page.content.decode())
    form = manager.get(link.replace("&amp;", "&")).context["form"]
    assert form.initial["purpose"] == "Sourcing review"
    both = SharingGrant.objects.values_list("pk", flat=True)  # as an old page would send
    answer = send(manager, page, grants=[str(key) for key in both])
    assert answer.status_code == 400
    assert "Aster &amp; Oak: The end must be in the future" in answer.content.decode()
    assert not SharingGrant.objects.not_ended().exists()


def test_a_page_that_is_out_of_date_shares_nothing(world: World, client_of: Any) -> None:
    world.grant()
    world.grant(brand=world.brand_b)
    stop_all(world)
    manager = client_of(world.person("manager_a"))
    page = summary(manager, world, world.brand_a, world.brand_b)
    assert send(manager, page, grants=[]).status_code == 400
    Brand.objects.filter(pk=world.brand_b.pk).update(name="Bluefinch Group")
    assert send(manager, page).status_code == 409  # the factory consented to another name
    page = summary(manager, world, world.brand_a, world.brand_b)
    other = world.grant(hold_days=2)
    answer = send(manager, page)
    assert answer.status_code == 409
    assert "Something has changed since you opened the page" in answer.content.decode()
    assert SharingGrant.objects.get(ended_at=None) == other  # all or nothing
    Brand.objects.filter(pk=world.brand_b.pk).update(is_active=False)
    page = summary(manager, world, world.brand_b)
    assert offered(page) == {"Bluefinch Group": []}
    assert "not active" in page.content.decode()


def test_only_who_may_share_may_resume(world: World) -> None:
    old = world.grant()
    stop_all(world)
    for persona in ("member_a", "representative_a", "manager_b", "brand_a_manager", "programme_manager"):
        with pytest.raises(PermissionDenied):
            share_again(by=world.person(persona), factory=world.factory_a, grants=[old])


def test_the_api_restores_what_was_stopped_and_previews_it(world: World, api_of: Any) -> None:
    root, client = f"/api/v1/factories/{world.factory_a.pk}/", api_of(world.person("manager_a"))
    world.grant(cycles="only", cycle_numbers=[2])
    elsewhere = revoke_access(by=world.person("manager_b"), grant=world.grant(factory=world.factory_b))
    ended = client.post(f"{root}stop-sharing/", {"brand": None}, format="json").json()
    order = {"grants": [one["id"] for one in ended]}
    [preview] = client.post(f"{root}restore-preview/", order, format="json").json()
    assert preview["grant"] == order["grants"][0]
    assert [line["cycle"] for line in preview["effect"]["opens"]] == [2]
    assert not SharingGrant.objects.not_ended().exists()
    made = [client.post(f"{root}restore/", order, format="json") for _time in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json() == made[1].json()
    assert [(one["cycle_numbers"], one["status"]) for one in made[0].json()] == [([2], "live")]
    for wrong in ([], ["x"], [made[0].json()[0]["id"]], [str(elsewhere.pk)]):
        for name in ("restore", "restore-preview"):
            assert client.post(f"{root}{name}/", {"grants": wrong}, format="json").status_code == 400
    client.post(f"{root}stop-sharing/", {"brand": None}, format="json")
    assert client.post(f"{root}restore/", order, format="json").status_code == 409  # it is not the last one any more
