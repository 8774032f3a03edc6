"""What the log of a webhook says to those who look after it."""

import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape

from portal.notices.models import WebhookDelivery, WebhookEndpoint
from tests.world import World

pytestmark = pytest.mark.django_db
PROBLEMS = WebhookDelivery.Problem


@pytest.mark.parametrize("language", ["en", "km", "vi", "bn", "id", "ar", "fr", "es"])
def test_the_log_says_in_words_why_no_answer_came(world: World, client_of: Any, settings: Any, language: str) -> None:
    settings.LANGUAGES = settings.REPORT_LANGUAGES
    endpoint = WebhookEndpoint.objects.create(
        side="brand",
        organisation_id=world.brand_a.pk,
        url="https://hooks.test.example/",
        created_by=world.person("brand_a_manager"),
    )
    rows = [WebhookDelivery(endpoint=endpoint, kind="test", state="failed", problem=one) for one in PROBLEMS]
    WebhookDelivery.objects.bulk_create([*rows, WebhookDelivery(endpoint=endpoint, kind="test", state="failed")])
    person = world.person("brand_a_manager")
    person.language = language
    person.save(update_fields=["language"])
    page = client_of(person).get(reverse("webhook", args=[endpoint.pk])).content.decode()
    page = re.sub(r">\s+|\s+<", lambda found: found[0].strip(), page)
    with translation.override(language):
        words = [escape(PROBLEMS(one).label) for one in PROBLEMS]
        header = translation.gettext("Response")
    assert all(f">{word}<" in page for word in words), words
    assert not any(f">{one.value}<" in page for one in PROBLEMS)
    assert language == "en" or "No response in time" not in page
    assert f">{header}</th>" in page


def test_the_choice_of_types_says_that_a_stop_is_told_as_well(world: World, client_of: Any) -> None:
    """Programs are told of a revoke and of an expiry by one type; people choose two mails for them."""
    browser = client_of(world.person("brand_a_manager"))
    offered = browser.get(reverse("webhooks", args=["brand", world.brand_a.pk])).content.decode()
    assert escape("Your brand's access ended: the factory stopped it, or it expired") in offered
    assert escape("Your brand's access has expired") not in offered
    assert escape("Your brand's access has expired") in browser.get(reverse("mail_choices")).content.decode()
