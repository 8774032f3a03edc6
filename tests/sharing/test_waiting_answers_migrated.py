"""Requests of before a yes that waits was no answer: what the brand was shown of them goes on."""

from importlib import import_module
from typing import Any

import pytest
from django.db import connections, transaction

from sharing.models import AccessRequest
from sharing.services import (
    Wish,
    approve_request,
    confirm_grant,
    refuse_grant,
    request_access,
    switch_confirmation_on,
)
from sharing.services.dropping import drop_proposals
from sharing.services.requests import as_asked
from tests.tampering import trigger_off
from tests.world import World

REOPEN = import_module("sharing.migrations.0009_what_waits_is_no_answer").REOPEN


def as_before(request: AccessRequest) -> None:
    """Close a request as the first yes did, whether it was confirmed or not."""
    with trigger_off("sharing_accessrequest", "answered_once") as cursor:
        cursor.execute(
            "UPDATE sharing_accessrequest SET state = 'approved', answered_at = coalesce(answered_at, created_at),"
            " answered_by_id = asked_by_id WHERE id = %s",
            [request.pk],
        )


def shown(world: World, persona: str) -> list[str]:
    person = world.person(persona)
    rows: Any = AccessRequest.objects.visible_to(person).for_reader(person)
    return [row.shown_state for row in rows]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_what_waited_is_open_again_what_was_refused_declined_and_what_was_given_approved(world: World) -> None:
    manager, second = world.person("manager_a"), world.person("representative_a")
    switch_confirmation_on(by=manager, factory=world.factory_a)
    for persona, brand in (("brand_a_manager", world.brand_a), ("brand_b_manager", world.brand_b)):
        wish = Wish(("report", "step1"), "Sourcing")
        asked = request_access(by=world.person(persona), brand=brand, factory=world.factory_a, wish=wish)
        approve_request(by=manager, request=asked, scopes=asked.scopes, terms=as_asked(asked))
    waits, given = AccessRequest.objects.order_by("created_at")
    refuse_grant(by=second, grant=waits.grants.get(scope="report"))
    confirm_grant(by=second, grant=given.grants.get(scope="report"))
    as_before(waits)
    as_before(given)
    reopened = ["brand_a_manager", "manager_a", "brand_b_manager"]
    assert [shown(world, persona)[0] for persona in reopened] == ["approved", "approved", "approved"]

    migrate()
    assert (shown(world, "brand_a_manager"), shown(world, "brand_b_manager")) == (["open"], ["approved"])
    assert sorted(shown(world, "manager_a")) == ["approved", "unconfirmed"]
    assert drop_proposals() == 0

    refuse_grant(by=second, grant=waits.grants.get(scope="step1"))
    as_before(waits)
    migrate()
    assert (shown(world, "brand_a_manager"), shown(world, "brand_b_manager")) == (["declined"], ["approved"])


def migrate() -> None:
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute(REOPEN)
