"""E-mail choices and webhooks over the API, for signed-in users and never for tokens."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.roles import kinds as organisation_kinds
from portal.core.api.views import DetailView, ListView, PortalView, SignedInPerson
from portal.notices.models import MailChoice, WebhookDelivery, WebhookEndpoint
from portal.notices.models.webhooks import DeliveryQuerySet, EndpointQuerySet
from portal.notices.preferences import choose_mails, kinds_for, ways_of
from portal.notices.serializers import (
    DeliveryQuery,
    DeliverySerializer,
    MailChoiceOrder,
    MailChoicesSerializer,
    NewWebhookSerializer,
    WebhookChange,
    WebhookOrder,
    WebhookSerializer,
)
from portal.notices.webhooks import services


class MailChoicesView(PortalView):
    """The user's choices of mails."""

    permission_classes = [IsAuthenticated, SignedInPerson]
    serializer_class = MailChoicesSerializer

    @extend_schema(responses=MailChoicesSerializer, operation_id="mail_choices")
    def get(self, request: Request) -> Response:
        """List the kinds of notifications, each with its delivery setting: mailed at once, once a day or not at all."""
        return self._shown()

    @extend_schema(request=MailChoiceOrder, responses=MailChoicesSerializer, operation_id="mail_choice")
    def patch(self, request: Request) -> Response:
        """Choose how one kind of notification is mailed to you."""
        order = self.body(MailChoiceOrder)
        choose_mails(by=self.user, ways={order["kind"]: order["way"]})
        return self._shown()

    def _shown(self) -> Response:
        ways = ways_of(self.user)
        rows = [
            {
                "kind": kind.name,
                "title": str(kind.label),
                "way": MailChoice.Way.NOW if kind.is_mandatory else ways.get(kind.name, MailChoice.Way.NOW),
                "is_mandatory": kind.is_mandatory,
            }
            for kind in kinds_for(self.user)
        ]
        return Response(MailChoicesSerializer({"choices": rows}).data)


class WebhookRows(PortalView):
    """Webhooks of the organisations that the user manages."""

    permission_classes = [IsAuthenticated, SignedInPerson]
    serializer_class: type[WebhookSerializer | DeliverySerializer] = WebhookSerializer

    def rows(self) -> EndpointQuerySet:
        """Return the webhooks that have not been removed."""
        return WebhookEndpoint.objects.visible_to(self.user)

    def endpoint(self) -> WebhookEndpoint:
        """Return the webhook of the URL. Raises 404."""
        return get_object_or_404(WebhookEndpoint.objects.visible_to(self.user), pk=self.kwargs["pk"])


class WebhookListView(WebhookRows, ListView):
    """Webhooks, newest first."""

    keyset_order = ("-created_at", "-id")

    @extend_schema(request=WebhookOrder, responses={201: NewWebhookSerializer})
    def post(self, request: Request) -> Response:
        """Add a webhook. Only this response contains its secret."""
        order = self.body(WebhookOrder)
        side, organisation = order.pop("organisation_kind"), order.pop("organisation")
        get_object_or_404(organisation_kinds[side].visible_to(self.user), pk=organisation)
        endpoint, secret = services.add_endpoint(by=self.user, side=side, organisation_id=organisation, **order)
        return _with_secret(endpoint, secret, 201)


def _with_secret(endpoint: WebhookEndpoint, secret: str, status: int) -> Response:
    endpoint.secret = secret  # in plain text for the answer; the row keeps it encrypted
    return Response(NewWebhookSerializer(endpoint).data, status=status)


class WebhookDetailView(WebhookRows, DetailView):
    """One webhook."""

    @extend_schema(request=WebhookChange, responses={200: WebhookSerializer})
    def patch(self, request: Request, pk: object) -> Response:
        """Change the events of a webhook, or pause or resume it."""
        endpoint, change = self.endpoint(), self.body(WebhookChange)
        if "kinds" in change:
            endpoint = services.change_kinds(by=self.user, endpoint=endpoint, kinds=change["kinds"])
        if "is_paused" in change:
            verb = services.pause_endpoint if change["is_paused"] else services.resume_endpoint
            endpoint = verb(by=self.user, endpoint=endpoint)
        return Response(WebhookSerializer(endpoint).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: object) -> Response:
        """Remove a webhook. Nothing more is sent to it."""
        services.remove_endpoint(by=self.user, endpoint=self.endpoint())
        return Response(status=204)


class WebhookTestView(WebhookRows):
    """Test messages of a webhook."""

    @extend_schema(request=None, responses={202: DeliverySerializer})
    def post(self, request: Request, pk: object) -> Response:
        """Send one message of type `test`."""
        return Response(DeliverySerializer(services.send_test(by=self.user, endpoint=self.endpoint())).data, status=202)


class WebhookSecretView(WebhookRows):
    """The secret of a webhook."""

    @extend_schema(request=None, responses={200: NewWebhookSerializer})
    def post(self, request: Request, pk: object) -> Response:
        """Create a new secret. For 24 hours, messages are also signed with the old one."""
        return _with_secret(*services.rotate_secret(by=self.user, endpoint=self.endpoint()), 200)


class DeliveryListView(WebhookRows, ListView):
    """Messages of one webhook, newest first."""

    serializer_class = DeliverySerializer
    query_class = DeliveryQuery
    keyset_order = ("-created_at", "-id")

    def rows(self) -> DeliveryQuerySet:  # type: ignore[override]
        """Return the messages of the webhook that match the filters."""
        rows = WebhookDelivery.objects.visible_to(self.user).filter(endpoint=self.endpoint())
        return rows.filter(state=self.query["state"]) if "state" in self.query else rows


class RedeliverView(WebhookRows):
    """Repetition of a message."""

    @extend_schema(request=None, responses={202: DeliverySerializer})
    def post(self, request: Request, pk: object) -> Response:
        """Send one message again under the same id, with its current contents."""
        deliveries = WebhookDelivery.objects.visible_to(self.user).select_related("endpoint")
        delivery = services.redeliver(by=self.user, delivery=get_object_or_404(deliveries, pk=pk))
        return Response(DeliverySerializer(delivery).data, status=202)
