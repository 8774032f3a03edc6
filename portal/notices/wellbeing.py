"""The checks of mails and webhooks for monitoring and `manage.py check_installation`."""

from django.utils import timezone

from portal.core.health.checks import UnwellError, register_check
from portal.core.health.metrics import Gauge, register_gauge
from portal.notices.models import MailItem, WebhookDelivery
from portal.notices.webhooks.reencrypting import unreadable_endpoints


def _webhook_secrets() -> str:
    unreadable = unreadable_endpoints()
    if unreadable:
        named = ", ".join(str(endpoint.pk) for endpoint in unreadable)
        raise UnwellError(
            f"No configured key reads the secrets of the webhooks {named}, so nothing is sent to them: add the earlier "
            "SECRET_KEY to SECRET_KEY_FALLBACKS and run manage.py reencrypt_secrets."
        )
    return "All can be read."


def _due_mails() -> dict[str, float]:
    return {"": MailItem.objects.filter(done_at=None, due_at__lte=timezone.now()).count()}


def _waiting_webhooks() -> dict[str, float]:
    return {"": WebhookDelivery.objects.filter(state=WebhookDelivery.State.WAITING).count()}


def register() -> None:
    """Add them to the lists of the lowest layer."""
    register_check("webhook secrets", _webhook_secrets)
    register_gauge(Gauge("portal_notices_due", "Notices that are due to be mailed.", _due_mails))
    register_gauge(Gauge("portal_webhooks_waiting", "Webhook messages that wait for an attempt.", _waiting_webhooks))
