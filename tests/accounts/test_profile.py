"""One's own name and language."""

import pytest
from django.conf import settings as portal_settings
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from portal.accounts.profiles import update_profile
from portal.core.models import Event
from tests.world import World

pytestmark = pytest.mark.django_db


def test_the_visitor_must_sign_in(world: World, client_of):
    assert client_of(None).get(reverse("me")).status_code == 302


@pytest.mark.parametrize(
    "persona", ["manager_a", "brand_a_member", "constituent", "outsider", "operator", "global_staff"]
)
def test_everybody_has_a_profile(world: World, client_of, persona):
    assert client_of(world.person(persona)).get(reverse("me")).status_code == 200


def test_it_shows_where_one_belongs(world: World, client_of):
    page = client_of(world.person("advisor")).get(reverse("me")).content.decode()

    assert "Enterprise Advisor" in page
    assert world.factory_a.name in page
    assert world.factory_b.name not in page


def test_a_name_changes_and_the_browsers_language_no_longer_counts(world: World, client_of):
    person = world.person("member_a")
    client = client_of(person)
    client.cookies[portal_settings.LANGUAGE_COOKIE_NAME] = "en"

    response = client.post(reverse("me"), {"name": "សុភា", "language": "en"})

    assert response.status_code == 302
    assert response.cookies[portal_settings.LANGUAGE_COOKIE_NAME].value == ""
    person.refresh_from_db()
    assert (person.name, person.language) == ("សុភា", "en")
    event = Event.objects.get(kind="account.changed")
    assert event.data == {"fields": ["name"]}
    assert 'lang="en"' in client.get(reverse("me")).content.decode()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"name": "", "language": "en"},
        {"name": "x" * 10_000, "language": "en"},
        {"name": "a\x00b", "language": "en"},
        {"name": "A", "language": "xx"},
        {"name": "A", "language": "ur"},  # of no page
    ],
)
def test_bad_input_is_refused(world: World, client_of, data):
    person = world.person("member_a")

    response = client_of(person).post(reverse("me"), data)

    assert response.status_code == 400
    assert response.context["form"].errors
    person.refresh_from_db()
    assert person.name == "Member A"


def test_nothing_else_of_an_account_can_be_set(world: World, client_of):
    person = world.person("member_a")

    client_of(person).post(
        reverse("me"),
        {"name": "A", "language": "en", "email": "x@y.example", "is_staff": "1", "is_superuser": "1", "groups": "1"},
    )

    person.refresh_from_db()
    assert person.email == "member.a@test.example"
    assert not person.is_staff
    assert not person.is_superuser
    with pytest.raises(PermissionDenied):
        update_profile(by=person, is_staff=True)


def test_the_switch_keeps_the_language_in_the_account_or_for_nobody_in_the_browser(world: World, client_of, settings):
    settings.LANGUAGES = settings.REPORT_LANGUAGES
    person, address = world.person("manager_a"), reverse("set_language")
    client = client_of(person)
    page = client.get(reverse("me")).content.decode()
    for name in ("English", "ភាសាខ្មែរ", "Tiếng Việt", "বাংলা", "Bahasa Indonesia", "العربية", "Français", "Español"):
        assert name in page
    answer = client.post(address, {"language": "ar", "next": reverse("me")})
    assert answer.url == reverse("me")
    person.refresh_from_db()
    assert person.language == "ar"
    assert '<html lang="ar" dir="rtl">' in client.get(reverse("me")).content.decode()
    assert '<html lang="ar" dir="rtl">' in client_of(person).get(reverse("me")).content.decode()
    client.post(address, {"language": "xx\x00"})
    client.get(address, {"language": "fr"})
    person.refresh_from_db()
    assert person.language == "ar"
    nobody = client_of(None)
    assert nobody.post(address, {"language": "fr", "next": "https://elsewhere.example/"}).url == "/"
    assert '<html lang="fr" dir="ltr">' in nobody.get(reverse("account_login")).content.decode()
