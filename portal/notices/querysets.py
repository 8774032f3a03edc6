"""Which webhooks a person may see: those of the organisations whose managers they are, and nobody else's."""

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet

from portal.accounts.roles import Visitor, held

if TYPE_CHECKING:
    from portal.notices.models import WebhookDelivery, WebhookEndpoint  # noqa: F401 - named in the bases below

SIDES = ("factory", "brand")
MANAGES = "manage_members"


class EndpointQuerySet(QuerySet["WebhookEndpoint"]):
    """Endpoints."""

    def visible_to(self, user: Visitor) -> "EndpointQuerySet":
        """Those of the organisations that `user` manages, without removed ones."""
        own = Q(pk__in=[])
        for side in SIDES:
            own |= Q(side=side, organisation_id__in=held(user, side, MANAGES))
        return self.filter(own, removed_at=None)


class DeliveryQuerySet(QuerySet["WebhookDelivery"]):
    """Deliveries."""

    def visible_to(self, user: Visitor) -> "DeliveryQuerySet":
        """The log of the endpoints that `user` sees."""
        from portal.notices.models import WebhookEndpoint

        endpoints = WebhookEndpoint.objects.visible_to(user).filter(pk=OuterRef("endpoint"))
        return self.filter(Exists(endpoints))
