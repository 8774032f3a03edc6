"""Delivery of messages to endpoints: signed, to the checked address, with a deadline, repeated until one arrives.

A message is taken under a lease: if a worker is killed, the next one takes the message a minute later, and the receiver
recognises a second arrival by its `webhook-id`. Its content is asked when it is sent (R7); where the organisation may
no longer know it, it is dropped.

After `RETRIES` (about three days) a message has failed; its endpoint is paused and the managers are notified. A message
that cannot be made, or during which the worker dies, has failed after as many attempts; that is not its endpoint's
fault, so the endpoint goes on. A message that cannot be signed is not sent; it waits for its next turn like one that
did not arrive.
"""

import json
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpcore
import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portal.notices.models import Notice, WebhookDelivery, WebhookEndpoint
from portal.notices.outbox import announce, notice_kinds
from portal.notices.webhooks.addresses import RefusedAddressError, Target, read_url, resolve
from portal.notices.webhooks.kinds import PAUSED, TEST
from portal.notices.webhooks.secrets import signatures, unlock

log = structlog.get_logger(__name__)
CONNECT_SECONDS = 5.0
DEADLINE_SECONDS = 10.0  # from the first byte sent to the status line received, however slowly it arrives
LEASE = timedelta(seconds=60)
RETRIES = [timedelta(minutes=wait) for wait in (1, 5, 30, 2 * 60, 5 * 60, 10 * 60, 14 * 60, 20 * 60, 24 * 60)]
MOST_ATTEMPTS = len(RETRIES) + 1
MOST_IN_A_RUN = 500


class UnreadableSecretError(Exception):
    """The error for a secret that was stored under a `SECRET_KEY` that is not configured any more."""


@dataclass(frozen=True)
class Answer:
    """The result of one attempt: the status, or the code of why there is none (`Problem`); milliseconds."""

    status: int | None
    problem: str
    duration_ms: int

    @property
    def is_accepted(self) -> bool:
        """True for a 2xx; not for a redirection, which is not followed."""
        return self.status is not None and 200 <= self.status < 300


def deliver_waiting() -> int:
    """Send what is due; return how many messages were tried. An endpoint that fails is skipped until its next turn."""
    tried, failing = 0, set[UUID]()
    while tried < MOST_IN_A_RUN and (delivery := _claim(failing)) is not None:
        tried += 1
        if not _deliver(delivery):
            failing.add(delivery.endpoint_id)
    return tried


@transaction.atomic
def _claim(failing: Iterable[UUID]) -> WebhookDelivery | None:
    """Return the next message that is due, under a lease."""
    now = timezone.now()
    due = WebhookDelivery.objects.filter(
        state=WebhookDelivery.State.WAITING,
        next_attempt_at__lte=now,
        endpoint__paused_at=None,
        endpoint__removed_at=None,
    )
    due = due.exclude(endpoint__in=list(failing)).order_by("next_attempt_at", "created_at")
    delivery = due.select_for_update(skip_locked=True, of=("self",)).select_related("endpoint", "notice").first()
    if delivery is not None:
        delivery.attempts += 1
        delivery.last_attempt_at, delivery.next_attempt_at = now, now + LEASE
        delivery.save(update_fields=["attempts", "last_attempt_at", "next_attempt_at"])
    return delivery


def _deliver(delivery: WebhookDelivery) -> bool:
    """Send one message and record the result. Return False when the endpoint does not take messages now."""
    if delivery.attempts > MOST_ATTEMPTS:  # a worker that was killed recorded no result
        _finish(delivery, WebhookDelivery.State.FAILED, Answer(None, WebhookDelivery.Problem.INTERRUPTED, 0))
        return True
    try:
        body = _body(delivery)
    except Exception as error:  # noqa: BLE001 - whatever the app that knows the notice does
        log.error("webhook_payload_failed", delivery=str(delivery.pk), kind=delivery.kind, error=type(error).__name__)
        _try_later(delivery, Answer(None, WebhookDelivery.Problem.PAYLOAD, 0))
        return True
    if body is None:
        _finish(delivery, WebhookDelivery.State.DROPPED, Answer(None, "", 0))
        return True
    answer = _post(delivery, body)
    if answer.is_accepted:
        _finish(delivery, WebhookDelivery.State.DELIVERED, answer)
        return True
    _failed(delivery, answer)
    return False


def _body(delivery: WebhookDelivery) -> bytes | None:
    """Return the content as of now, or None where there is nothing to say any more."""
    data = {"endpoint": str(delivery.endpoint_id)} if delivery.kind == TEST else _payload(delivery.notice)
    if data is None:
        return None
    message = {"type": delivery.kind, "timestamp": delivery.created_at.isoformat(), "data": data}
    return json.dumps(message, separators=(",", ":")).encode()


def _payload(notice: Notice | None) -> Mapping[str, object] | None:
    kind = notice_kinds.get(notice.kind) if notice is not None else None
    if notice is None or kind is None or kind.payload is None:
        return None
    return kind.payload(notice)


def _failed(delivery: WebhookDelivery, answer: Answer) -> None:
    """Plan the next attempt, or give up and pause the endpoint."""
    if delivery.kind == TEST:
        _finish(delivery, WebhookDelivery.State.FAILED, answer)
    elif answer.status == 410:
        _finish(delivery, WebhookDelivery.State.FAILED, answer)
        _pause(delivery.endpoint, WebhookEndpoint.Pause.GONE)
    elif _try_later(delivery, answer):
        _pause(delivery.endpoint, WebhookEndpoint.Pause.FAILING)


def _try_later(delivery: WebhookDelivery, answer: Answer) -> bool:
    """Plan the next attempt, or give the message up after the last; return whether it was given up."""
    if delivery.attempts >= MOST_ATTEMPTS:
        _finish(delivery, WebhookDelivery.State.FAILED, answer)
        return True
    _write(delivery, answer, next_attempt_at=timezone.now() + RETRIES[delivery.attempts - 1])
    return False


def _finish(delivery: WebhookDelivery, state: str, answer: Answer) -> None:
    _write(delivery, answer, state=state, next_attempt_at=None)


def _write(delivery: WebhookDelivery, answer: Answer, **values: object) -> None:
    mine = WebhookDelivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, state="waiting")
    mine.update(status_code=answer.status, problem=answer.problem, duration_ms=answer.duration_ms, **values)


@transaction.atomic
def _pause(endpoint: WebhookEndpoint, because: str) -> None:
    """Pause an endpoint that does not answer, and notify the organisation's managers."""
    running = WebhookEndpoint.objects.filter(pk=endpoint.pk, paused_at=None)
    if running.update(paused_at=timezone.now(), paused_because=because):
        announce(PAUSED, side=endpoint.side, organisation_id=endpoint.organisation_id, subject=endpoint.pk)


# --- the request -----------------------------------------------------------------------------------------


class _Deadline(httpcore.NetworkStream):
    """A connection that ends when the time for the whole exchange is up."""

    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self.stream, self.until = stream, until

    def _left(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what arrived."""
        return self.stream.read(max_bytes, self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send within the deadline."""
        self.stream.write(buffer, self._left())

    def close(self) -> None:
        """End the connection."""
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Continue encrypted; the certificate must match the name, not the address."""
        return _Deadline(self.stream.start_tls(ssl_context, server_hostname, self._left()), self.until)

    def get_extra_info(self, info: str) -> object:
        """Return what the connection below knows."""
        return self.stream.get_extra_info(info)


class _Pinned(httpcore.SyncBackend):
    """A backend that connects to the address that was checked, whatever the name resolves to by now."""

    def __init__(self, address: str) -> None:
        self.address = address

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: object = None,
    ) -> httpcore.NetworkStream:
        """Return a connection with a deadline."""
        until = time.monotonic() + DEADLINE_SECONDS
        return _Deadline(super().connect_tcp(self.address, port, CONNECT_SECONDS), until)


def _post(delivery: WebhookDelivery, body: bytes) -> Answer:
    """Make one attempt. Nothing of the answer is read but its status."""
    started = time.monotonic()
    status: int | None = None
    problem = ""
    try:
        status = _request(read_url(delivery.endpoint.url), _headers(delivery, body), body)
    except RefusedAddressError:
        problem = WebhookDelivery.Problem.REFUSED
    except UnreadableSecretError:
        log.error("webhook_secret_unreadable", endpoint=str(delivery.endpoint_id))
        problem = WebhookDelivery.Problem.SECRET
    except httpcore.TimeoutException:
        problem = WebhookDelivery.Problem.TIMEOUT
    except (httpcore.NetworkError, OSError) as error:
        is_tls = isinstance(error.__context__ or error, ssl.SSLError)
        problem = WebhookDelivery.Problem.TLS if is_tls else WebhookDelivery.Problem.CONNECTION
    except Exception as error:  # noqa: BLE001 - a receiver that speaks no HTTP, whatever else it does
        log.warning("webhook_failed", endpoint=str(delivery.endpoint_id), error=type(error).__name__)
        problem = WebhookDelivery.Problem.PROTOCOL
    return Answer(status, problem, int((time.monotonic() - started) * 1000))


def _request(target: Target, headers: list[tuple[bytes, bytes]], body: bytes) -> int:
    context = ssl.create_default_context(cafile=settings.WEBHOOK_CA_FILE or None)
    url = httpcore.URL(
        scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
    )
    with (
        httpcore.ConnectionPool(ssl_context=context, network_backend=_Pinned(resolve(target)), retries=0) as pool,
        pool.stream("POST", url, headers=headers, content=body) as response,
    ):
        return int(response.status)


def _headers(delivery: WebhookDelivery, body: bytes) -> list[tuple[bytes, bytes]]:
    timestamp = int(time.time())
    signed = signatures(
        message_id=delivery.message_id, timestamp=timestamp, body=body, using=_secrets(delivery.endpoint)
    )
    target = read_url(delivery.endpoint.url)
    host = f"[{target.host}]" if ":" in target.host else target.host
    is_usual = target.port == (443 if target.scheme == "https" else 80)
    headers = {
        "Host": host if is_usual else f"{host}:{target.port}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "User-Agent": "portal-webhooks/1",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signed,
    }
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _secrets(endpoint: WebhookEndpoint) -> list[str]:
    """Return the secrets that sign now. Raises `UnreadableSecretError`: a message never leaves unsigned."""
    current = unlock(endpoint.secret)
    if current is None:
        raise UnreadableSecretError
    is_overlapping = endpoint.old_secret_until is not None and endpoint.old_secret_until > timezone.now()
    old = unlock(endpoint.old_secret) if endpoint.old_secret and is_overlapping else None
    return [current] if old is None else [current, old]


def clear_old() -> int:
    """Delete deliveries older than the log's period, and notices that nothing refers to; return how many."""
    before = timezone.now() - settings.NOTICES_KEPT
    gone = WebhookDelivery.objects.filter(created_at__lt=before).delete()[0]
    WebhookEndpoint.objects.filter(removed_at__lt=before).delete()
    return gone
