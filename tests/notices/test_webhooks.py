"""Webhooks against a real HTTP server: signatures, retries, where they may not go, and what a revoke leaves of them."""

import datetime as dt
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from assessments.publication.services import take_step
from portal.notices.handing_out import hand_out_notices
from portal.notices.models import Notice, WebhookDelivery, WebhookEndpoint
from portal.notices.outbox import notice_kinds
from portal.notices.webhooks import sending
from portal.notices.webhooks.sending import RETRIES, deliver_waiting
from portal.notices.webhooks.services import add_endpoint, redeliver, remove_endpoint, rotate_secret, send_test
from sharing.grants.services.revoking import revoke_access
from sharing.models import SharingGrant
from tests.world import World


class Receiver:
    """A program that is told: what it got, and what it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status, self.headers = 204, {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *args: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _headers, body in self.got]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def endpoint(world: World, receiver: Receiver, settings: Any) -> WebhookEndpoint:
    """Brand A's, of every type; `endpoint.shown` is its secret."""
    settings.DEBUG = True  # http to this machine is allowed
    made, secret = add_endpoint(
        by=world.person("brand_a_manager"),
        side="brand",
        organisation_id=world.brand_a.pk,
        url=f"http://127.0.0.1:{receiver.port}/hook?x=1",
        kinds=["grant.started", "grant.changed", "grant.ended", "report.published", "report.superseded"],
    )
    made.shown = secret  # type: ignore[attr-defined]
    return made


def work() -> int:
    hand_out_notices()
    WebhookDelivery.objects.filter(state="waiting").update(next_attempt_at=timezone.now())
    return deliver_waiting()


def test_a_grants_life_is_told_signed_and_without_contents(
    world: World, endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    grant = world.grant()
    assert work() == 1
    headers, body = receiver.got[0]
    message = Webhook(endpoint.shown).verify(body, headers)  # type: ignore[attr-defined]
    assert message["type"] == "grant.started"
    assert message["data"]["grant"] == str(grant.pk)
    assert message["data"]["url"] == f"http://testserver/api/v1/grants/{grant.pk}/"
    assert headers["webhook-id"] == WebhookDelivery.objects.get().message_id
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(endpoint.shown).verify(body + b" ", headers)  # type: ignore[attr-defined]
    assert world.factory_a.name not in body.decode()
    _same, fresh = rotate_secret(by=world.person("brand_a_manager"), endpoint=endpoint)
    rotate_secret(by=world.person("brand_a_manager"), endpoint=endpoint)  # a double click
    revoke_access(by=world.person("manager_a"), grant=grant, reason="Secret reason")
    work()
    headers, body = receiver.got[1]
    assert Webhook(endpoint.shown).verify(body, headers)["type"] == "grant.ended"  # type: ignore[attr-defined]
    assert headers["webhook-signature"].count("v1,") == 2
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(fresh).verify(body, headers)  # the second click's is the one that counts
    assert "Secret reason" not in body.decode()
    stored = WebhookEndpoint.objects.get()
    assert endpoint.shown.removeprefix("whsec_") not in stored.secret + stored.old_secret  # type: ignore[attr-defined]


def test_r7_after_a_revoke_only_the_end_leaves(world: World, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    """What was announced before, waits for another attempt, or is sent again by hand says nothing any more."""
    grant = world.grant()
    take_step(by=world.person("programme_manager"), assessment=world.assessments["a3"], name="publish")
    receiver.status = 500
    work()
    receiver.got.clear()
    revoke_access(by=world.person("manager_a"), grant=grant)
    receiver.status = 204
    while work():
        pass
    assert receiver.types() == ["grant.ended"]
    assert dict(WebhookDelivery.objects.values_list("kind", "state")) == {
        "grant.started": "dropped",
        "report.published": "dropped",
        "grant.ended": "delivered",
    }
    for delivery in WebhookDelivery.objects.exclude(kind="grant.ended"):
        redeliver(by=world.person("brand_a_manager"), delivery=delivery)
    work()
    assert receiver.types() == ["grant.ended"]


def test_another_brand_learns_nothing(world: World, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    world.grant(brand=world.brand_b)
    take_step(by=world.person("programme_manager"), assessment=world.assessments["a3"], name="publish")
    work()
    assert receiver.got == []
    assert not WebhookDelivery.objects.exists()


def test_a_report_is_told_when_its_hold_is_over(world: World, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    world.grant(hold_days=7)
    take_step(by=world.person("programme_manager"), assessment=world.assessments["a3"], name="publish")
    work()
    assert receiver.types() == ["grant.started"]
    later = Notice.objects.get(kind="report.published", side="brand").not_before
    assert later - timezone.now() > dt.timedelta(days=6)
    Notice.objects.update(not_before=timezone.now())
    work()
    assert receiver.types() == ["grant.started"], "too early: the gate is asked, not the plan"


def test_retries_then_the_endpoint_is_paused_and_the_managers_told(
    world: World, endpoint: WebhookEndpoint, receiver: Receiver, mail_now: Any
) -> None:
    world.grant()
    receiver.status, receiver.headers = 302, {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"}
    hand_out_notices()
    assert deliver_waiting() == 1
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.status_code) == ("waiting", 1, 302)
    assert deliver_waiting() == 0, "not before its time"
    for _attempt in RETRIES:
        assert work() == 1
    assert len(receiver.got) == len(RETRIES) + 1
    assert {headers["webhook-id"] for headers, _body in receiver.got} == {delivery.message_id}
    assert WebhookDelivery.objects.get().state == "failed"
    assert WebhookEndpoint.objects.get().paused_because == "failing"
    assert sum(RETRIES, dt.timedelta()) > dt.timedelta(days=3)
    mail_now()
    told = [message.to[0] for message in mail.outbox if "paused" in message.body]
    assert told == ["brand.a.manager@test.example"]
    world.grant(scope="step1")
    assert work() == 0


def test_gone_pauses_at_once_and_a_killed_worker_is_followed_by_another(
    world: World, endpoint: WebhookEndpoint, receiver: Receiver, monkeypatch: Any
) -> None:
    world.grant()
    hand_out_notices()

    class Killed(BaseException):
        pass

    def die(*_args: Any) -> None:
        raise Killed

    monkeypatch.setattr(sending, "_deliver", die)
    with pytest.raises(Killed):
        deliver_waiting()
    monkeypatch.undo()
    assert deliver_waiting() == 0, "the lease of the dead one holds"
    receiver.status = 410
    assert work() == 1
    assert WebhookEndpoint.objects.get().paused_because == "gone"


def test_a_slow_or_silent_receiver_holds_nobody_up(world: World, endpoint: WebhookEndpoint, monkeypatch: Any) -> None:
    monkeypatch.setattr(sending, "DEADLINE_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        WebhookEndpoint.objects.update(url=f"http://127.0.0.1:{silent.getsockname()[1]}/")
        world.grant()
        work()
    assert WebhookDelivery.objects.get().problem == "timeout"
    work()
    assert WebhookDelivery.objects.get().problem == "connection"


def test_a_name_that_changes_its_mind_gains_nothing(
    world: World, endpoint: WebhookEndpoint, receiver: Receiver, settings: Any
) -> None:
    """The address is checked again when the message is sent: this one was allowed when it was entered."""
    settings.DEBUG = False
    WebhookEndpoint.objects.update(url=f"https://localhost:{receiver.port}/")
    world.grant()
    work()
    assert receiver.got == []
    assert WebhookDelivery.objects.get().problem == "refused"


def certificate(folder: Path) -> Path:
    """A certificate for hooks.test.example, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.test.example")])
    now = timezone.now()
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.test.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    words = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file.write_bytes(built.public_bytes(serialization.Encoding.PEM) + key.private_bytes(*words))
    return file


def test_the_certificate_must_be_the_names(
    world: World, endpoint: WebhookEndpoint, receiver: Receiver, settings: Any, monkeypatch: Any, tmp_path: Path
) -> None:
    """By https, to the address that was checked; with another name's certificate nothing is sent."""
    file = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    settings.DEBUG, settings.WEBHOOK_ALLOWED_NETWORKS, settings.WEBHOOK_CA_FILE = False, ["127.0.0.0/8"], str(file)
    here = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, port, *_a, **_k: [(*here, ("127.0.0.1", port))])
    world.grant()
    WebhookEndpoint.objects.update(url=f"https://other.test.example:{receiver.port}/")
    work()
    assert (receiver.got, WebhookDelivery.objects.get().problem) == ([], "tls")
    WebhookEndpoint.objects.update(url=f"https://hooks.test.example:{receiver.port}/")
    work()
    assert receiver.types() == ["grant.started"]
    assert receiver.got[0][0]["host"] == f"hooks.test.example:{receiver.port}"


def test_a_message_that_cannot_be_made_is_given_up_like_others(
    world: World, endpoint: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts as an attempt each time, waits as long, and holds no other message up; the endpoint goes on."""
    world.grant()
    hand_out_notices()

    def fails(_notice: Notice) -> None:
        raise RuntimeError("Secret")

    started = notice_kinds["grant.started"]
    monkeypatch.setitem(notice_kinds, "grant.started", replace(started, payload=fails))
    with capture_logs() as said:
        assert work() == 1
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.problem) == ("waiting", 1, "payload")
    assert delivery.next_attempt_at is not None
    assert delivery.next_attempt_at > timezone.now() + RETRIES[0] - dt.timedelta(seconds=10)
    assert "Secret" not in str(said)
    revoke_access(by=world.person("manager_a"), grant=SharingGrant.objects.get())
    assert work() == 2
    assert receiver.types() == ["grant.ended"]
    for _attempt in RETRIES:
        work()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("failed", len(RETRIES) + 1)
    assert WebhookEndpoint.objects.get().paused_at is None
    assert work() == 0


def test_a_message_that_kills_each_worker_is_given_up(world: World, endpoint: WebhookEndpoint) -> None:
    """A worker that was killed wrote nothing down; its lease ran out."""
    world.grant()
    hand_out_notices()
    WebhookDelivery.objects.update(attempts=len(RETRIES) + 1)
    assert work() == 1
    assert WebhookDelivery.objects.get().state == "failed"
    assert WebhookEndpoint.objects.get().paused_at is None


def test_pages(world: World, endpoint: WebhookEndpoint, receiver: Receiver, client_of: Any) -> None:
    """A manager adds, tests, reads the log, makes a new secret and removes; a double click makes one."""
    browser = client_of(world.person("brand_a_manager"))
    place = reverse("webhooks", args=["brand", world.brand_a.pk])
    form = {"url": f"http://localhost:{receiver.port}/two", "kinds": ["grant.ended"]}
    page = browser.post(place, form).content.decode()
    assert "whsec_" in page
    assert browser.post(place, form).status_code == 400
    assert browser.post(place, {"url": "x" * 10_000, "kinds": ["grant.ended"]}).status_code == 400
    assert browser.post(place, {"url": "https://10.0.0.1/", "kinds": ["grant.ended"]}).status_code == 400
    assert browser.post(place, {"url": form["url"] + "3", "kinds": ["nonsense"]}).status_code == 400
    listed = browser.get(place).content.decode()
    assert "whsec_" not in listed
    assert '<td><span dir="ltr">grant.ended</span></td>' in listed  # on the cell it would move the label in Arabic
    browser.post(reverse("webhook_test", args=[endpoint.pk]))
    assert work() == 1
    assert receiver.types() == ["test"]
    log = browser.get(reverse("webhook", args=[endpoint.pk])).content.decode()
    assert "Delivered" in log
    delivery = WebhookDelivery.objects.get()
    browser.post(reverse("webhook_again", args=[delivery.pk]))
    work()
    assert len(receiver.got) == 2
    assert "whsec_" in browser.post(reverse("webhook_secret", args=[endpoint.pk])).content.decode()
    browser.post(reverse("webhook_pause", args=[endpoint.pk]), {"pause": "yes"})
    assert "Resume" in browser.get(reverse("webhook", args=[endpoint.pk])).content.decode()
    browser.post(reverse("webhook_remove", args=[endpoint.pk]))
    assert browser.get(reverse("webhook", args=[endpoint.pk])).status_code == 404


def test_who_may(world: World, endpoint: WebhookEndpoint) -> None:
    for persona in ("brand_a_member", "brand_b_manager", "manager_a", "global_staff", "operator"):
        with pytest.raises(PermissionDenied):
            rotate_secret(by=world.person(persona), endpoint=endpoint)
    for _number in range(10):
        send_test(by=world.person("brand_a_manager"), endpoint=endpoint)
    with pytest.raises(ValidationError, match="per hour"):
        send_test(by=world.person("brand_a_manager"), endpoint=endpoint)
    remove_endpoint(by=world.person("brand_a_manager"), endpoint=endpoint)
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"dropped"}
    assert not SharingGrant.objects.exists()
