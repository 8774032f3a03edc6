"""Changing SECRET_KEY: nothing leaves unsigned, earlier keys still read, and what is stored can be written anew."""

from io import StringIO
from typing import Any

import pytest
from django.core import signing
from django.core.management import CommandError, call_command
from django.utils import timezone
from standardwebhooks import Webhook

from brands.models import Brand
from portal.core.pages import BadCursor, keyset_page
from portal.notices.handing_out import hand_out_notices
from portal.notices.models import WebhookDelivery, WebhookEndpoint
from portal.notices.preferences import read_unsubscribe, unsubscribe_token
from portal.notices.webhooks import sending
from portal.notices.webhooks.secrets import unlock
from portal.notices.webhooks.services import add_endpoint, rotate_secret
from tests.world import World

pytestmark = pytest.mark.django_db
NEW = "new-" + "n" * 60


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, str], bytes]]:
    """The headers and bodies of the messages that left; each is answered with 204."""
    sent: list[tuple[dict[str, str], bytes]] = []

    def accept(_target: Any, headers: list[tuple[bytes, bytes]], body: bytes) -> int:
        sent.append(({name.decode(): value.decode() for name, value in headers}, body))
        return 204

    monkeypatch.setattr(sending, "_request", accept)
    return sent


@pytest.fixture
def secret(world: World, settings: Any) -> str:
    """The secret of brand A's webhook, stored under the key before the change."""
    settings.DEBUG = True  # http to this machine is allowed
    _endpoint, shown = add_endpoint(
        by=world.person("brand_a_manager"),
        side="brand",
        organisation_id=world.brand_a.pk,
        url="http://127.0.0.1:9/hook",
        kinds=["grant.started", "grant.ended"],
    )
    return shown


def deliver() -> WebhookDelivery:
    hand_out_notices()
    WebhookDelivery.objects.filter(state="waiting").update(next_attempt_at=timezone.now())
    sending.deliver_waiting()
    return WebhookDelivery.objects.get()


def change_key(settings: Any, *, keep_old: bool) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY] if keep_old else []
    settings.SECRET_KEY = NEW


def test_without_a_readable_secret_nothing_leaves_and_the_message_waits(world, secret, posted, settings) -> None:
    old = settings.SECRET_KEY
    change_key(settings, keep_old=False)
    world.grant()

    waiting = deliver()
    assert (posted, waiting.state, waiting.problem) == ([], "waiting", "secret")

    settings.SECRET_KEY_FALLBACKS = [old]
    assert deliver().state == "delivered"
    headers, body = posted[0]
    assert Webhook(secret).verify(body, headers)["type"] == "grant.started"


def test_after_the_command_the_old_key_is_not_needed_any_more(world, secret, posted, settings) -> None:
    rotate_secret(by=world.person("brand_a_manager"), endpoint=WebhookEndpoint.objects.get())
    change_key(settings, keep_old=True)
    said = StringIO()
    call_command("reencrypt_secrets", stdout=said)
    settings.SECRET_KEY_FALLBACKS = []
    world.grant()

    assert deliver().state == "delivered"
    headers, body = posted[0]
    assert Webhook(secret).verify(body, headers)["type"] == "grant.started", "the rotated secret signs along"
    assert headers["webhook-signature"].count("v1,") == 2
    assert "1 webhooks are encrypted" in said.getvalue()


def test_the_command_names_what_no_key_reads_and_leaves_it_alone(secret, settings) -> None:
    stored, old = WebhookEndpoint.objects.get(), settings.SECRET_KEY
    change_key(settings, keep_old=False)

    with pytest.raises(CommandError, match=f"1 webhooks: {stored.pk}. Add the SECRET_KEY"):
        call_command("reencrypt_secrets", stdout=StringIO())

    settings.SECRET_KEY = old
    assert unlock(WebhookEndpoint.objects.get().secret) == secret


def test_who_comes_back_while_the_earlier_key_is_known_stays_signed_in(world, client_of, settings) -> None:
    came_back, stayed_away = (client_of(world.person(persona)) for persona in ("manager_a", "manager_b"))
    change_key(settings, keep_old=True)
    assert came_back.get("/").status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert [browser.get("/").status_code for browser in (came_back, stayed_away)] == [200, 302]


def test_cursors_and_links_of_an_earlier_key_work_until_it_is_taken_away(world, settings) -> None:
    person = world.person("brand_a_member")
    cursor = keyset_page(Brand.objects.all(), order=["id"], size=1).next_cursor
    link, signed = unsubscribe_token(person, ["grant.started"]), signing.dumps([1], salt="any")

    change_key(settings, keep_old=True)
    assert keyset_page(Brand.objects.all(), order=["id"], cursor=cursor, size=1).items
    assert read_unsubscribe(link) is not None
    assert signing.loads(signed, salt="any") == [1]

    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(BadCursor):
        keyset_page(Brand.objects.all(), order=["id"], cursor=cursor, size=1)
    assert read_unsubscribe(link) is None
