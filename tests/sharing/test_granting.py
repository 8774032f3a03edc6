"""Granting well: several brands at once, terms, holds, what a decision adds and takes away, paper, renewals."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments.models import Assessment
from assessments.services import take_step
from brands.models import Brand
from portal.core.models import Event
from portal.notices.models import Notice
from portal.notices.outbox import notice_kinds
from sharing import access
from sharing.models import PaperConsent, SharingGrant, WithheldReport
from sharing.openings import opening_soon, openings_of
from sharing.preview import preview_change, preview_grants
from sharing.services import (
    Terms,
    prompt_renewals,
    record_paper_consent,
    release_report,
    revoke_access,
    share,
    withhold_report,
)
from sharing.services.papers import Signature, kind_of_scan
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 40 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 40 + b"IEND\xae\x42\x60\x82"


def reads(world: World, persona: str) -> set[int]:
    """The cycles of factory A that a brand's person reads now."""
    visible = Assessment.objects.visible_to(world.person(persona)).filter(factory=world.factory_a)
    return set(visible.values_list("cycle", flat=True))


def said(kind: str, reader: Any, side: str = "factory") -> str:
    """What the newest notice of a kind tells a reader, or nothing."""
    notice = Notice.objects.filter(kind=kind, side=side).latest("pk")
    line = notice_kinds[kind].line(notice, reader)
    return line.text if line else ""


def test_several_brands_are_shared_with_together_or_not_at_all(world: World, client_of: Any) -> None:
    manager, address = client_of(world.person("manager_a")), reverse("grant", args=[world.factory_a.pk])
    world.brand_b.name = "Bluefinch & Sons"
    world.brand_b.save()
    page = manager.get(address).content.decode()
    assert "formerly Bluefinch" in page
    assert "not checked by the programme yet" in page
    body = {
        "brands": [world.brand_a.pk, world.brand_b.pk], "scopes": ["report"], "cycles": "all", "hold_days": "5",
        "purpose": "Sourcing",
    }  # fmt: skip

    asked = manager.post(address, body).content.decode()
    for words in ("Share with 2 brands?", "This brand was called before: Bluefinch", "Opens at once", "Cycle 2",
                  "5 days after publication", "cycle 3, which is with you for review now", "Tonle Lotus"):  # fmt: skip
        assert words in asked
    assert not SharingGrant.objects.exists()
    assert manager.post(address, body | {"confirmed": "yes"}).status_code == 302
    assert SharingGrant.objects.filter(hold_days=5, purpose="Sourcing").count() == 2
    assert reads(world, "brand_a_member") == reads(world, "brand_b_member") == {1, 2}

    by = world.person("manager_a")
    revoke_access(by=by, grant=SharingGrant.objects.get(brand=world.brand_a))
    other = Terms(cycles="only", cycle_number=1)
    with pytest.raises(ValidationError, match="Bluefinch & Sons: This brand already"):
        share(
            by=by, factory=world.factory_a, brands=[world.brand_a, world.brand_b], scopes=["step1", "report"],
            terms=other,
        )  # fmt: skip
    assert not SharingGrant.objects.filter(scope="step1").exists()


def test_the_form_starts_with_the_countrys_defaults_or_a_copy(world: World, client_of: Any) -> None:
    grant = world.grant(scope="step1", cycles="from", cycle_number=2, hold_days=3, purpose="Due diligence")
    manager, address = client_of(world.person("manager_a")), reverse("grant", args=[world.factory_a.pk])

    fresh = manager.get(address).context["form"].initial
    assert fresh["hold_days"] == 7
    assert 360 <= (fresh["expires_on"] - timezone.localdate()).days <= 367
    assert "cycles" not in fresh
    copied = manager.get(address, {"copy": str(grant.pk)}).context["form"].initial
    assert (copied["scopes"], copied["cycle_number"], copied["hold_days"]) == (["step1"], 2, 3)
    assert manager.get(address, {"copy": "nonsense\x00"}).context["form"].initial == fresh
    body = {"brands": [world.brand_b.pk], "scopes": ["report"], "cycles": "all"}
    for wrong in ({"starts_on": "2020-01-01"}, {"expires_on": "9999-12-31"}, {"hold_days": "366"},
                  {"purpose": "x" * 10_000}, {"purpose": "a\x00b"}, {"cycle_number": "0"}):  # fmt: skip
        answer = manager.post(address, body | wrong | {"confirmed": "yes"})
        assert list(answer.context["form"].errors) == list(wrong)
    later = timezone.localdate() + timedelta(days=9)
    manager.post(address, body | {"starts_on": later.isoformat(), "confirmed": "yes"})
    assert SharingGrant.objects.get(brand=world.brand_b).status() == "waiting"


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
        Terms(cycles="only", cycle_number=2),
        Terms(cycles="from", cycle_number=3),
        Terms(valid_from=later),
        Terms(expires_at=later, hold_days=7),
    ]
    for terms in every_kind:
        [told] = preview_grants(by=manager, factory=world.factory_a, brands=[brand], scopes=["report"], terms=terms)
        assert not SharingGrant.objects.filter(ended_at=None).exists()
        grant = world.grant(**{name: getattr(terms, name) for name in Terms.__dataclass_fields__})
        assert {line.report.cycle for line in told.opens} == reads(world, "brand_a_member")
        assert told.kept_back == [1]
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

    grant = world.grant(cycles="only", cycle_number=2)
    change = preview_change(by=manager, grant=grant, terms=Terms(cycles="from", cycle_number=5, hold_days=30))
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
    assert "Opens once it is confirmed" in asked
    assert "worker representative of the factory confirms this before it takes effect" in asked
    done = manager.post(address, body | {"confirmed": "yes"}, follow=True).content.decode()
    assert "as soon as a worker representative has confirmed it" in done
    assert reads(world, "brand_a_member") == set()


def test_a_change_that_a_second_person_confirms_goes_on_until_then(world: World, client_of: Any) -> None:
    grant, _step1 = (
        world.grant(cycles="only", cycle_number=2),
        world.grant(scope="step1", cycles="only", cycle_number=2),
    )
    world.factory_a.confirms_sharing = True
    world.factory_a.save()
    manager, address = client_of(world.person("manager_a")), reverse("grant_change", args=[grant.pk])

    shown = manager.post(address, {"cycles": "all"}).context["brands"][0]["difference"]

    assert [(line.report.cycle, line.scopes) for line in shown.stays] == [(2, ["report", "step1"])]
    assert 1 in {line.report.cycle for line in shown.opens}
    assert shown.needs_confirmation
    done = manager.post(address, {"cycles": "all", "confirmed": "yes"}, follow=True).content.decode()
    assert "until then the terms until now go on" in done
    assert reads(world, "brand_a_member") == {2}
    wider = SharingGrant.objects.get(scope="report", ended_at=None, confirmed_at=None, needs_confirmation=True)
    page = client_of(world.person("representative_a")).get(reverse("grant_confirmation", args=[wider.pk]))
    assert "This changes a sharing that the brand has: Cycle 2 only" in page.content.decode()
    assert "it never learns of it" not in page.content.decode()


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
    soon = timezone.localdate() + timedelta(days=3)
    body = {"brands": [world.brand_a.pk], "scopes": ["report"], "cycles": "all", "expires_on": soon.isoformat()}
    words = "The sharing ends before a new report would open"
    assert words in manager.post(address, body | {"hold_days": "7"}).content.decode()
    assert words not in manager.post(address, body | {"hold_days": "0"}).content.decode()
    assert words not in manager.post(address, {**body, "expires_on": "", "hold_days": "7"}).content.decode()


def test_granting_before_there_is_a_report_says_so(world: World, client_of: Any) -> None:
    manager = client_of(world.person("manager_b"))
    body = {"brands": [world.brand_a.pk], "scopes": ["report"], "cycles": "from", "cycle_number": "3"}

    asked = manager.post(reverse("grant", args=[world.factory_b.pk]), body).content.decode()

    assert "There is no report to read yet." in asked
    assert "You can decide now all the same" in asked
    assert "from cycle 3 on opens 7 days after publication" in asked


def test_r7_a_report_kept_back_is_read_by_nobody_of_the_brand_from_the_next_query_on(
    world: World, client_of: Any
) -> None:
    world.grant()
    world.grant(world.brand_b)
    manager, member = client_of(world.person("manager_a")), world.person("brand_a_member")
    page = reverse("assessment", args=[world.assessments["a2"].pk])
    assert client_of(member).get(page).status_code == 200
    address = reverse("report_withhold", args=[world.factory_a.pk])

    for _click in range(2):
        assert (
            manager.post(address, {"brand": world.brand_a.pk, "cycle": 2, "reason": "Price talks"}).status_code == 302
        )
    kept = WithheldReport.objects.get()
    assert Event.objects.filter(kind="sharing.withheld").count() == 1
    assert client_of(member).get(page).status_code == 404
    assert reads(world, "brand_a_member") == {1}
    assert reads(world, "brand_b_member") == {1, 2}
    assert access.decide(member, world.assessments["a2"], "report").reason == "withheld"
    assert "Price talks" not in said("sharing.withheld", world.person("member_a"))
    assert "keeps the report of cycle 2 back from Aster & Oak" in said("sharing.withheld", world.person("member_a"))
    assert said("sharing.withheld", member) == ""
    [a, b] = openings_of(person=world.person("manager_a"), factory=world.factory_a)
    assert ([row.cycle for row in a.kept_back], [row.cycle for row in b.kept_back]) == ([2], [])

    release = reverse("report_release", args=[kept.pk])
    assert "Let the report of cycle 2 open" in manager.get(release).content.decode()
    for _click in range(2):
        manager.post(release)
    assert Event.objects.filter(kind="sharing.let_open").count() == 1
    assert client_of(member).get(page).status_code == 200
    for wrong in ({"brand": 999, "cycle": 2}, {"brand": world.brand_a.pk, "cycle": "x\x00"}, {}):
        assert "Nothing was changed" in manager.post(address, wrong, follow=True).content.decode()


def test_keeping_back_is_the_factorys_managers_business_alone(world: World, client_of: Any) -> None:
    world.grant()
    kept = withhold_report(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a, cycle=2)
    for persona in ("manager_b", "member_a", "representative_a", "programme_manager", "brand_a_manager"):
        by = world.person(persona)
        with pytest.raises(PermissionDenied):
            withhold_report(by=by, factory=world.factory_a, brand=world.brand_a, cycle=1)
        with pytest.raises(PermissionDenied):
            release_report(by=by, withheld=kept)
    with pytest.raises(ValidationError, match="share nothing"):
        withhold_report(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_b, cycle=1)
    page = client_of(world.person("brand_a_manager")).get(reverse("report_release", args=[kept.pk]))
    assert page.status_code == 404


def test_publication_tells_the_factory_to_whom_it_opens_and_when(world: World, client_of: Any) -> None:
    world.grant(hold_days=7)
    world.grant(world.brand_b)
    manager = world.person("manager_a")
    take_step(by=world.person("team_leader"), assessment=world.assessments["a3"], name="publish")

    text = said("sharing.report_opens", manager)
    assert "the report of cycle 3 is published. It is open to Bluefinch." in text
    assert "Aster & Oak (" in text
    assert said("sharing.report_opens", world.person("brand_a_member")) == ""
    [soon] = opening_soon(person=manager, factory=world.factory_a, until=timezone.now() + timedelta(days=30))
    assert (soon.cycle, soon.brands) == (3, [world.brand_a])
    home = client_of(manager).get("/").content.decode()
    assert "Cycle 3 opens to Aster &amp; Oak on" in home
    page = client_of(manager).get(reverse("report_openings", args=[world.factory_a.pk])).content.decode()
    assert "Keep it back" in page
    withhold_report(by=manager, factory=world.factory_a, brand=world.brand_a, cycle=3)
    assert opening_soon(person=manager, factory=world.factory_a, until=timezone.now() + timedelta(days=30)) == []
    assert "Aster" not in said("sharing.report_opens", manager)


def test_brands_to_which_nothing_opens_any_more_cost_the_first_page_nothing(
    world: World, django_assert_num_queries: Any
) -> None:
    for brand in (world.brand_a, world.brand_b):
        world.grant(brand=brand, hold_days=1)
    month = timezone.now() + timedelta(days=30)
    with django_assert_num_queries(2):
        assert opening_soon(person=world.person("manager_a"), factory=world.factory_a, until=month) == []


def test_what_opens_soon_takes_the_same_queries_however_many_brands_wait(world: World) -> None:
    """Two brands for which the same reports open at two moments: each is named once for each report."""
    manager, now = world.person("manager_a"), timezone.now()
    days = {world.brand_a: now + timedelta(days=2), world.brand_b: now + timedelta(days=4)}
    for brand, day in days.items():
        for scope in ("report", "step1"):
            world.grant(brand=brand, scope=scope, valid_from=day)
    month = now + timedelta(days=30)
    soon = opening_soon(person=manager, factory=world.factory_a, until=month)
    assert [(one.cycle, one.at, one.brands) for one in soon] == [
        (cycle, day, [brand]) for brand, day in days.items() for cycle in (1, 2)
    ]
    waiting = openings_of(person=manager, factory=world.factory_a)
    shown = {one.brand: [line.at for line in one.waiting] for one in waiting}
    assert shown == {brand: [day, day] for brand, day in days.items()}
    for brand in Brand.objects.bulk_create(Brand(name=f"Brand {number}") for number in range(5)):
        world.grant(brand=brand, valid_from=days[world.brand_a])
    with CaptureQueriesContext(connection) as few:
        [first, *_] = opening_soon(person=manager, factory=world.factory_a, until=month)
    assert len(first.brands) == 6
    assert len(few) <= 2 + 2 * 5


# --- paper ------------------------------------------------------------------------------------------------------


def paper(world: World, persona: str = "team_leader", scan: bytes = PDF, **changes: Any) -> list[SharingGrant]:
    """Record a form that factory A signed for brand A."""
    order: dict[str, Any] = {
        "by": world.person(persona),
        "factory": world.factory_a,
        "brands": [world.brand_a],
        "scopes": ["report", "step1"],
        "terms": Terms(hold_days=3),
        "signature": Signature("Sok Dara, manager", timezone.localdate()),
        "scan": SimpleUploadedFile("../../form.html", scan, content_type="text/html"),
    }
    return record_paper_consent(**order | changes)


def test_r6_staff_make_a_grant_only_from_a_signed_form(world: World, client_of: Any) -> None:
    grants = paper(world)
    manager, member = client_of(world.person("manager_a")), world.person("brand_a_member")

    assert {grant.granted_for for grant in grants} == {"Sok Dara, manager"}
    assert reads(world, "brand_a_member") == {1, 2}
    text = said("sharing.paper_recorded", world.person("manager_a"))
    assert "shares with Aster & Oak, from a form signed by Sok Dara, manager" in text
    assert notice_kinds["sharing.paper_recorded"].is_mandatory
    assert said("sharing.paper_recorded", member) == ""
    page = manager.get(reverse("who_can_see", args=[world.factory_a.pk])).content.decode()
    assert "Recorded by staff (Team Leader) from a form signed by Sok Dara, manager." in page
    scan = manager.get(reverse("grant_document", args=[grants[0].pk]))
    assert b"".join(scan.streaming_content) == PDF  # type: ignore[attr-defined]
    assert scan.headers["Content-Type"] == "application/pdf"
    assert scan.headers["X-Content-Type-Options"] == "nosniff"
    assert scan.headers["Content-Disposition"].startswith("attachment; filename=")
    assert client_of(member).get(reverse("grant_document", args=[grants[0].pk])).status_code == 404
    revoke_access(by=world.person("manager_a"), grant=grants[0])
    assert grants[0].pk not in SharingGrant.objects.live().values_list("pk", flat=True)
    for persona in ("manager_a", "advisor", "vietnam_manager", "brand_a_manager", "constituent", "operator"):
        with pytest.raises(PermissionDenied):
            paper(world, persona, brands=[world.brand_b])


def test_paper_consent_waits_for_the_second_person_and_is_recorded_once(world: World) -> None:
    world.factory_a.confirms_sharing = True
    world.factory_a.save()
    assert {grant.status() for grant in paper(world)} == {"unconfirmed"}
    assert reads(world, "brand_a_member") == set()
    with pytest.raises(ValidationError, match="shares exactly this already"):
        paper(world)
    assert PaperConsent.objects.count() == 1


def test_a_scan_is_what_its_content_says(world: World, client_of: Any, tmp_path: Any) -> None:
    for content, kind in ((PDF, "application/pdf"), (JPEG, "image/jpeg"), (PNG, "image/png")):
        assert kind_of_scan(SimpleUploadedFile("form.exe", content)) == kind
    for bad in (b"", b"<script>alert(1)</script>", b"%PDF-1.7 cut off", b"GIF89a", JPEG[:-2], b"MZ" + PDF,
                PDF + b"x" * 11_000_000):  # fmt: skip
        with pytest.raises(ValidationError):
            paper(world, scan=bad)
    tomorrow = timezone.localdate() + timedelta(days=1)
    with pytest.raises(ValidationError, match="a day to come"):
        paper(world, signature=Signature("Sok Dara", tomorrow))
    with pytest.raises(ValidationError, match="before the programme began"):
        paper(world, signature=Signature("Sok Dara", date(1900, 1, 1)))
    world.brand_b.is_active = False
    world.brand_b.save()
    with pytest.raises(ValidationError, match="not active"):
        paper(world, brands=[world.brand_a, world.brand_b])
    assert not SharingGrant.objects.exists()
    assert not PaperConsent.objects.exists()
    assert not [path for path in tmp_path.rglob("consents/*") if path.is_file()]
    staff, address = client_of(world.person("team_leader")), reverse("grant_paper", args=[world.factory_a.pk])
    body = {"brands": [world.brand_a.pk], "scopes": ["report"], "cycles": "all", "signed_by": "Sok Dara",
            "signed_on": "2026-01-05"}  # fmt: skip
    answer = staff.post(address, body | {"scan": SimpleUploadedFile("form.pdf", b"<html>")})
    assert set(answer.context["form"].errors) == {"is_as_signed"}
    answer = staff.post(address, body | {"scan": SimpleUploadedFile("form.pdf", b"<html>"), "is_as_signed": "on"})
    assert "no complete PDF, JPEG or PNG" in answer.content.decode()
    answer = staff.post(address, body | {"scan": SimpleUploadedFile("form.pdf", PDF), "is_as_signed": "on"})
    assert answer.status_code == 302


# --- renewals -----------------------------------------------------------------------------------------------------


def test_an_ending_is_brought_to_mind_once_to_both_sides_and_renewed(world: World, client_of: Any) -> None:
    now = timezone.now()
    soon = world.grant(expires_at=now + timedelta(days=20), hold_days=4, purpose="Yearly")
    world.grant(world.brand_b, expires_at=now + timedelta(days=40))
    manager, member = world.person("manager_a"), world.person("brand_a_member")

    assert [prompt_renewals(), prompt_renewals()] == [1, 0]
    assert Notice.objects.filter(kind="sharing.ends_soon").count() == 2
    assert "Renew it if it should go on" in said("sharing.ends_soon", manager)
    assert "The factory decides whether it goes on" in said("sharing.ends_soon", member, "brand")
    assert said("sharing.ends_soon", world.person("brand_b_member"), "brand") == ""
    assert f"/sharing/{soon.pk}/change/?renew=1" in client_of(manager).get("/").content.decode()
    assert "sharing with Tonle Lotus Garments ends on" in client_of(member).get("/").content.decode()

    go_on = f"/brands/{world.brand_a.pk}/requests/new/?factory={world.factory_a.pk}&scope=step1"
    assert client_of(member).get(go_on).context["form"].initial["scopes"] == ["step1"]

    form = client_of(manager).get(f"/sharing/{soon.pk}/change/?renew=1").context["form"]
    assert (form.initial["hold_days"], form.initial["purpose"], form.initial["cycles"]) == (4, "Yearly", "all")
    assert soon.last_day is not None
    assert 364 <= (form.initial["expires_on"] - soon.last_day).days <= 366
    body = {"cycles": "all", "purpose": "Yearly", "expires_on": form.initial["expires_on"].isoformat()}
    client_of(manager).post(f"/sharing/{soon.pk}/change/", body | {"confirmed": "yes"})
    assert said("sharing.ends_soon", manager) == ""
    renewed = SharingGrant.objects.get(replaces=soon)
    assert (renewed.hold_days, renewed.last_day) == (4, form.initial["expires_on"])


# --- the API ------------------------------------------------------------------------------------------------------


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
    for wrong in ({"brands": []}, {"brands": [10**9]}, {"scopes": ["all"]}, {"brands": [1] * 51}, {"cycle_number": 1}):
        assert client.post(f"{root}sharing-orders/", order | wrong, format="json").status_code == 400
    grant = made.json()[0]["id"]
    terms = {"cycles": "only", "cycle_number": 2}
    change = client.post(f"/api/v1/grants/{grant}/preview/", terms, format="json").json()
    assert [line["cycle"] for line in change["closes"]] == [1]

    kept = client.post(f"{root}withheld-reports/", {"brand": world.brand_a.pk, "cycle": 2}, format="json").json()
    assert reads(world, "brand_a_member") == {1}
    openings = client.get(f"{root}openings/").json()
    assert [[row["cycle"] for row in one["kept_back"]] for one in openings] == [[2], []]
    assert client.post(f"/api/v1/withheld-reports/{kept['id']}/release/").json()["released_at"]
    assert reads(world, "brand_a_member") == {1, 2}
    brand = api_of(world.person("brand_a_manager"))
    assert brand.post(f"/api/v1/withheld-reports/{kept['id']}/release/").status_code == 404
