"""Re-encryption of stored secrets under the current `SECRET_KEY`, after it was changed."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from portal.notices.models import WebhookEndpoint
from portal.notices.webhooks.secrets import locked_again, unlock


@dataclass(frozen=True)
class Reencrypted:
    """The number of re-encrypted endpoints, and those that no configured key reads."""

    done: int
    unreadable: list[WebhookEndpoint]


def reencrypt_secrets() -> Reencrypted:
    """Re-encrypt every endpoint's secrets under the current key; idempotent, safe while the portal runs."""
    outcomes = [_reencrypt(pk) for pk in WebhookEndpoint.objects.order_by("pk").values_list("pk", flat=True)]
    unreadable = [endpoint for endpoint in outcomes if endpoint is not None]
    return Reencrypted(len(outcomes) - len(unreadable), unreadable)


def unreadable_endpoints() -> list[WebhookEndpoint]:
    """Return the endpoints in use whose secret no configured key reads."""
    return [endpoint for endpoint in WebhookEndpoint.objects.filter(removed_at=None) if unlock(endpoint.secret) is None]


@transaction.atomic
def _reencrypt(pk: UUID) -> WebhookEndpoint | None:
    """Re-encrypt one endpoint's secrets; return the endpoint if its current secret cannot be read."""
    endpoint = WebhookEndpoint.objects.select_for_update().get(pk=pk)
    secret = locked_again(endpoint.secret)
    if secret is None:
        return endpoint
    endpoint.secret = secret
    endpoint.old_secret = (locked_again(endpoint.old_secret) if endpoint.old_secret else None) or ""
    endpoint.save(update_fields=["secret", "old_secret"])
    return None
