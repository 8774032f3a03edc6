"""Services on endpoints: add, change, pause, resume, rotate the secret, remove, test, deliver again.

Only an organisation's own managers administer its webhooks, staff included: what is sent is what the organisation may
know. Each service is one transaction and one event; an event names the host, never the whole address or a secret.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.roles import has_permission
from portal.accounts.roles import kinds as organisation_kinds
from portal.core.changed import HasChangedError
from portal.core.events import record
from portal.notices.events import NoticeEvent
from portal.notices.models import WebhookDelivery, WebhookEndpoint
from portal.notices.models.webhooks import MANAGES, SIDES
from portal.notices.webhooks.addresses import check_url
from portal.notices.webhooks.kinds import TEST, types_for
from portal.notices.webhooks.secrets import lock, new_secret

log = structlog.get_logger(__name__)
MOST_ENDPOINTS = 10
MOST_TESTS = 10  # of one endpoint in an hour: the portal must not be used to flood it
OVERLAP = timedelta(hours=24)
DOUBLE_CLICK = timedelta(minutes=1)  # the secret in use is the one from before both clicks


def _authorise(by: User, side: str, organisation_id: int) -> None:
    is_person = by.is_active and not by.is_integration
    if side not in SIDES or not is_person or not has_permission(by, side, MANAGES, organisation_id):
        raise PermissionDenied(_("Only managers of the organisation can manage its webhooks."))


def _locked(by: User, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    found = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    _authorise(by, found.side, found.organisation_id)
    if found.removed_at is not None:
        raise HasChangedError(_("This webhook has since been removed."))
    return found


def _checked_kinds(side: str, kinds: Collection[str]) -> list[str]:
    if not kinds or set(kinds) - set(types_for(side)):
        raise ValidationError({"kinds": _("Choose at least one of the kinds listed.")})
    return sorted(set(kinds))


def _record(kind: NoticeEvent, by: User, endpoint: WebhookEndpoint, **data: object) -> None:
    details: dict[str, Any] = {f"{endpoint.side}_id": endpoint.organisation_id, **data}
    record(kind, by=by, subject=endpoint.pk, host=urlsplit(endpoint.url).hostname, **details)


def _check_address(url: str) -> str:
    url = url.strip()
    if len(url) > 500:
        raise ValidationError({"url": _("An address can have at most 500 characters.")})
    try:
        check_url(url)
    except ValidationError as error:
        raise ValidationError({"url": error.messages}) from error
    return url


def add_endpoint(
    *, by: User, side: str, organisation_id: int, url: str, kinds: Collection[str]
) -> tuple[WebhookEndpoint, str]:
    """Add an endpoint; return it with its secret, which is shown only this once.

    Raises `PermissionDenied`, or `ValidationError` by field: an address that is not public https or that exists
    already, kinds that do not exist, too many endpoints.
    """
    _authorise(by, side, organisation_id)
    url = _check_address(url)  # asks the network: before the transaction
    with transaction.atomic():
        organisation_kinds[side].model._default_manager.select_for_update().get(pk=organisation_id)
        _authorise(by, side, organisation_id)  # once more: they may have lost the role while they waited for the lock
        others = WebhookEndpoint.objects.filter(side=side, organisation_id=organisation_id, removed_at=None)
        if others.filter(url=url).exists():
            raise ValidationError({"url": _("A webhook with this address already exists.")})
        if others.count() >= MOST_ENDPOINTS:
            raise ValidationError(_("An organisation can have at most %s webhooks. Remove one first.") % MOST_ENDPOINTS)
        secret = new_secret()
        endpoint = WebhookEndpoint.objects.create(
            side=side,
            organisation_id=organisation_id,
            url=url,
            kinds=_checked_kinds(side, kinds),
            secret=lock(secret),
            created_by=by,
        )
        _record(NoticeEvent.WEBHOOK_ADDED, by, endpoint, kinds=endpoint.kinds)
    return endpoint, secret


@transaction.atomic
def change_kinds(*, by: User, endpoint: WebhookEndpoint, kinds: Collection[str]) -> WebhookEndpoint:
    """Set the kinds that the endpoint gets from now on. Raises `PermissionDenied` or `ValidationError`."""
    endpoint = _locked(by, endpoint)
    wanted = _checked_kinds(endpoint.side, kinds)
    if wanted != endpoint.kinds:
        endpoint.kinds = wanted
        endpoint.save(update_fields=["kinds"])
        _record(NoticeEvent.WEBHOOK_CHANGED, by, endpoint, kinds=wanted)
    return endpoint


@transaction.atomic
def pause_endpoint(*, by: User, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """Send it nothing until it is resumed; what happens until then is not sent later. Idempotent."""
    endpoint = _locked(by, endpoint)
    if not endpoint.is_paused:
        endpoint.paused_at, endpoint.paused_because = timezone.now(), WebhookEndpoint.Pause.PERSON
        endpoint.save(update_fields=["paused_at", "paused_because"])
        _record(NoticeEvent.WEBHOOK_PAUSED, by, endpoint)
    return endpoint


@transaction.atomic
def resume_endpoint(*, by: User, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """Send to it again from now on, including messages that waited when it was paused. Idempotent."""
    endpoint = _locked(by, endpoint)
    if endpoint.is_paused:
        endpoint.paused_at, endpoint.paused_because = None, ""
        endpoint.save(update_fields=["paused_at", "paused_because"])
        _record(NoticeEvent.WEBHOOK_RESUMED, by, endpoint)
    return endpoint


@transaction.atomic
def rotate_secret(*, by: User, endpoint: WebhookEndpoint) -> tuple[WebhookEndpoint, str]:
    """Make a new secret, shown once. For a day messages carry a signature by each, so that none is missed."""
    endpoint = _locked(by, endpoint)
    secret, until = new_secret(), timezone.now() + OVERLAP
    if endpoint.old_secret_until is None or endpoint.old_secret_until < until - DOUBLE_CLICK:
        endpoint.old_secret, endpoint.old_secret_until = endpoint.secret, until
    endpoint.secret = lock(secret)
    endpoint.save(update_fields=["secret", "old_secret", "old_secret_until"])
    _record(NoticeEvent.WEBHOOK_KEY_ROTATED, by, endpoint)
    return endpoint, secret


@transaction.atomic
def remove_endpoint(*, by: User, endpoint: WebhookEndpoint) -> None:
    """Send it nothing any more, at once; what waited for it is dropped."""
    endpoint = _locked(by, endpoint)
    endpoint.removed_at = timezone.now()
    endpoint.save(update_fields=["removed_at"])
    WebhookDelivery.objects.filter(endpoint=endpoint, state=WebhookDelivery.State.WAITING).update(
        state=WebhookDelivery.State.DROPPED, next_attempt_at=None
    )
    _record(NoticeEvent.WEBHOOK_REMOVED, by, endpoint)


@transaction.atomic
def send_test(*, by: User, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Send a message of type `test`, once. Raises `ValidationError` where it is paused or was tested enough."""
    endpoint = _locked(by, endpoint)
    if endpoint.is_paused:
        raise ValidationError(_("This webhook is paused. Resume it first."))
    recent = WebhookDelivery.objects.filter(
        endpoint=endpoint, kind=TEST, created_at__gt=timezone.now() - timedelta(hours=1)
    )
    if recent.count() >= MOST_TESTS:
        raise ValidationError(_("You can send at most %s test messages per hour. Try again later.") % MOST_TESTS)
    delivery = WebhookDelivery.objects.create(endpoint=endpoint, kind=TEST, next_attempt_at=timezone.now())
    transaction.on_commit(_nudge)
    return delivery


@transaction.atomic
def redeliver(*, by: User, delivery: WebhookDelivery) -> WebhookDelivery:
    """Send a message again, under the same id. Its content is made anew. Raises `ValidationError` while it waits."""
    endpoint = _locked(by, delivery.endpoint)
    if endpoint.is_paused:
        raise ValidationError(_("This webhook is paused. Resume it first."))
    delivery = WebhookDelivery.objects.select_for_update().get(pk=delivery.pk)
    if delivery.state == WebhookDelivery.State.WAITING:
        raise ValidationError(_("This message is already waiting to be sent."))
    delivery.state, delivery.attempts, delivery.next_attempt_at = WebhookDelivery.State.WAITING, 0, timezone.now()
    delivery.save(update_fields=["state", "attempts", "next_attempt_at"])
    _record(NoticeEvent.WEBHOOK_REDELIVERED, by, endpoint, delivery=str(delivery.pk))
    transaction.on_commit(_nudge)
    return delivery


def _nudge() -> None:
    """Make a worker send now. When the broker is unavailable, beat does it half a minute later."""
    from portal.notices.tasks import deliver_webhooks

    try:
        deliver_webhooks.delay()
    except deliver_webhooks.OperationalError:
        log.warning("broker_away")
