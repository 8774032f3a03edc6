"""Whose mails are whose: the choices that a person is shown are the kinds that this person may be mailed."""

from typing import Any

import pytest
from django.urls import reverse

from portal.accounts.roles import kinds as organisation_kinds
from portal.notices.handing_out import people_told
from portal.notices.models import Notice
from portal.notices.outbox import announce, notice_kinds
from portal.notices.preferences import kinds_for
from portal.notices.webhooks.kinds import types_for
from tests.world import World

OF_A_FACTORY = {
    "copy.answered",
    "confirmation.answered",
    "report.sent_to_factory",
    "report.withdrawn",
    "record.summarised",
    "grant.expiring",
    "report.allowed",
    "paper.recorded",
    "report.scheduled",
    "report.held",
    "access.ended",
}
OF_A_BRAND = {
    "copy.destruction_asked",
    "grant.changed",
    "grant.ended",
    "grant.started",
    "report.published",
    "report.superseded",
    "report.withdrawn",
    "request.answered",
    "request.lapsed",
    "grant.expiring",
    "access.ended",
}
LISTED = {
    "manager_a": OF_A_FACTORY | {"handover.changed", "request.sent", "request.reminded", "webhook.paused"},
    "member_a": OF_A_FACTORY,
    "representative_a": OF_A_FACTORY | {"confirmation.asked"},
    "brand_a_manager": OF_A_BRAND | {"webhook.paused"},
    "brand_a_member": OF_A_BRAND,
    "inactive": set(),
    "team_leader": {"handover.changed"},
    "programme_manager": {"handover.changed"},
    "global_staff": {"handover.changed"},
    "advisor": set(),
    "constituent": set(),
    "outsider": set(),
    "operator": set(),
}


@pytest.mark.parametrize("persona", LISTED)
def test_each_is_offered_the_kinds_that_concern_them_and_no_others(
    world: World, client_of: Any, api_of: Any, persona: str
) -> None:
    person = world.person(persona)
    assert {kind.name for kind in kinds_for(person)} == LISTED[persona]
    if not person.is_active:
        return
    listed = api_of(person).get("/api/v1/me/mails/").json()["choices"]
    assert {choice["kind"] for choice in listed} == LISTED[persona]
    form = client_of(person).get(reverse("mail_choices")).context["form"]
    assert set(form.fields) == {name for name in LISTED[persona] if not notice_kinds[name].is_mandatory}


def test_who_is_mailed_is_offered_the_choice_and_who_is_offered_it_can_be_mailed(world: World) -> None:
    places = {"factory": world.factory_a, "brand": world.brand_a, "programme": world.cambodia}
    for kind in notice_kinds.values():
        mailed = set()
        for side, organisation in places.items():
            notice = Notice(kind=kind.name, side=side, organisation_id=organisation.pk)
            mailed |= {person.pk for person in people_told(notice, kind)}
        offered = {person.pk for person in world.people.values() if person is not None and kind in kinds_for(person)}
        assert mailed == offered - {world.person("global_staff").pk} - _others(world), kind.name
        assert mailed, f"{kind.name} is mailed to nobody"


def _others(world: World) -> set[int]:
    """The people of the organisations that the notices of the test are not for."""
    return {world.person(name).pk for name in ("manager_b", "brand_b_manager", "brand_b_member", "vietnam_manager")}


def test_every_kind_says_whom_it_is_for_and_is_announced_to_no_other_side(world: World) -> None:
    for kind in notice_kinds.values():
        assert kind.sides, kind.name
        assert kind.sides.keys() <= organisation_kinds.keys(), kind.name
        for side in organisation_kinds.keys() - kind.sides.keys():
            with pytest.raises(LookupError):
                announce(kind.name, side=side, organisation_id=1)
    assert not Notice.objects.exists()


def test_a_factorys_programs_are_told_of_what_its_people_read_elsewhere() -> None:
    assert {"report.published", "report.superseded", "report.withdrawn"} == set(types_for("factory"))
    assert "request.answered" in types_for("brand")
