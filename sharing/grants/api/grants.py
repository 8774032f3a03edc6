"""Consent over the API: who can see a factory's data, granting, changing, revoking, and who saw what."""

from uuid import UUID

from django.db.models import Q
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from factories.models import Factory
from portal.core.api import Query
from portal.core.api.views import DetailView, ListView, PortalView, require
from sharing.confirming.services import confirm_grant, refuse_grant
from sharing.gates.api import factory_from_inside
from sharing.grants.models import SharingGrantQuerySet
from sharing.grants.serializers.grants import (
    ConfirmationOrder,
    FactoryGrantQuery,
    GrantChange,
    GrantOrder,
    GrantQuery,
    GrantSerializer,
    RevokeOrder,
    StopOrder,
)
from sharing.grants.services.granting import change_grant, grant_access
from sharing.grants.services.revoking import revoke_access, revoke_brand, stop_all_sharing
from sharing.models import SharingGrant
from sharing.receipts.queries import with_receipt


class GrantRows(PortalView):
    """The grants that you may see: of your factory, of your country, or to your brand."""

    serializer_class = GrantSerializer

    def rows(self) -> SharingGrantQuerySet:
        """Open and ended ones, each with `from_inside`: whether the reader sees it from the factory's side."""
        inside = Q(factory__in=Factory.objects.inside(self.user).values("pk"))
        grants = SharingGrant.objects.visible_to(self.user).annotate(from_inside=inside)
        related = ("factory__programme", "brand", "granted_by", "ended_by", "replaces__replaces")
        return with_receipt(grants).select_related(*related)

    def shown(self, grant: SharingGrant, status: int = 200) -> Response:
        """One grant as an answer."""
        return Response(self.get_serializer(grant).data, status=status)


class GrantListView(GrantRows, ListView):
    """Grants, newest first."""

    query_class: type[Query] = GrantQuery
    keyset_order = ("-created_at", "-id")

    def rows(self) -> SharingGrantQuerySet:
        """Return the grants that match all filters."""
        rows = super().rows()
        if "open" in self.query:
            rows = rows.filter(ended_at__isnull=self.query["open"])
        asked = {name: self.query[name] for name in ("factory", "brand", "scope") if name in self.query}
        return rows.filter(**asked)


class FactoryGrantsView(GrantListView):
    """The grants of one factory."""

    query_class = FactoryGrantQuery

    def rows(self) -> SharingGrantQuerySet:
        """Return the factory's grants.

        Responds 404 if there is no such factory, 403 if you may not see its grants.
        """
        return super().rows().filter(factory=factory_from_inside(self.user, self.kwargs["pk"]))

    @extend_schema(request=GrantOrder, responses={201: GrantSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Grant a brand access.

        Idempotent: the same call returns the same grant. A second grant for the same data is refused.
        """
        factory = factory_from_inside(self.user, pk)
        require(Factory.objects.where(self.user, "manage_sharing"), factory)
        order = self.body(GrantOrder)
        grant = grant_access(
            by=self.user, factory=factory, brand=order["brand"], scope=order["scope"], terms=GrantChange.terms(order)
        )
        return self.shown(self.rows().get(pk=grant.pk), status=201)


class GrantDetailView(GrantRows, DetailView):
    """One grant."""

    @extend_schema(request=GrantChange, responses={200: GrantSerializer})
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change the terms of a grant. The response is a new grant, with its own id, that replaces the old one."""
        grant = self.row()
        require(Factory.objects.where(self.user, "manage_sharing"), grant.factory)
        terms = GrantChange.terms(self.body(GrantChange), before=grant)
        successor = change_grant(by=self.user, grant=grant, terms=terms)
        return self.shown(self.rows().get(pk=successor.pk))


class StopView(GrantRows):
    """The end of all access of one brand, or of all brands."""

    @extend_schema(request=StopOrder, responses={200: GrantSerializer(many=True)})
    def post(self, request: Request, pk: int) -> Response:
        """End all access of one brand, or of all brands, at once.

        The response lists the grants that ended; it is empty if there were none.
        """
        factory = get_object_or_404(Factory.objects.visible_to(self.user), pk=pk)
        require(Factory.objects.where(self.user, "manage_sharing"), factory)
        order = self.body(StopOrder)
        brand = order.pop("brand")
        if brand is None:
            ended = stop_all_sharing(by=self.user, factory=factory, **order)
        else:
            ended = revoke_brand(by=self.user, factory=factory, brand=brand, **order)
        rows = self.rows().filter(pk__in=[grant.pk for grant in ended]).order_by("created_at", "pk")
        return Response(self.get_serializer(rows, many=True).data)


class GrantConfirmationView(GrantRows):
    """The second person's answer to one grant."""

    @extend_schema(request=ConfirmationOrder, responses={200: GrantSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Confirm or refuse a grant. A refused grant ends without ever giving access. Idempotent."""
        grant = get_object_or_404(self.rows(), pk=pk)
        require(Factory.objects.where(self.user, "confirm_sharing"), grant.factory)
        order = self.body(ConfirmationOrder)
        if order["answer"] == "confirm":
            confirm_grant(by=self.user, grant=grant)
        else:
            refuse_grant(by=self.user, grant=grant, reason=order["reason"])
        return self.shown(self.rows().get(pk=pk))


class GrantRevokeView(GrantRows):
    """The end of one grant."""

    @extend_schema(request=RevokeOrder, responses={200: GrantSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Revoke a grant. It gives no access from the next request on. Idempotent."""
        grant = get_object_or_404(self.rows(), pk=pk)
        require(Factory.objects.where(self.user, "manage_sharing"), grant.factory)
        revoke_access(by=self.user, grant=grant, **self.body(RevokeOrder))
        return self.shown(self.rows().get(pk=pk))
