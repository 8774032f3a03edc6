"""What every response carries, and what an address that leads nowhere answers while developing."""

import pytest
from django.urls import reverse

from tests.world import World

pytestmark = pytest.mark.django_db


def test_a_mistyped_address_shows_the_portals_page_while_developing_too(world: World, client, client_of, settings):
    settings.DEBUG = True
    for browser in (client, client_of(world.person("manager_a"))):
        for path in ("/nowhere/", "/static/nowhere.css", "/factories/999999999999/"):
            answer = browser.get(path)
            shown = answer.content.decode()
            assert answer.status_code == (302 if browser is client and "factories" in path else 404), path
            assert "URLconf" not in shown
            assert "Using the" not in shown
        assert "Page not found" in browser.get("/nowhere/").content.decode()
        assert browser.get("/health").status_code == 301  # a forgotten slash is still forgiven
    assert reverse("admin:index") in client.get("/admin").headers["Location"]


def test_who_may_not_is_told_why(world: World, client_of):
    answer = client_of(world.person("manager_a")).get(reverse("factory_import"))
    assert answer.status_code == 403
    assert "Only the country&#x27;s staff may add factories." in answer.content.decode()
