"""Preview as this brand: what a manager is shown is what a member of the brand gets, and of no other factory."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from assessments.models import Answer, Assessment
from sharing import access
from sharing.grants.services.granting import grant_access
from sharing.grants.services.outcomes import Terms
from sharing.holds.services import withhold_report
from sharing.models import AccessRecord, SearchRecord, SharingGrant
from sharing.records.queries import with_last_viewed
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db


def body(response: Any) -> str:
    """The content of a page, without what belongs to the one who looks: frame, banner, the order's form and links."""
    page = response.content.decode()
    page = page[page.index("<main") : page.index("</main>")]
    page = re.sub(r'<div class="notice tone-law" role="note".*?</div>\s*</div>', "", page, flags=re.DOTALL)
    page = re.sub(r"<form method=\"post\".*?</form>", "", page, flags=re.DOTALL)
    # A member may also ask why something is missing, on a page of the brand's own.
    page = re.sub(r'<section class="panel">\s*<h2>Why is something missing.*?</section>', "", page, flags=re.DOTALL)
    page = re.sub(r"/factories/\d+/sharing/as/\d+/assessments/", "/assessments/", page)
    page = re.sub(r'href="/factories/\d+/sharing/as/\d+/"', 'href="/shared/"', page)
    return re.sub(r"\s+", " ", page)


def several_grants(world: World) -> None:
    """Factory A shares with brand A the report, held, and some Step 1 data; factory B shares its own."""
    make_assessment(world, world.factory_a, 5, "published", published_days_ago=2)
    world.grant(hold_days=7)
    world.grant(scope="step1", cycles="from", cycle_number=2)
    withhold_report(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a, cycle=1)


def test_a_manager_sees_byte_for_byte_what_a_member_of_the_brand_gets(world: World, client_of: Any) -> None:
    several_grants(world)
    manager, member = client_of(world.person("manager_a")), client_of(world.person("brand_a_member"))
    listing = reverse("as_brand", args=[world.factory_a.pk, world.brand_a.pk])
    theirs, seen = member.get(reverse("shared_list")), manager.get(listing)

    assert body(seen) == body(theirs)
    assert "This is what Aster &amp; Oak sees now" in seen.content.decode()
    assert body(manager.get(listing, {"cycle": "9"})) == body(member.get(reverse("shared_list"), {"cycle": "9"}))
    for name, assessment in world.assessments.items():
        own = member.get(reverse("assessment", args=[assessment.pk]))
        as_brand = manager.get(f"{listing}assessments/{assessment.pk}/")
        assert as_brand.status_code == own.status_code, name
        if own.status_code == 200:
            assert body(as_brand) == body(own)
            assert "disabled" in as_brand.content.decode()
            assert reverse("report_order", args=[assessment.pk]) not in as_brand.content.decode()
    looker = access.AsBrand(world.brand_a, world.factory_a)
    for scope in (None, *access.ASSESSMENT_SCOPES):
        for at in (None, timezone.now() + timedelta(days=6), timezone.now() - timedelta(days=400)):
            assert set(Assessment.objects.visible_to(looker, scope, at)) == set(
                Assessment.objects.visible_to(world.person("brand_a_member"), scope, at)
            )
    for scope in access.ASSESSMENT_SCOPES:
        assert set(Answer.objects.visible_to(looker, scope)) == set(
            Answer.objects.visible_to(world.person("brand_a_member"), scope)
        )


def test_nobody_sees_another_factory_through_a_brands_eyes(world: World, client_of: Any) -> None:
    world.grant()
    world.grant(factory=world.factory_b)
    looker = access.AsBrand(world.brand_a, world.factory_a)
    assert set(Assessment.objects.visible_to(looker).values_list("factory", flat=True)) == {world.factory_a.pk}
    manager = client_of(world.person("manager_a"))
    own = reverse("as_brand", args=[world.factory_a.pk, world.brand_a.pk])
    page = manager.get(own).content.decode()
    assert world.factory_a.name in page
    assert world.factory_b.name not in page
    assert manager.get(f"{own}assessments/{world.assessments['b1'].pk}/").status_code == 404
    assert manager.get(reverse("as_brand", args=[world.factory_b.pk, world.brand_a.pk])).status_code == 404
    assert access.decide(looker, world.assessments["b1"], "report").allowed is False
    assert access.openings(looker, world.assessments["b1"]) == {}
    assert not SharingGrant.objects.visible_to(looker).exists()


def test_who_saw_what_names_the_person_who_looked_never_the_brand(world: World, client_of: Any) -> None:
    world.grant()
    address = reverse("as_brand_assessment", args=[world.factory_a.pk, world.brand_a.pk, world.assessments["a2"].pk])
    for persona in ("manager_a", "team_leader"):
        assert client_of(world.person(persona)).get(address).status_code == 200
        assert client_of(world.person(persona)).post(address).status_code == 405
    seen: set[Any] = set(AccessRecord.objects.values_list("person__name", "brand", "scope", "action"))
    assert seen == {("Manager A", None, "report", "view"), ("Team Leader", None, "report", "view")}
    assert with_last_viewed(SharingGrant.objects.all()).get().last_viewed is None  # type: ignore[attr-defined]


def test_a_search_in_a_list_that_is_tried_is_written_down(world: World, client_of: Any) -> None:
    address = reverse("as_brand_trial", args=[world.factory_a.pk, world.brand_a.pk])
    order = {"brands": [world.brand_a.pk], "scopes": ["report"], "cycles": "all", "hold_days": "0"}
    page = client_of(world.person("manager_a")).post(f"{address}?cluster=Compensation", order)
    assert page.context["rows"]
    [row] = SearchRecord.objects.all()
    assert (row.person, row.brand, row.factories) == (world.person("manager_a"), None, [world.factory_a.pk])
    assert not SharingGrant.objects.exists()


def test_a_decision_can_be_tried_and_then_is_what_was_seen(world: World, client_of: Any) -> None:
    manager, member = client_of(world.person("manager_a")), client_of(world.person("brand_a_member"))
    order = {"brands": [world.brand_a.pk], "scopes": ["report", "step1"], "cycles": "from", "cycle_number": 2}
    address = reverse("as_brand_trial", args=[world.factory_a.pk, world.brand_a.pk])
    a2 = world.assessments["a2"]

    listed = manager.post(address, order)
    inside = manager.post(address, order | {"assessment": str(a2.pk)})
    assert not SharingGrant.objects.exists()
    # The first page is a list; only the opened assessment is a line in who-saw-what.
    assert [(row.person.name, row.brand) for row in AccessRecord.objects.all()] == [("Manager A", None)] * 2
    assert "Nothing is shared yet." in listed.content.decode()
    assert listed.context["rows"][0]["assessment"] == a2
    hidden = manager.post(address, order | {"assessment": str(world.assessments["a1"].pk)})
    assert hidden.status_code == 404
    for wrong in ({"assessment": "x\x00"}, {"grant": "nonsense"}):
        assert manager.post(address, order | wrong).status_code == 404
    assert manager.post(address, {"cycles": "all"}).status_code == 302

    for scope in order["scopes"]:
        grant_access(
            by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a, scope=scope,
            terms=Terms(cycles="from", cycle_number=2, hold_days=7),
        )  # fmt: skip
    own = member.get(reverse("assessment", args=[a2.pk]))
    assert body(inside) == body(own)

    grant = SharingGrant.objects.get(scope="report")
    change = {"grant": str(grant.pk), "cycles": "only", "cycle_number": 1}
    tried = manager.post(address, change)
    assert {row["assessment"].cycle for row in tried.context["rows"]} == {1, 2}  # Step 1 data of cycle 2 stays
    grant.refresh_from_db()
    assert grant.ended_at is None
    stranger = client_of(world.person("manager_b"))
    assert stranger.post(address, change).status_code == 404
    other = reverse("as_brand_trial", args=[world.factory_b.pk, world.brand_a.pk])
    assert stranger.post(other, change).status_code == 404
