"""Granting to several brands at once, on the form and by the API."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from portal.core.days import days_from_now, today
from sharing.grants.services.granting import share
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.models import SharingGrant
from tests.sharing.deciding import decide
from tests.sharing.directions import cycles_read
from tests.world import World

pytestmark = pytest.mark.django_db


def test_several_brands_are_shared_with_together_or_not_at_all(world: World, client_of: Any) -> None:
    manager, address = client_of(world.person("manager_a")), reverse("grant", args=[world.factory_a.pk])
    world.brand_b.name = "Bluefinch & Sons"
    world.brand_b.save()
    page = manager.get(address, {"several": "yes"}).content.decode()
    assert "formerly Bluefinch" in page
    assert "not checked by the programme yet" in page
    body = {
        "brands": [world.brand_a.pk, world.brand_b.pk], "scopes": ["report"], "cycles": "all", "hold_days": "5",
        "purpose": "Sourcing",
    }  # fmt: skip

    asked = manager.post(address, body).content.decode()
    for words in ("Share with 2 brands?", "Former names of this brand: Bluefinch", "Visible at once", "Cycle 2",
                  "5 days after publication", "cycle 3, which is in factory review now", "Tonle Lotus"):  # fmt: skip
        assert words in asked
    assert not SharingGrant.objects.exists()
    assert decide(manager, address, body).status_code == 302
    assert SharingGrant.objects.filter(hold_days=5, purpose="Sourcing").count() == 2
    assert cycles_read(world, "brand_a_member") == cycles_read(world, "brand_b_member") == {1, 2}

    by = world.person("manager_a")
    revoke_access(by=by, grant=SharingGrant.objects.get(brand=world.brand_a))
    other = Terms(cycles="only", cycle_numbers=[1])
    with pytest.raises(ValidationError, match="Bluefinch & Sons: This brand already"):
        share(
            by=by, factory=world.factory_a, brands=[world.brand_a, world.brand_b], scopes=["step1", "report"],
            terms=other,
        )  # fmt: skip
    assert not SharingGrant.objects.filter(scope="step1").exists()


def test_the_form_starts_with_the_countrys_defaults_or_a_copy(world: World, client_of: Any) -> None:
    grant = world.grant(scope="step1", cycles="from", cycle_numbers=[2], hold_days=3, purpose="Due diligence")
    manager, address = client_of(world.person("manager_a")), reverse("grant", args=[world.factory_a.pk])
    brand = {"brand": world.brand_b.pk}

    fresh = manager.get(address, brand).context["form"].initial
    assert fresh["hold_days"] == 7
    assert 360 <= (fresh["expires_on"] - today(world.factory_a)).days <= 367
    assert (fresh["scopes"], fresh["cycles"], fresh["cycle_numbers"]) == (["report"], "only", [2])
    copied = manager.get(address, brand | {"copy": str(grant.pk)}).context["form"].initial
    assert (copied["scopes"], copied["cycle_numbers"], copied["hold_days"]) == (["step1"], [2], 3)
    assert manager.get(address, brand | {"copy": "nonsense\x00"}).context["form"].initial == fresh
    body = {"brands": [world.brand_b.pk], "scopes": ["report"], "cycles": "all"}
    for wrong in ({"starts_on": "2020-01-01"}, {"expires_on": "9999-12-31"}, {"hold_days": "366"},
                  {"purpose": "x" * 10_000}, {"purpose": "a\x00b"}, {"cycle_numbers": ["0"]}):  # fmt: skip
        answer = decide(manager, address, body | wrong)
        assert list(answer.context["form"].errors) == list(wrong)
    later = days_from_now(9, world.factory_a)
    decide(manager, address, body | {"starts_on": later.isoformat()})
    assert SharingGrant.objects.get(brand=world.brand_b).status() == "waiting"


def test_the_api_orders_for_several_brands_previews_and_keeps_back(world: World, api_of: Any) -> None:
    client, root = api_of(world.person("manager_a")), f"/api/v1/factories/{world.factory_a.pk}/"
    order = {"brands": [world.brand_a.pk, world.brand_b.pk], "scopes": ["report", "step1"], "hold_days": 3}

    told = client.post(f"{root}sharing-preview/", order, format="json").json()
    assert [[line["cycle"] for line in one["opens"]] for one in told] == [[2, 1], [2, 1]]
    assert told[0]["upcoming"] == [3]
    assert not SharingGrant.objects.exists()
    made = client.post(f"{root}sharing-orders/", order, format="json")
    assert (made.status_code, len(made.json())) == (201, 4)
    assert client.post(f"{root}sharing-orders/", order, format="json").json() == made.json()
    for wrong in (
        {"brands": []},
        {"brands": [10**9]},
        {"scopes": ["all"]},
        {"brands": [1] * 51},
        {"cycle_numbers": [1]},
    ):
        assert client.post(f"{root}sharing-orders/", order | wrong, format="json").status_code == 400
    grant = made.json()[0]["id"]
    terms = {"cycles": "only", "cycle_numbers": [2]}
    change = client.post(f"/api/v1/grants/{grant}/preview/", terms, format="json").json()
    assert [line["cycle"] for line in change["closes"]] == [1]

    kept = client.post(f"{root}withheld-reports/", {"brand": world.brand_a.pk, "cycle": 2}, format="json").json()
    assert cycles_read(world, "brand_a_member") == {1}
    openings = client.get(f"{root}openings/").json()
    assert [[row["cycle"] for row in one["withheld"]] for one in openings] == [[2], []]
    assert client.post(f"/api/v1/withheld-reports/{kept['id']}/allow/").json()["allowed_at"]
    assert cycles_read(world, "brand_a_member") == {1, 2}
    brand = api_of(world.person("brand_a_manager"))
    assert brand.post(f"/api/v1/withheld-reports/{kept['id']}/allow/").status_code == 404
