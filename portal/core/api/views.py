"""The views that all others are made of."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.core.api.body import JsonBody, Query, StrictSerializer, read_query
from portal.core.api.pagination import PageQuery
from portal.core.api.schema import PortalSchema
from portal.core.pages import Fetch

if TYPE_CHECKING:
    from portal.accounts.models import User


class IntegrationsOnlyRead(BasePermission):
    """An integration's token reads; a view that also takes its writes says so (`integrations_may_write`)."""

    message = gettext_lazy("A token can only read. Sign in to do this.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether this request may go on."""
        is_integration = request.auth is not None or getattr(request.user, "is_integration", False)
        return not is_integration or request.method in SAFE_METHODS or getattr(view, "integrations_may_write", False)


class SignedInPerson(BasePermission):
    """A person in a session, never a token: for what a leaked token must not reach."""

    message = gettext_lazy("A token cannot do this. Sign in instead.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether a person signed in."""
        return request.auth is None and not getattr(request.user, "is_integration", True)


class AlwaysJson(BaseContentNegotiation):
    """One representation, whatever `Accept` says: an error is then never hidden behind a 406."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return the parser for the body's media type, or None (415)."""
        media_type = (request.content_type or "").split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer."""
        first = next(iter(renderers))
        return first, first.media_type


class PortalView(GenericAPIView[Any]):
    """Signed-in people and integrations; known query parameters only (`query_class`, validated into `query`)."""

    permission_classes = [IsAuthenticated, IntegrationsOnlyRead]
    parser_classes = [JsonBody]
    content_negotiation_class = AlwaysJson
    metadata_class = None
    http_method_names = ["get", "head", "post", "patch", "delete"]
    schema = PortalSchema()
    query_class: type[Query] = Query
    integrations_may_write = False
    query: dict[str, Any]

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Who asks, whether they may, and what they ask for, before any row is read."""
        super().initial(request, *args, **kwargs)
        query_class = self.query_class if request.method in SAFE_METHODS else Query
        self.query = read_query(query_class, request.query_params)

    @property
    def user(self) -> "User":
        """Who asks."""
        return cast("User", self.request.user)

    def body(self, serializer_class: type[StrictSerializer], **context: object) -> dict[str, Any]:
        """Return the validated body. Raises 400, naming the field."""
        serializer = serializer_class(data=self.request.data, context={"user": self.user, **context})
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


class ListView(PortalView):
    """GET: one page of `rows()`, in `keyset_order`."""

    query_class: type[Query] = PageQuery
    keyset_order: tuple[str, ...] = ("name", "id")

    def rows(self) -> "QuerySet[Model] | Fetch[Any]":
        """Return what the asker may see, narrowed by what they ask for."""
        raise NotImplementedError

    def get(self, request: Request, **kwargs: object) -> Response:
        """One page."""
        page = self.prepare(list(self.paginate_queryset(self.rows()) or ()))  # type: ignore[arg-type] # or a Fetch
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def prepare(self, page: list[Any]) -> list[object]:
        """Return what is told of the rows of a page, which may need more than the page's query reads."""
        return page


class DetailView(PortalView):
    """GET: the one of `rows()` that the address names, or 404."""

    def rows(self) -> QuerySet[Model]:
        """Return what the asker may see."""
        raise NotImplementedError

    def row(self) -> Any:
        """Return the row of the address. Raises 404."""
        return get_object_or_404(self.rows(), pk=self.kwargs["pk"])

    def get(self, request: Request, **kwargs: object) -> Response:
        """Return the row."""
        return Response(self.get_serializer(self.row()).data)


class NothingHere(PortalView):
    """Every address under the API that names nothing, and ids that are no ids."""

    permission_classes = [IsAuthenticated]
    schema = None  # type: ignore[assignment]

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """401 for nobody, 404 for everybody else, whatever the method."""
        GenericAPIView.initial(self, request, *args, **kwargs)
        raise Http404


def require(allowed: QuerySet[Model], row: Model) -> None:
    """Refuse with 403 unless `row` is among `allowed`: for what the asker sees but may not do."""
    if not allowed.filter(pk=row.pk).exists():
        raise PermissionDenied(_("Your role does not allow this."))
