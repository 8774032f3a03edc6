"""Brands over the API: reading them, their supplier lists, and the tokens of their integrations."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from brands.models import Brand, BrandQuerySet, Supplier, SupplierQuerySet
from brands.roles import BRAND
from brands.serializers import (
    BrandQuery,
    BrandSerializer,
    NewTokenSerializer,
    SupplierQuery,
    SupplierSerializer,
    TokenOrder,
    TokenSerializer,
)
from portal.accounts.models import ApiToken, User
from portal.accounts.services import create_integration_token, revoke_token
from portal.core.api.views import DetailView, ListView, PortalView, SignedInPerson, require
from portal.core.search import search


class BrandRows(PortalView):
    """Brands that the user may see."""

    serializer_class = BrandSerializer

    def rows(self) -> BrandQuerySet:
        """Return the user's own brands; for staff and for factory managers, who choose among them, all brands."""
        return Brand.objects.visible_to(self.user)


class BrandListView(BrandRows, ListView):
    """Brands, sorted by name."""

    query_class = BrandQuery

    def rows(self) -> BrandQuerySet:
        """Return the brands that match all filters."""
        rows = super().rows()
        if words := self.query.get("search"):
            rows = search(rows, words, names=("name",))
        return rows.filter(kind=self.query["kind"]) if "kind" in self.query else rows


class BrandDetailView(BrandRows, DetailView):
    """One brand."""


class SupplierListView(ListView):
    """The suppliers of your own brand. Responds 404 for other brands.

    It is only for signed-in members of the brand, not for tokens: they read only what factories share.
    """

    permission_classes = [IsAuthenticated, SignedInPerson]
    serializer_class = SupplierSerializer
    query_class = SupplierQuery

    def rows(self) -> SupplierQuerySet:
        """Return the suppliers that match the search."""
        brand = get_object_or_404(Brand.objects.own(self.user), pk=self.kwargs["pk"])
        rows = Supplier.objects.visible_to(self.user).filter(brand=brand)
        words = self.query.get("search")
        return search(rows, words, names=("name",)) if words else rows


class TokenViews(PortalView):
    """Tokens of one brand's integrations, for its signed-in managers: a token cannot create another one."""

    permission_classes = [IsAuthenticated, SignedInPerson]
    serializer_class = TokenSerializer

    def brand(self) -> Brand:
        """Return the brand of the URL. Raises 404 unless it is visible, 403 unless the user manages its members."""
        brand = get_object_or_404(Brand.objects.visible_to(self.user), pk=self.kwargs["pk"])
        require(Brand.objects.where(self.user, "manage_members"), brand)
        return brand

    def rows(self) -> QuerySet[ApiToken]:
        """Return the tokens of the brand's integrations, including expired ones."""
        groups = BRAND.role_groups(self.brand()).values("group_id")
        accounts = User.objects.filter(is_integration=True, groups__in=groups)
        tokens = ApiToken.objects.filter(user__in=accounts.values("pk"))
        return tokens.select_related("user").prefetch_related("user__groups__brandrole")


class TokenListView(TokenViews, ListView):
    """The tokens of a brand, newest first."""

    keyset_order = ("-created", "-user_id")

    @extend_schema(request=TokenOrder, responses={201: NewTokenSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Create a token for an integration. Only this response contains its secret."""
        brand = self.brand()
        wanted = self.body(TokenOrder)
        token, secret = create_integration_token(by=self.user, kind=BRAND, organisation=brand, **wanted)
        token.secret = secret
        return Response(NewTokenSerializer(token).data, status=201)


class TokenDetailView(TokenViews):
    """One token."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int, account: int) -> Response:
        """Revoke a token. It stops working at once, and the account of its integration is closed."""
        token = get_object_or_404(self.rows(), user=account)
        revoke_token(by=self.user, kind=BRAND, organisation=self.brand(), token=token)
        return Response(status=204)
