"""The first page of each role, and the health check."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from django.utils import timezone

from brands.models import Brand
from factories.models import Factory
from factories.roles import PROGRAMME
from factories.services import create_programme
from portal.accounts.models import User
from sharing.holds.services import withhold_report
from sharing.models import SharingGrant
from tests.publishing import correct
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("persona", "words", "menu"),
    [
        (
            "manager_a",
            ["<title>Inbox", "Cycle 3 · ", "The programme publishes it next", "You are the only manager."],
            "Brands",
        ),
        ("member_a", ["The programme publishes it next"], "Reports"),
        ("brand_a_member", ["No factory shares data with your brand at the moment"], "Shared with us"),
        ("team_leader", ["In factory review", "In internal review"], "Import assessments"),
        ("advisor", ["In factory review"], "Factories"),
        ("global_staff", ["Published in the last 30 days"], "Brands"),
        ("constituent", ["never a single factory", "fewer than 5"], "Our country programme"),
        ("outsider", ["You do not belong to an organisation yet"], "Home"),
        ("operator", ["You operate this portal"], "Home"),
    ],
)
def test_each_role_finds_what_needs_attention(world: World, client_of, persona, words, menu) -> None:
    page = client_of(world.people[persona]).get("/")

    content = page.content.decode()
    assert page.status_code == 200
    for word in [*words, menu]:
        assert word in content


def test_staff_are_told_what_waits_for_them(world: World, client_of) -> None:
    make_assessment(world, world.factory_a, 5, "internal_review")
    make_assessment(world, world.factory_b, 5, "internal_review")
    make_assessment(world, world.factory_a, 6, "in_progress")
    reviews, running = "2 reports are waiting for internal review.", "in progress"
    for persona, found in [
        ("team_leader", (reviews,)),
        ("programme_manager", (reviews,)),
        ("advisor", ()),
        ("vietnam_manager", ()),
    ]:
        content = client_of(world.person(persona)).get("/").content.decode()
        assert [word for word in (reviews, running) if word in content] == list(found), persona


def test_the_first_person_of_an_empty_portal_is_told_what_to_do_first(client_of) -> None:
    programme = create_programme(by=None, name="Global programme", is_global=True)
    first = User.objects.create_user("first@staff.example", "x")
    first.groups.add(PROGRAMME.group(programme, "global_staff"))
    client = client_of(first)

    content = client.get("/").content.decode()
    assert "Add the first country." in content
    assert 'href="/programmes/new/"' in content
    assert "Import the questionnaire" not in content

    create_programme(by=first, name="Cambodia", country="KH")
    content = client.get("/").content.decode()
    assert "Add the first country." not in content
    steps = ["/tools/import/", "/factories/", "/brands/new/"]
    assert [f'btn-secondary" href="{step}"' in content for step in steps] == [True, True, True]


def test_where_everything_is_there_nobody_reads_of_first_steps(world: World, client_of) -> None:
    for persona in ("global_staff", "programme_manager", "manager_a"):
        assert "First steps" not in client_of(world.people[persona]).get("/").content.decode()


def test_a_brand_counts_only_what_it_was_granted(world: World, client_of) -> None:
    world.grant(world.brand_b, cycles="only", cycle_numbers=[2])

    def figures(persona):
        return [
            value for _label, value, _url in client_of(world.people[persona]).get("/").context["sections"][0]["stats"]
        ]

    assert figures("brand_b_member") == [1, 1]
    assert figures("brand_a_member") == [0, 0]


def test_the_way_in_is_signing_in(client) -> None:
    answer = client.get("/")

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")


def test_health_says_whether_the_database_answers_and_nothing_else(client, monkeypatch) -> None:
    assert (client.get("/health/").status_code, client.get("/health/").content) == (200, b"ok")

    def away(*args):
        raise DatabaseError("password authentication failed for user portal_app")

    monkeypatch.setattr("portal.core.health.views.connection.cursor", away)
    answer = client.get("/health/")
    assert (answer.status_code, answer.content) == (503, b"unavailable")


def test_answers_to_people_are_kept_by_no_cache(world: World, client_of) -> None:
    headers = client_of(world.people["manager_a"]).get("/").headers

    assert "no-store" in headers["Cache-Control"]
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"


def test_a_language_that_the_pages_do_not_speak_is_not_half_spoken(world: World, client_of) -> None:
    manager = world.person("manager_a")
    manager.language = "pt"
    manager.save()

    page = client_of(manager).get("/").content.decode()

    assert '<html lang="en" dir="ltr"' in page


def withheld(world: World) -> None:
    """Give access to brand A, and then hold back the report of cycle 5 from it."""
    world.grant()
    withhold_report(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a, cycle=5)


CANNOT_READ: dict[str, Callable[[World], object]] = {
    "withheld": withheld,
    "another cycle": lambda world: world.grant(cycles="only", cycle_numbers=[2]),
    "no access": lambda world: None,
}
OF_A_BRAND = ["/", "/shared/", "/shared/?cycle=5", "/corrections/", "/api/v1/shared/", "/api/v1/assessments/"]


@pytest.mark.parametrize("why", list(CANNOT_READ))
def test_r51_the_correction_of_a_report_that_a_brand_cannot_read_changes_nothing_for_it(
    world: World, client_of, why
) -> None:
    """Found as G1 and G2: neither the bytes of a page nor the number of its queries tell that there is a correction."""
    hidden = make_assessment(world, world.factory_a, 5, "published", published_days_ago=0)
    CANNOT_READ[why](world)
    browser = client_of(world.person("brand_a_member"))
    addresses = [*OF_A_BRAND, f"/assessments/{hidden.pk}/", f"/assessments/{world.assessments['a2'].pk}/"]

    def shown() -> dict[str, tuple[int, bytes, int]]:
        found = {}
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                answer = browser.get(address)
            found[address] = (answer.status_code, without_tokens(answer.content), len(queries))
        return found

    shown()  # what a first visit alone does is done
    before = shown()
    assert before["/"][0] == 200
    assert before[f"/assessments/{hidden.pk}/"][0] == 404

    new = correct(world, hidden, q1020="compliant")

    assert shown() == before
    assert browser.get(f"/assessments/{new.pk}/").status_code == 404


def without_tokens(content: bytes) -> bytes:
    """Return a page without its tokens against forgery, which are new in each."""
    return re.sub(rb'(csrfmiddlewaretoken" value="|X-CSRFToken[^:]*:\s*\S*?)[A-Za-z0-9]{64}', b"", content)


def test_access_that_ends_soon_is_named_or_counted_for_both_sides(world: World, client_of) -> None:
    terms = {
        "scope": "report",
        "granted_by": world.person("manager_a"),
        "expires_at": timezone.now() + timedelta(days=5),
    }
    for number in range(6):
        brand = Brand.objects.create(name=f"Brand {number}")
        factory = Factory.objects.create(name=f"Factory {number}", bw_id=f"KH-9{number:03}", programme=world.cambodia)
        SharingGrant.objects.create(factory=world.factory_a, brand=brand, **terms)
        SharingGrant.objects.create(factory=factory, brand=world.brand_a, **terms)
    page = client_of(world.person("brand_a_member")).get("/").content.decode()
    assert page.count(" ends on ") == 10  # each text and its button
    assert "1 more is not shown here." in page
    for persona in ("manager_a", "member_a"):
        assert client_of(world.person(persona)).get("/").content.decode().count("Access ends on ") == 6, persona


def test_the_components_are_shown_to_staff_where_the_portal_is_developed(
    world: World, client_of: Callable[[User], Client]
) -> None:
    address = reverse("styleguide")
    staff, manager = client_of(world.person("programme_manager")), client_of(world.person("manager_a"))
    assert staff.get(address).status_code == 404
    with override_settings(DEBUG=True):
        page = staff.get(address)
        assert page.status_code == 200
        assert b"Fill in this field." in page.content  # the form with errors
        assert manager.get(address).status_code == 403
