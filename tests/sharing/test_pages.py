"""The pages of consent: share, change, stop, who saw what."""

from datetime import timedelta

import pytest
from django.utils import timezone

from factories.models import Factory
from portal.core.days import days_from_now
from portal.core.models import Event
from sharing.grants.services.revoking import revoke_access
from sharing.models import AccessRecord, SharingGrant
from sharing.records.services import record_access
from tests.sharing.deciding import decide, seen_on
from tests.world import World

pytestmark = pytest.mark.django_db


def url(world: World, tail: str = "brands/") -> str:
    return f"/factories/{world.factory_a.pk}/{tail}"


def of_brand(world: World) -> str:
    return f"brands/{world.brand_a.pk}/"


@pytest.mark.parametrize("tail", ["brands/", "who-saw-what/"])
@pytest.mark.parametrize(
    ("persona", "status"),
    [
        ("manager_a", 200),
        ("member_a", 200),
        ("team_leader", 200),
        ("global_staff", 200),
        ("advisor", 403),
        ("manager_b", 404),
        ("brand_a_manager", 404),
        ("outsider", 404),
        ("constituent", 404),
        ("vietnam_manager", 404),
        ("operator", 404),
        ("anonymous", 302),
    ],
)
def test_who_may_see_the_consent_of_a_factory(world: World, client_of, persona: str, tail: str, status: int) -> None:
    world.grant()

    assert client_of(world.people[persona]).get(url(world, tail)).status_code == status


def test_the_page_names_brand_scope_period_and_last_view(world: World, client_of) -> None:
    grant = world.grant(purpose="Autumn season", cycles="from", cycle_numbers=[2], hold_days=3)
    record_access(
        by=world.person("brand_a_member"), assessment=world.assessments["a2"], openings={"report": grant}, action="view"
    )

    page = client_of(world.person("manager_a")).get(url(world, of_brand(world))).content.decode()

    for words in [
        "Aster &amp; Oak",
        "Assessment reports",
        "From cycle 2 on",
        "Autumn season",
        "no end date",
        "New reports are held for 3 days",
        "Change",
    ]:
        assert words in page
    assert not any(words in page for words in ("Never", "You stop it", "reports wait"))


def test_a_member_reads_the_page_but_has_no_button_to_decide(world: World, client_of) -> None:
    grant = world.grant()
    member = client_of(world.person("member_a"))

    assert "/revoke/" not in member.get(url(world)).content.decode()
    assert member.get(url(world, "sharing/new/")).status_code == 403
    assert member.post(f"/sharing/{grant.pk}/revoke/").status_code == 403
    grant.refresh_from_db()
    assert grant.ended_at is None


def form(world: World, **fields: object) -> dict[str, object]:
    return {"brands": [world.brand_a.pk], "scopes": ["report", "step1"], "cycles": "all", **fields}


def test_sharing_asks_for_confirmation_and_then_takes_effect(world: World, client_of) -> None:
    manager = client_of(world.person("manager_a"))

    asked = manager.post(url(world, "sharing/new/"), form(world))
    assert asked.status_code == 200
    assert "Share with Aster &amp; Oak?" in asked.content.decode()
    assert world.factory_a.name in asked.content.decode()
    assert not SharingGrant.objects.exists()

    done = manager.post(url(world, "sharing/new/"), form(world, seen=seen_on(asked)))
    assert done.status_code == 302
    assert set(SharingGrant.objects.live().values_list("scope", flat=True)) == {"report", "step1"}
    assert Event.objects.filter(kind="grant.created", factory_id=world.factory_a.pk).count() == 2


def test_a_double_click_is_one_grant(world: World, client_of) -> None:
    manager = client_of(world.person("manager_a"))
    seen = seen_on(manager.post(url(world, "sharing/new/"), form(world)))
    for _ in range(2):
        assert manager.post(url(world, "sharing/new/"), form(world, seen=seen)).status_code == 302

    assert SharingGrant.objects.count() == 2
    assert Event.objects.filter(kind="grant.created").count() == 2


def test_two_scopes_are_shared_together_or_not_at_all(world: World, client_of) -> None:
    world.grant(scope="step1", cycles="only", cycle_numbers=[1])

    answer = decide(client_of(world.person("manager_a")), url(world, "sharing/new/"), form(world))

    assert "Change that access instead" in answer.content.decode()
    assert SharingGrant.objects.count() == 1


def test_what_is_shared_already_is_said_before_the_confirmation(world: World, client_of) -> None:
    grant = world.grant(scope="step1", cycles="only", cycle_numbers=[1])

    answer = client_of(world.person("manager_a")).post(url(world, "sharing/new/"), form(world))

    page = answer.content.decode()
    said = "You share “Step 1 data” with Aster &amp; Oak already. Change that access instead of adding a second one."
    assert said in page
    assert f"/sharing/{grant.pk}/change/" in page
    assert set(answer.context["form"].errors) == {"scopes"}
    same_cycles = {"cycles": "only", "cycle_numbers": [1], "purpose": "Another one"}
    answer = client_of(world.person("manager_a")).post(url(world, "sharing/new/"), form(world, **same_cycles))
    assert set(answer.context["form"].errors) == {"scopes"}


def test_after_one_stop_the_page_says_what_the_brand_still_sees(world: World, client_of) -> None:
    report, step1 = world.grant(scope="report"), world.grant(scope="step1")
    manager = client_of(world.person("manager_a"))

    first = manager.post(f"/sharing/{report.pk}/revoke/", follow=True).content.decode()
    second = manager.post(f"/sharing/{step1.pk}/revoke/", follow=True).content.decode()

    assert "Assessment reports. The brand still sees: Step 1 data." in first
    assert "You share nothing else with it." in second


def test_a_brand_is_said_to_see_and_to_lose_only_what_has_begun(world: World, client_of) -> None:
    later = timezone.now() + timedelta(days=3)
    report, step1 = world.grant(), world.grant(scope="step1", valid_from=later)
    manager, name = client_of(world.person("manager_a")), "Aster &amp; Oak"

    def stopped(grant: SharingGrant) -> str:
        return manager.post(f"/sharing/{grant.pk}/revoke/", follow=True).content.decode()

    asked = manager.get(f"/sharing/{report.pk}/revoke/").content.decode()
    assert (f"{name} still sees" in asked, f"Stop all sharing with {name} instead" in asked) == (False, True)
    assert f"{name} still sees" in manager.get(f"/sharing/{step1.pk}/revoke/").content.decode()
    said = stopped(report)
    assert "The brand sees nothing else now; this has not taken effect yet: Step 1 data." in said
    assert "The brand still sees" not in said
    said = stopped(step1)
    assert f"The decision about {name} was cancelled before it took effect: Step 1 data." in said
    assert "no longer shares this" not in said

    Factory.objects.filter(pk=world.factory_a.pk).update(confirms_sharing=True)
    assert "was cancelled before it took effect: Assessment reports." in stopped(world.grant())


def test_all_access_of_a_brand_is_not_said_to_end_where_none_had_begun(world: World, client_of) -> None:
    manager, later = client_of(world.person("manager_a")), timezone.now() + timedelta(days=3)

    def stopped() -> str:
        return manager.post(url(world, f"sharing/brands/{world.brand_a.pk}/stop/"), follow=True).content.decode()

    world.grant(scope="step1", valid_from=later)
    said = stopped()
    assert "The decision about Aster &amp; Oak was cancelled before it took effect: Step 1 data." in said
    assert "ended all access" not in said
    world.grant()
    world.grant(scope="step1", valid_from=later)
    said = "Assessment reports. This was cancelled before it took effect: Step 1 data."
    assert f"ended all access of Aster &amp; Oak: {said}" in stopped()


def test_the_widest_consent_is_not_the_preselected_one(world: World, client_of) -> None:
    fields = form(world)
    del fields["cycles"]

    answer = client_of(world.person("manager_a")).post(url(world, "sharing/new/"), fields)

    assert answer.context["form"].errors["cycles"]
    assert not SharingGrant.objects.exists()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cycles": "only"}, "Tick at least one report."),
        ({"cycles": "from"}, "Tick one report: the first of those that you share."),
        ({"cycles": "from", "cycle_numbers": [1, 2]}, "Tick one report: the first of those that you share."),
        ({"cycles": "only", "cycle_numbers": [1, 42]}, "is not on the list"),
        ({"expires_on": "2020-01-01"}, "This day has passed"),
        ({"scopes": []}, "Choose at least one kind of data."),
        ({"scopes": ["everything"]}, "is not on the list"),
        ({"brands": [999999]}, "is not on the list"),
        ({"cycles": "from", "cycle_numbers": [42]}, "is not on the list"),
        ({"purpose": "x" * 10_000}, "Shorten this to 300 characters"),
        ({"purpose": "a\x00b"}, "Remove the invisible characters"),
    ],
)
def test_bad_input_is_named_and_nothing_is_shared(world: World, client_of, fields: dict, message: str) -> None:
    answer = decide(client_of(world.person("manager_a")), url(world, "sharing/new/"), form(world, **fields))

    assert answer.status_code == 400
    assert message in answer.content.decode()
    assert not SharingGrant.objects.exists()


def test_single_reports_are_ticked_and_stay_ticked_until_it_is_said_what_happens(world: World, client_of) -> None:
    manager, address = client_of(world.person("manager_a")), url(world, "sharing/new/")
    boxes = manager.get(address, {"brand": world.brand_a.pk}).context["form"]["cycle_numbers"].subwidgets
    labels = {box.data["value"]: str(box.data["label"]) for box in boxes}
    assert (list(labels), labels[4]) == ([4, 3, 2, 1], "Cycle 4 · not published yet")
    assert (labels[1].startswith("Cycle 1 · "), labels[1].endswith(" · corrected")) == (True, True)
    single = form(world, scopes=["report"], cycles="only", cycle_numbers=[2, 1], expires_on="2020-01-01")
    refused = manager.post(address, single).context["form"]
    assert [box.data["value"] for box in refused["cycle_numbers"].subwidgets if box.data["selected"]] == [2, 1]

    del single["expires_on"]
    asked = manager.post(address, single)
    assert "Cycles 1 and 2 only" in asked.content.decode()
    assert [value for name, value in asked.context["hidden"] if name == "cycle_numbers"] == ["2", "1"]
    manager.post(address, single | {"seen": seen_on(asked)})
    assert SharingGrant.objects.get().cycle_numbers == [1, 2]
    assert manager.post(address, single | {"cycle_numbers": [1, 2], "seen": seen_on(asked)}).status_code == 302
    assert SharingGrant.objects.count() == 1


def test_all_reports_are_shared_whatever_was_ticked_for_another_choice(world: World, client_of) -> None:
    fields = form(world, scopes=["report"], cycles="all", cycle_numbers=[1])
    decide(client_of(world.person("manager_a")), url(world, "sharing/new/"), fields)
    grant = SharingGrant.objects.get()
    assert (grant.cycles, grant.cycle_numbers) == ("all", [])


def test_a_manager_of_another_factory_decides_nothing_here(world: World, client_of) -> None:
    grant = world.grant()
    other = client_of(world.person("manager_b"))

    assert other.post(url(world, "sharing/new/"), form(world)).status_code == 404
    assert other.post(f"/sharing/{grant.pk}/revoke/").status_code == 404
    assert other.post(f"/sharing/{grant.pk}/change/", {"cycles": "all"}).status_code == 404


def test_staff_see_but_do_not_decide(world: World, client_of) -> None:
    grant = world.grant()
    staff = client_of(world.person("programme_manager"))

    assert staff.post(url(world, "sharing/new/"), form(world)).status_code == 403
    assert staff.post(f"/sharing/{grant.pk}/revoke/").status_code == 403


def test_changing_the_terms_keeps_the_old_ones_on_record(world: World, client_of) -> None:
    old = world.grant(hold_days=7)
    last_day = days_from_now(90, world.factory_a)

    fields = {"cycles": "from", "cycle_numbers": [2], "expires_on": last_day.isoformat()}
    manager, address = client_of(world.person("manager_a")), f"/sharing/{old.pk}/change/"

    asked = manager.post(address, fields)
    assert "Can no longer be read" in asked.content.decode()
    assert SharingGrant.objects.get() == old
    done = decide(manager, address, fields, follow=True)
    assert f"{world.factory_a}: Access for Aster &amp; Oak was changed." in done.content.decode()
    old.refresh_from_db()
    new = SharingGrant.objects.get(ended_at=None)
    assert (old.cycles, old.end_code, old.end_reason) == ("all", SharingGrant.End.CHANGED, "")
    assert (new.replaces, new.cycle_numbers, new.last_day, new.hold_days) == (old, [2], last_day, 7)


def test_each_sharing_leads_to_its_newest_receipt(world: World, client_of) -> None:
    ended = world.grant()
    revoke_access(by=world.person("manager_a"), grant=ended)
    grant = world.grant(scope="step1")

    page = client_of(world.person("manager_a")).get(url(world, of_brand(world))).content.decode()

    given, over = grant.receipts.get(), ended.receipts.get(kind="ended")
    assert page.index(f"/receipts/{given.number}/") < page.index(f"/receipts/{over.number}/")
    assert f"/receipts/{ended.receipts.get(kind='granted').number}/" not in page


def test_stopping_lists_the_copies_it_cannot_reach(world: World, client_of) -> None:
    grant = world.grant()
    record_access(
        by=world.person("brand_a_member"),
        assessment=world.assessments["a2"],
        openings={"report": grant},
        action="download",
        copy_number=100042,
    )
    manager = client_of(world.person("manager_a"))

    page = manager.get(f"/sharing/{grant.pk}/revoke/").content.decode()
    assert "100042" in page
    assert "Copies that brands keep" in page

    assert manager.post(f"/sharing/{grant.pk}/revoke/", {"reason": "Season over"}).status_code == 302
    grant.refresh_from_db()
    assert (grant.end_reason, grant.ended_by) == ("Season over", world.person("manager_a"))
    assert manager.post(f"/sharing/{grant.pk}/revoke/").status_code == 302
    assert Event.objects.filter(kind="grant.revoked").count() == 1


def test_changing_what_has_ended_says_so(world: World, client_of) -> None:
    grant = world.grant()
    manager = client_of(world.person("manager_a"))
    manager.post(f"/sharing/{grant.pk}/revoke/")

    answer = manager.post(f"/sharing/{grant.pk}/change/", {"cycles": "all"}, follow=True)

    assert "has since ended" in answer.content.decode()
    assert not SharingGrant.objects.filter(ended_at=None).exists()


def test_who_saw_what_filters_pages_and_refuses_nonsense(
    world: World, client_of, django_assert_max_num_queries
) -> None:
    grant = world.grant()
    for _ in range(30):
        record_access(
            by=world.person("brand_a_member"),
            assessment=world.assessments["a2"],
            openings={"report": grant},
            action="view",
        )
    record_access(
        by=world.person("manager_a"), assessment=world.assessments["a1"], openings={"report": None}, action="view"
    )
    manager = client_of(world.person("manager_a"))

    with django_assert_max_num_queries(10):
        first = manager.get(url(world, "who-saw-what/"))
    [day] = first.context["page"]
    assert [(row.side.brand, row.times, row.unlisted) for row in day.rows] == [(world.brand_a.name, 30, 0)]
    assert manager.get(url(world, "who-saw-what/"), {"brand": "nonsense"}).status_code == 400
    tampered = manager.get(url(world, "who-saw-what/"), {"cursor": "nonsense"}, follow=True)
    assert "no longer valid" in tampered.content.decode()
    assert AccessRecord.objects.count() == 31


def test_a_grant_that_ran_out_moves_to_what_has_ended(world: World, client_of) -> None:
    now = timezone.now()
    world.grant(expires_at=now + timedelta(days=3))
    SharingGrant.objects.create(
        factory=world.factory_a, brand=world.brand_b, scope="report", granted_by=world.person("manager_a"),
        valid_from=now - timedelta(days=9), expires_at=now - timedelta(days=1),
    )  # fmt: skip

    manager = client_of(world.person("manager_a"))
    for place, brand in (("now", world.brand_a), ("ended", world.brand_b)):
        assert [row.brand for row in manager.get(f"{url(world)}?state={place}").context["rows"]] == [brand]
