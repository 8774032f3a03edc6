"""Seen as a brand, now or after a decision: what a manager is shown is what a member of the brand gets."""

import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments.models import Answer, Assessment
from portal.core.days import days_from_now
from portal.disclosure.drafts import Draft, opened
from sharing import access
from sharing.grants.services.granting import grant_access
from sharing.grants.services.outcomes import Terms
from sharing.holds.services import withhold_report
from sharing.models import AccessRecord, AccessRequest, SearchRecord, SharingGrant
from sharing.records.queries import with_last_viewed
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from tests.sharing.previews import preview_links, preview_of
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db
SCOPES = [scope.value for scope in access.ASSESSMENT_SCOPES]


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
    world.grant(scope="step1", cycles="from", cycle_numbers=[2])
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


# --- previews of a decision --------------------------------------------------------------------------------


def shared_with_brand_a(world: World, **terms: Any) -> str:
    """The address of what brand A would see if it were given the reports of factory A on these terms."""
    draft = Draft.share([world.brand_a], ["report"], Terms(**terms))
    return preview_of(draft, world.person("manager_a"), world.factory_a, world.brand_a)


def inside(preview: str, assessment: Assessment) -> str:
    """The address of an assessment in a preview."""
    address, _mark, query = preview.partition("?")
    return f"{address}assessments/{assessment.pk}/?{query}"


@pytest.mark.parametrize("kind", ["request_approve", "grant_change"])
def test_what_a_draft_leaves_out_can_be_ticked_again(world: World, client_of: Any, kind: str) -> None:
    """Cycles 5 and 6 are not published; the manager unticks the later one, looks at the preview and goes back."""
    if kind == "grant_change":
        subject: SharingGrant | AccessRequest = world.grant(cycles="only", cycle_numbers=[5, 6])
    else:
        terms = RequestedTerms(scopes=("report",), cycles="only", cycle_numbers=(5, 6), purpose="Sourcing review")
        asking = world.person("brand_a_member")
        subject = request_access(by=asking, brand=world.brand_a, factory=world.factory_a, terms=terms)
    manager, address = client_of(world.person("manager_a")), reverse(kind, args=[subject.pk])
    body = {"scopes": ["report"], "cycles": "only", "cycle_numbers": [5], "hold_days": 7}
    [link] = preview_links(manager.post(address, body))
    form = manager.get(f"{address}?{link.partition('?')[2]}").context["form"]
    assert form.initial["cycle_numbers"] == [5]
    assert {5, 6} <= {cycle for cycle, _words in form.fields["cycle_numbers"].choices}


def test_a_search_in_a_previewed_list_is_written_down(world: World, client_of: Any) -> None:
    page = client_of(world.person("manager_a")).get(f"{shared_with_brand_a(world)}&cluster=Compensation")
    assert page.context["rows"]
    [row] = SearchRecord.objects.all()
    assert (row.person, row.brand, row.factories) == (world.person("manager_a"), None, [world.factory_a.pk])
    assert not SharingGrant.objects.exists()


def test_a_decision_can_be_previewed_and_then_is_what_was_seen(world: World, client_of: Any) -> None:
    manager, member = client_of(world.person("manager_a")), client_of(world.person("brand_a_member"))
    form = {"brands": [world.brand_a.pk], "scopes": ["report", "step1"], "cycles": "from", "cycle_numbers": [2]}
    a1, a2 = world.assessments["a1"], world.assessments["a2"]

    [link] = preview_links(manager.post(reverse("grant", args=[world.factory_a.pk]), form))
    listed, page = manager.get(link), manager.get(inside(link, a2))
    assert not SharingGrant.objects.exists()
    # The first page is a list; only the opened assessment is a line in who-saw-what.
    assert [(row.person.name, row.brand) for row in AccessRecord.objects.all()] == [("Manager A", None)] * 2
    assert "Nothing is shared yet." in listed.content.decode()
    assert inside(link, a2).replace("&", "&amp;") in listed.content.decode()
    assert manager.get(inside(link, a1)).status_code == 404

    for scope in form["scopes"]:
        grant_access(
            by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a, scope=scope,
            terms=Terms(cycles="from", cycle_numbers=[2], hold_days=7),
        )  # fmt: skip
    assert content(listed) == content(member.get(reverse("shared_list")))
    assert content(page) == content(member.get(reverse("assessment", args=[a2.pk])))

    grant = SharingGrant.objects.get(scope="report")
    change = manager.post(reverse("grant_change", args=[grant.pk]), {"cycles": "only", "cycle_numbers": [1]})
    tried = manager.get(preview_links(change)[0])
    assert {row["assessment"].cycle for row in tried.context["rows"]} == {1, 2}  # Step 1 data of cycle 2 stays
    grant.refresh_from_db()
    assert grant.ended_at is None


def content(response: Any) -> str:
    """The content of a page, as in `body`, without the filters that a preview does not have."""
    page = re.sub(r'<details class="filters-box".*?</details>', "", response.content.decode(), flags=re.DOTALL)
    page = re.sub(r"/after/(assessments/[^\"?]*)\?draft=[^\"]*", r"/\1", page)
    return body(SimpleNamespace(content=page.encode()))


def test_r6_a_preview_is_for_the_one_who_filled_it_in_and_for_their_factory(world: World, client_of: Any) -> None:
    link = shared_with_brand_a(world)
    query = link.partition("?")[2]
    for persona, brand in (
        ("manager_b", world.brand_a),
        ("brand_a_member", world.brand_a),
        ("manager_a", world.brand_b),
    ):
        other = f"{reverse('as_brand_after', args=[world.factory_a.pk, brand.pk])}?{query}"
        assert client_of(world.person(persona)).get(other).status_code == 404, persona
    another = world.person("member_a")
    another.groups.set(world.person("manager_a").groups.all())
    assert client_of(another).get(link).status_code == 404, "a colleague with the same rights"
    assert client_of(world.person("manager_a")).get(link).status_code == 200
    assert client_of(world.person("team_leader")).get(link).status_code == 404
    own = Draft.share([world.brand_a], ["report"], Terms())
    for persona, status in (("team_leader", 403), ("advisor", 403), ("outsider", 404)):
        person = world.person(persona)
        theirs = preview_of(own, person, world.factory_a, world.brand_a)
        assert client_of(person).get(theirs).status_code == status, persona
        assert client_of(person).get(theirs.partition("?")[0]).status_code == status, persona
    of_another_factory = f"{reverse('as_brand_after', args=[world.factory_b.pk, world.brand_a.pk])}?{query}"
    assert client_of(world.person("manager_b")).get(of_another_factory).status_code == 404


@pytest.mark.parametrize("changed", ["", "nonsense", "é\x00", "x" * 3_000, "{token}x", "x{token}", "{payload}"])
def test_an_address_that_is_damaged_leads_back_to_the_brand(world: World, client_of: Any, changed: str) -> None:
    address, _mark, token = shared_with_brand_a(world).partition("?draft=")
    token = unquote(token)
    page = client_of(world.person("manager_a")).get(
        address, {"draft": changed.format(token=token, payload=token.split(":")[0])}
    )
    assert (page.status_code, "This address is incomplete." in page.content.decode()) == (400, True)
    assert reverse("factory_brand", args=[world.factory_a.pk, world.brand_a.pk]) in page.content.decode()


def test_a_preview_expires_and_leads_back_to_the_form_as_it_was_filled_in(
    world: World, client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager, until = client_of(world.person("manager_a")), days_from_now(90, world.factory_a)
    form = {
        "brands": [world.brand_a.pk, world.brand_b.pk], "scopes": ["step1"], "cycles": "only", "cycle_numbers": [2],
        "starts_on": days_from_now(3, world.factory_a), "expires_on": until, "hold_days": 9,
    }  # fmt: skip
    filled_in = {**form, "purpose": "Sourcing for the brand's spring collection"}
    links = preview_links(manager.post(reverse("grant", args=[world.factory_a.pk]), filled_in))
    assert [manager.get(link).status_code for link in links] == [200, 200]
    monkeypatch.setattr("portal.disclosure.drafts.PREVIEW_TIME", timedelta(seconds=-1))
    late = manager.get(links[0])
    assert (late.status_code, "This preview has expired." in late.content.decode()) == (409, True)
    shown = manager.get(late.context["back"]).context
    back, brands = shown["form"], form.pop("brands")
    assert [row.brand.pk for row in shown["sheet"].rows] == brands
    assert {name: back[name].value() for name in form} == form
    assert back["purpose"].value() is None, "no text that somebody typed is in an address"
    assert "spring" not in repr(opened(unquote(links[0].partition("?draft=")[2])))
    stranger = client_of(world.person("manager_b"))
    address = reverse("grant", args=[world.factory_b.pk])
    other = stranger.get(f"{address}?{late.context['back'].partition('?')[2]}").context
    assert "sheet" not in other, "what somebody else filled in"


def test_a_preview_of_what_cannot_be_decided_any_more_says_why(world: World, client_of: Any) -> None:
    link = shared_with_brand_a(world)
    world.grant(hold_days=3)
    page = client_of(world.person("manager_a")).get(link)
    assert (page.status_code, "This brand already has access of this kind" in page.content.decode()) == (409, True)
    assert reverse("grant", args=[world.factory_a.pk]) in page.context["back"]


def test_the_purpose_that_is_on_record_counts_where_the_same_is_shared_already(world: World, client_of: Any) -> None:
    """Two brands are chosen, one of which has exactly this: its preview is what it sees now."""
    world.grant(purpose="Sourcing")
    form = {"brands": [world.brand_a.pk, world.brand_b.pk], "scopes": ["report"], "cycles": "all", "hold_days": 0}
    manager = client_of(world.person("manager_a"))
    links = preview_links(manager.post(reverse("grant", args=[world.factory_a.pk]), {**form, "purpose": "Sourcing"}))
    for link in links:
        assert {row["assessment"].cycle for row in manager.get(link).context["rows"]} == {1, 2}


def test_a_preview_shows_no_more_than_its_reader_may_see(world: World) -> None:
    """Whatever was worked out: only published versions of this factory, which the person who looks may read."""
    now = timezone.now()
    everything = {scope: {one.pk: now for one in Assessment.objects.all()} for scope in SCOPES}
    out = {"a1_old", "a1", "a2"}
    for by, names in (("manager_a", out), ("manager_b", set()), ("outsider", set())):
        look = access.AsBrandAfter(world.brand_a, world.factory_a, world.person(by), everything)
        rows = Assessment.objects.visible_to(look)
        assert {name for name, one in world.assessments.items() if rows.filter(pk=one.pk).exists()} == names
        assert {name for name, one in world.assessments.items() if access.openings(look, one)} == out
        assert access.decide(look, world.assessments["a2"], "report").allowed is False
        assert not SharingGrant.objects.visible_to(look).exists()
    with pytest.raises(ValueError, match="another moment"):
        Assessment.objects.visible_to(look, at=now)
    with pytest.raises(ValueError, match="no scope"):
        Assessment.objects.visible_to(look, "nonsense")


def test_a_preview_writes_nothing_but_the_record_and_locks_nothing(world: World, client_of: Any) -> None:
    """Its statements run in a transaction in which PostgreSQL refuses to write and to lock rows."""
    world.grant(scope="step1")
    manager, link = client_of(world.person("manager_a")), shared_with_brand_a(world)
    for page in (link, inside(link, world.assessments["a2"])):
        with (
            patch("portal.disclosure.views.as_brand.record_access") as record,
            transaction.atomic(),
            CaptureQueriesContext(connection) as run,
        ):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
            assert manager.get(page).status_code == 200
            transaction.set_rollback(True)
        assert record.call_count == ("/assessments/" in page)
        assert len(run) - 1 + record.call_count <= 15, "\n".join(one["sql"] for one in run.captured_queries)
