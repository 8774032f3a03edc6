"""What a brand sees linked is what it was given: hidden proposals are named nowhere (G4)."""

import json
from typing import Any

import pytest

from portal.notices.models import Notice
from sharing.confirming.services import confirm_grant, refuse_grant, switch_confirmation_on
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.models import Receipt, SharingGrant
from tests.world import World

pytestmark = pytest.mark.django_db
NARROWER = Terms(cycles="only", cycle_numbers=[2])


def switch_on(world: World) -> None:
    switch_confirmation_on(by=world.person("manager_a"), factory=world.factory_a)
    world.factory_a.refresh_from_db()


def refused_change(world: World, given: SharingGrant) -> SharingGrant:
    """Propose that the brand reads for another purpose; the representative refuses."""
    proposed = change_grant(by=world.person("manager_a"), grant=given, terms=Terms(purpose="Another purpose"))
    return refuse_grant(by=world.person("representative_a"), grant=proposed)


def read_by_brand(world: World, api_of: Any) -> str:
    """Return all that the brand reads of its grants and receipts."""
    client = api_of(world.person("brand_a_member"))
    rows = client.get("/api/v1/grants/").json()["results"] + client.get("/api/v1/receipts/").json()["results"]
    papers = [client.get(f"/api/v1/receipts/{row['number']}/").json() for row in rows if "number" in row]
    return json.dumps([rows, papers])


def test_a_refused_change_is_named_to_the_factory_alone(world: World, api_of: Any) -> None:
    given = world.grant()
    switch_on(world)
    refused = refused_change(world, given)
    narrower = change_grant(by=world.person("manager_a"), grant=given, terms=NARROWER)
    assert (refused.replaces, narrower.replaces, narrower.follows) == (given, given, refused)

    said = read_by_brand(world, api_of)
    assert str(narrower.pk) in said
    assert str(refused.pk) not in said
    assert not any(number in said for number in refused.receipts.values_list("number", flat=True))
    row = api_of(world.person("manager_a")).get(f"/api/v1/grants/{narrower.pk}/").json()
    assert (row["replaces"], row["follows"]) == (str(given.pk), str(refused.pk))


def test_a_receipt_that_a_brand_holds_names_none_that_it_does_not(world: World) -> None:
    given = world.grant()
    switch_on(world)
    refused_change(world, given)
    wider = change_grant(by=world.person("manager_a"), grant=given, terms=Terms(purpose="A third one"))
    confirm_grant(by=world.person("representative_a"), grant=wider)
    change_grant(by=world.person("manager_a"), grant=wider, terms=Terms(purpose="A third one", hold_days=3))

    held = Receipt.objects.visible_to(world.person("brand_a_member")).order_by("pk")
    named = [one.payload["previous"] for one in held]
    assert named[0] is None
    assert set(named[1:]) <= {one.number for one in held}
    assert None not in named[1:]


def test_a_first_access_that_was_changed_before_its_confirmation_has_started(world: World, api_of: Any) -> None:
    switch_on(world)
    first = world.grant()
    second = change_grant(by=world.person("manager_a"), grant=first, terms=NARROWER)
    confirm_grant(by=world.person("representative_a"), grant=second)
    assert (second.replaces, second.follows) == (None, first)
    assert set(Notice.objects.filter(side="brand").values_list("kind", flat=True)) == {"grant.started"}
    assert second.receipts.earliest("pk").payload["previous"] is None
    assert str(first.pk) not in read_by_brand(world, api_of)
