"""What a decision is shown to do before it is made: terms of many kinds, a second person, what it would not change."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from assessments.models import Assessment
from factories.models import CountryProgramme
from portal.core.days import days_from_now, today
from portal.disclosure.previews import preview_change, preview_grants
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.holds.services import withhold_report
from sharing.models import SharingGrant
from tests.sharing.deciding import decide
from tests.sharing.directions import cycles_read
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db


def test_a_preview_says_what_then_happens(world: World) -> None:
    """For terms of many kinds: what the preview calls open is what a member reads after the real decision."""
    manager, brand = world.person("manager_a"), world.brand_a
    fresh = make_assessment(world, world.factory_a, 5, "published", published_days_ago=2)
    later = timezone.now() + timedelta(days=4)
    first = world.grant()
    withhold_report(by=manager, factory=world.factory_a, brand=brand, cycle=1)
    revoke_access(by=manager, grant=first)
    every_kind = [
        Terms(),
        Terms(hold_days=7),
        Terms(cycles="only", cycle_numbers=[2]),
        Terms(cycles="from", cycle_numbers=[3]),
        Terms(valid_from=later),
        Terms(expires_at=later, hold_days=7),
    ]
    for terms in every_kind:
        [told] = preview_grants(by=manager, factory=world.factory_a, brands=[brand], scopes=["report"], terms=terms)
        assert not SharingGrant.objects.filter(ended_at=None).exists()
        grant = world.grant(**{name: getattr(terms, name) for name in Terms.__dataclass_fields__})
        assert {line.report.cycle for line in told.opens} == cycles_read(world, "brand_a_member")
        assert told.withheld == [1]
        for line in told.waits:
            assert line.at is not None
            visible = Assessment.objects.visible_to(world.person("brand_a_member"), "report")
            assert not visible.filter(pk=line.report.pk).exists()
            then = Assessment.objects.visible_to(world.person("brand_a_member"), "report", line.at)
            assert then.filter(pk=line.report.pk).exists()
        if terms == Terms(hold_days=7):
            assert [(line.report.pk, line.at) for line in told.waits] == [
                (fresh.pk, fresh.published_at + timedelta(days=7))
            ]
        if terms.expires_at:
            assert told.waits == []  # it would end before
        revoke_access(by=manager, grant=grant)

    grant = world.grant(cycles="only", cycle_numbers=[2])
    change = preview_change(by=manager, grant=grant, terms=Terms(cycles="from", cycle_numbers=[5], hold_days=30))
    assert [[line.report.cycle for line in lines] for lines in (change.opens, change.waits, change.closes)] == [
        [], [5], [2]
    ]  # fmt: skip
    grant.refresh_from_db()
    assert grant.ended_at is None


def test_what_a_second_person_must_confirm_is_previewed_as_if_confirmed(world: World, client_of: Any) -> None:
    world.factory_a.confirms_sharing = True
    world.factory_a.save()
    manager, address = client_of(world.person("manager_a")), reverse("grant", args=[world.factory_a.pk])
    body = {"brands": [world.brand_a.pk], "scopes": ["report"], "cycles": "all"}

    asked = manager.post(address, body).content.decode()
    assert "Visible once it is confirmed" in asked
    assert "worker representative of the factory confirms this before it takes effect" in asked
    done = decide(manager, address, body, follow=True).content.decode()
    assert "as soon as a worker representative has confirmed it" in done
    assert cycles_read(world, "brand_a_member") == set()


def test_a_change_that_a_second_person_confirms_goes_on_until_then(world: World, client_of: Any) -> None:
    grant, _step1 = (
        world.grant(cycles="only", cycle_numbers=[2]),
        world.grant(scope="step1", cycles="only", cycle_numbers=[2]),
    )
    world.factory_a.confirms_sharing = True
    world.factory_a.save()
    manager, address = client_of(world.person("manager_a")), reverse("grant_change", args=[grant.pk])

    shown = manager.post(address, {"cycles": "all"}).context["effects"][0].difference

    assert [(line.report.cycle, line.scopes) for line in shown.stays] == [(2, ["report", "step1"])]
    assert 1 in {line.report.cycle for line in shown.opens}
    assert shown.needs_confirmation
    done = decide(manager, address, {"cycles": "all"}, follow=True).content.decode()
    assert "until then the current terms apply" in done
    assert cycles_read(world, "brand_a_member") == {2}
    wider = SharingGrant.objects.get(scope="report", ended_at=None, confirmed_at=None, needs_confirmation=True)
    page = client_of(world.person("representative_a")).get(reverse("grant_confirmation", args=[wider.pk]))
    assert "This changes access that the brand already has: Cycle 2 only" in page.content.decode()
    assert "the brand is not notified" not in page.content.decode()


def test_the_same_sharing_again_is_told_to_change_nothing(world: World, client_of: Any) -> None:
    world.grant(hold_days=7)
    manager, address = client_of(world.person("manager_a")), reverse("grant", args=[world.factory_a.pk])
    body = {"brands": [world.brand_a.pk], "scopes": ["report"], "cycles": "all"}
    again = manager.post(address, body)
    assert again.status_code == 400
    assert "You share exactly this already" in again.content.decode()
    more = manager.post(address, body | {"brands": [world.brand_a.pk, world.brand_b.pk]})
    assert "Share with 2 brands?" in more.content.decode()


def test_an_end_before_anything_new_could_open_is_pointed_out(world: World, client_of: Any) -> None:
    manager, address = client_of(world.person("manager_a")), reverse("grant", args=[world.factory_a.pk])
    soon = days_from_now(3, world.factory_a)
    body = {"brands": [world.brand_a.pk], "scopes": ["report"], "cycles": "all", "expires_on": soon.isoformat()}
    words = "The brand will see no report published from now on"
    assert words in manager.post(address, body | {"hold_days": "7"}).content.decode()
    assert words not in manager.post(address, body | {"hold_days": "0"}).content.decode()
    assert words not in manager.post(address, {**body, "expires_on": "", "hold_days": "7"}).content.decode()


def test_granting_before_there_is_a_report_says_so(world: World, client_of: Any) -> None:
    manager = client_of(world.person("manager_b"))
    body = {"brands": [world.brand_a.pk], "scopes": ["report"], "cycles": "from", "cycle_numbers": ["2"]}

    asked = manager.post(reverse("grant", args=[world.factory_b.pk]), body).content.decode()

    assert "There is no report to read yet." in asked
    assert "You can still decide now" in asked
    assert "From cycle 2 on, this brand can see each new report 7 days after publication" in asked


def test_r6_a_missing_subscription_is_named_before_and_after_sharing(world: World, client_of: Any, api_of: Any) -> None:
    """The reports are there: what the brand lacks is a subscription to their cycles."""
    CountryProgramme.objects.filter(pk=world.cambodia.pk).update(participants_need_subscription=True)
    world.subscribe(world.brand_b, cycle=1)
    manager, address = client_of(world.person("manager_a")), reverse("grant", args=[world.factory_a.pk])
    body = {
        "brands": [world.brand_b.pk],
        "scopes": ["report"],
        "cycles": "from",
        "cycle_numbers": ["2"],
        "hold_days": "0",
    }
    lacking = f"Without a subscription, {world.brand_b} cannot read cycle 2."

    asked = manager.post(address, body).content.decode()
    decide(manager, address, body)
    openings = manager.get(reverse("report_openings", args=[world.factory_a.pk])).content.decode()
    told = api_of(world.person("manager_a")).get(reverse("api:openings", args=[world.factory_a.pk])).json()

    assert lacking in asked
    assert f"{world.brand_b} also needs a subscription for each cycle." in asked
    assert "There is no report to read yet." not in asked
    assert lacking in openings
    assert [one["unsubscribed"] for one in told] == [[2]]
    world.subscribe(world.brand_b, cycle=2)
    assert lacking not in manager.get(reverse("report_openings", args=[world.factory_a.pk])).content.decode()


def test_the_confirmation_says_each_thing_once_and_truly(world: World, client_of: Any) -> None:
    """Of a report that is out, or that opens to nobody any more, it does not say when a new one opens."""
    browser, form = client_of(world.person("manager_a")), {"brands": [world.brand_a.pk], "scopes": ["report"]}

    def confirmation(**terms: Any) -> str:
        answer = browser.post(reverse("grant", args=[world.factory_a.pk]), {**form, "hold_days": 7, **terms})
        assert answer.status_code == 200
        return str(answer.content.decode())

    out = confirmation(cycles="only", cycle_numbers=[2])
    assert ("Visible at once" in out, "From now on" in out, "after publication" in out) == (True, False, False)
    assert "Days each new report is held" not in out  # these terms name reports that are published
    coming = confirmation(cycles="only", cycle_numbers=[4])
    once = "7 days after publication this brand can see the report of cycle 4 unless the factory holds it."
    assert coming.count(once) == 1
    both = confirmation(cycles="only", cycle_numbers=[4, 2])
    assert ("Visible at once" in both, "Cycles 2 and 4 only" in both) == (True, True)
    assert once in both
    ending = confirmation(cycles="only", cycle_numbers=[4], expires_on=today(world.factory_a).isoformat())
    assert "The brand will see no report published from now on" in ending
    assert ("after publication" in ending, "follows these terms" in ending) == (False, False)
