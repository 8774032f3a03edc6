"""Whose mails are whose: the choices that a person is shown are the kinds that this person may be mailed."""

from typing import Any

import pytest
from django.urls import reverse

from portal.accounts.roles import kinds as organisation_kinds
from portal.notices.handing_out import recipients
from portal.notices.models import Notice
from portal.notices.outbox import announce, notice_kinds
from portal.notices.preferences import kinds_for
from portal.notices.webhooks.kinds import types_for
from tests.world import World

# The side on which a persona works, and the permissions there for which kinds of notices ask. All read the news.
MAILED: dict[str, tuple[str, set[str]]] = {
    "manager_a": ("factory", {"manage_members", "manage_sharing"}),
    "member_a": ("factory", set()),
    "representative_a": ("factory", {"confirm_sharing"}),
    "brand_a_manager": ("brand", {"manage_members"}),
    "brand_a_member": ("brand", set()),
    "team_leader": ("programme", {"manage_enrolment"}),
    "programme_manager": ("programme", {"manage_enrolment"}),
    "global_staff": ("programme", {"manage_enrolment"}),
    "inactive": ("", set()),
    "advisor": ("", set()),
    "constituent": ("", set()),
    "outsider": ("", set()),
    "operator": ("", set()),
}


def listed(persona: str) -> set[str]:
    """The kinds of which the persona is mailed, from what each kind says of whom it is for."""
    side, held = MAILED[persona]
    return {
        kind.name
        for kind in notice_kinds.values()
        if side in (kind.sides if kind.mails is None else kind.mails) and kind.sides[side] in {"", *held}
    }


@pytest.mark.parametrize("persona", MAILED)
def test_each_is_offered_the_kinds_that_concern_them_and_no_others(
    world: World, client_of: Any, api_of: Any, persona: str
) -> None:
    person = world.person(persona)
    assert {kind.name for kind in kinds_for(person)} == listed(persona)
    if not person.is_active:
        return
    choices = api_of(person).get("/api/v1/me/mails/").json()["choices"]
    assert {choice["kind"] for choice in choices} == listed(persona)
    form = client_of(person).get(reverse("mail_choices")).context["form"]
    assert set(form.fields) == {name for name in listed(persona) if not notice_kinds[name].is_mandatory}


def test_each_side_has_kinds_of_its_own_and_managers_have_more() -> None:
    of_a_factory, of_a_brand = listed("member_a"), listed("brand_a_member")
    assert len(of_a_factory) >= 11
    assert len(of_a_brand) >= 11
    assert {"report.sent_to_factory", "record.summarised"} <= of_a_factory - of_a_brand
    assert {"report.published", "request.answered"} <= of_a_brand - of_a_factory
    of_managers = listed("manager_a") - of_a_factory
    assert {"handover.changed", "request.sent", "request.reminded", "webhook.paused"} <= of_managers
    assert "confirmation.asked" in listed("representative_a") - listed("manager_a")
    assert listed("team_leader") == {"handover.changed"}
    assert listed("constituent") == set()


def test_who_is_mailed_is_offered_the_choice_and_who_is_offered_it_can_be_mailed(world: World) -> None:
    places = {"factory": world.factory_a, "brand": world.brand_a, "programme": world.cambodia}
    for kind in notice_kinds.values():
        mailed = set()
        for side, organisation in places.items():
            notice = Notice(kind=kind.name, side=side, organisation_id=organisation.pk)
            mailed |= {person.pk for person in recipients(notice, kind)}
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
    assert {"report.published", "report.superseded", "report.withdrawn"} <= set(types_for("factory"))
    assert "request.answered" in types_for("brand")
