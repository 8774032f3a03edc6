"""Subscriptions over the API: a country's list, recording and withdrawing, a brand's own list."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from brands.models import Brand
from factories.models import CountryProgramme
from portal.core.api import Query
from portal.core.api.views import ListView, PortalView, require
from sharing.models import Subscription
from sharing.subscriptions.forms import with_words
from sharing.subscriptions.models import SubscriptionQuerySet
from sharing.subscriptions.serializers import (
    BrandSubscriptionQuery,
    SubscriptionEnd,
    SubscriptionOrder,
    SubscriptionQuery,
    SubscriptionSerializer,
)
from sharing.subscriptions.services import Purchase, record_subscriptions, withdraw_subscription


class SubscriptionRows(PortalView):
    """The subscriptions that the asker may see."""

    serializer_class = SubscriptionSerializer
    keyset_order: tuple[str, ...] = ("-recorded_at", "-id")
    is_for_staff = False

    def rows(self) -> SubscriptionQuerySet:
        """Return a country's, for its staff who enrol factories; a brand its own."""
        rows = Subscription.objects.visible_to(self.user)
        return rows.select_related("brand", "factory__programme", "recorded_by", "ended_by")

    def asked_for(self, rows: SubscriptionQuerySet) -> SubscriptionQuerySet:
        """Return the subscriptions that match all filters."""
        rows = rows.filter(**{name: self.query[name] for name in ("factory", "brand", "cycle") if name in self.query})
        if words := self.query.get("search"):
            rows = with_words(rows, words)
        withdrawn = self.query.get("withdrawn")
        return rows if withdrawn is None else rows.filter(ended_at__isnull=not withdrawn)


class ProgrammeSubscriptions(SubscriptionRows):
    """The subscriptions for the factories of one country, for its staff."""

    is_for_staff = True

    def programme(self) -> CountryProgramme:
        """Return the country of the address. Raises 404 unless visible, 403 where the asker does not enrol for it."""
        visible = CountryProgramme.objects.visible_to(self.user).filter(is_global=False)
        programme = get_object_or_404(visible, pk=self.kwargs["pk"])
        require(CountryProgramme.objects.where(self.user, "manage_enrolment"), programme)
        return programme

    def rows(self) -> SubscriptionQuerySet:
        """Return the country's own."""
        return super().rows().filter(factory__programme=self.programme())

    def shown(self, pk: int, status: int = 200) -> Response:
        """Return one subscription as an answer."""
        return Response(self.get_serializer(self.rows().get(pk=pk)).data, status=status)


class ProgrammeSubscriptionsView(ProgrammeSubscriptions, ListView):
    """A country's subscriptions, newest first."""

    query_class: type[Query] = SubscriptionQuery

    def rows(self) -> SubscriptionQuerySet:
        """Return the subscriptions that match all filters."""
        return self.asked_for(super().rows())

    @extend_schema(request=SubscriptionOrder, responses={201: SubscriptionSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Record a subscription. Idempotent: if it is already recorded, it is returned."""
        order = self.body(SubscriptionOrder, programme=self.programme())
        (made,) = record_subscriptions(by=self.user, purchases=[Purchase(**order)])
        return self.shown(made.pk, status=201)


class SubscriptionWithdrawView(ProgrammeSubscriptions):
    """Withdrawing one subscription."""

    @extend_schema(request=SubscriptionEnd, responses={200: SubscriptionSerializer})
    def post(self, request: Request, pk: int, subscription_id: int) -> Response:
        """Withdraw a subscription that was recorded by mistake. The record and the reason are kept. Idempotent."""
        found = get_object_or_404(self.rows(), pk=subscription_id)
        withdraw_subscription(by=self.user, subscription=found, **self.body(SubscriptionEnd))
        return self.shown(found.pk)


class BrandSubscriptionsView(SubscriptionRows, ListView):
    """A brand's own subscriptions, newest first."""

    query_class = BrandSubscriptionQuery

    def rows(self) -> SubscriptionQuerySet:
        """Return the brand's own."""
        brand = get_object_or_404(Brand.objects.own(self.user), pk=self.kwargs["pk"])
        return self.asked_for(super().rows().filter(brand=brand))
