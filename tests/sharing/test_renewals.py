"""Access that ends soon: both sides are reminded once, and the factory renews it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.notices.models import Notice
from sharing.grants.services.renewals import prompt_renewals
from sharing.models import SharingGrant
from tests.sharing.deciding import decide
from tests.sharing.notices import said
from tests.world import World

pytestmark = pytest.mark.django_db


def test_an_ending_is_brought_to_mind_once_to_both_sides_and_renewed(world: World, client_of: Any) -> None:
    now = timezone.now()
    soon = world.grant(expires_at=now + timedelta(days=20), hold_days=4, purpose="Yearly")
    world.grant(world.brand_b, expires_at=now + timedelta(days=40))
    manager, member = world.person("manager_a"), world.person("brand_a_member")

    assert [prompt_renewals(), prompt_renewals()] == [1, 0]
    assert Notice.objects.filter(kind="grant.expiring").count() == 2
    assert "To continue sharing, renew it" in said("grant.expiring", manager)
    assert "The factory decides whether to renew it" in said("grant.expiring", member, "brand")
    assert said("grant.expiring", world.person("brand_b_member"), "brand") == ""
    assert f"/sharing/{soon.pk}/change/?renew=1" in client_of(manager).get("/").content.decode()
    assert "Tonle Lotus Garments: access ends on" in client_of(member).get("/").content.decode()

    go_on = f"/brands/{world.brand_a.pk}/requests/new/?factory={world.factory_a.pk}&scope=step1"
    assert client_of(member).get(go_on).context["form"].initial["scopes"] == ["step1"]

    form = client_of(manager).get(f"/sharing/{soon.pk}/change/?renew=1").context["form"]
    assert (form.initial["hold_days"], form.initial["purpose"], form.initial["cycles"]) == (4, "Yearly", "all")
    assert soon.last_day is not None
    assert 364 <= (form.initial["expires_on"] - soon.last_day).days <= 366
    body = {"cycles": "all", "purpose": "Yearly", "expires_on": form.initial["expires_on"].isoformat()}
    decide(client_of(manager), f"/sharing/{soon.pk}/change/", body)
    assert said("grant.expiring", manager) == ""
    renewed = SharingGrant.objects.get(replaces=soon)
    assert (renewed.hold_days, renewed.last_day) == (4, form.initial["expires_on"])
