"""Keyset pages over HTTP: `?cursor=...&page_size=...`."""

from typing import TYPE_CHECKING, Any

from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from portal.core.api.body import Query
from portal.core.pages import PAGE_SIZE, keyset_page

if TYPE_CHECKING:
    from rest_framework.views import APIView

MAX_PAGE_SIZE = 200


class PageQuery(Query):
    """The parameters that every list knows."""

    cursor = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=1000,
        help_text="Start of the page. Use only values from `next` or `previous`.",
    )
    page_size = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_PAGE_SIZE, help_text=f"Rows on a page; by default {PAGE_SIZE}."
    )


class KeysetPagination(BasePagination):
    """One page of the view's rows in its `keyset_order` (see `core.pages`)."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return one page of `queryset`. Raises a 400 for a cursor that is not ours or belongs to another list."""
        self.request = request
        self.page = keyset_page(
            queryset,
            order=view.keyset_order,
            cursor=view.query.get("cursor", ""),
            size=view.query.get("page_size", PAGE_SIZE),
        )
        return self.page.items

    def get_paginated_response(self, data: object) -> Response:
        """Return a page with `next` and `previous` as whole addresses, or null; no count (it would cost a scan)."""
        links = {"next": self._url(self.page.next_cursor), "previous": self._url(self.page.previous_cursor)}
        return Response({**links, "results": data})

    def _url(self, cursor: str) -> str | None:
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor) if cursor else None

    def get_paginated_response_schema(self, schema: dict[str, object]) -> dict[str, object]:
        """Return the OpenAPI form of a page."""
        link = {"type": "string", "nullable": True, "format": "uri"}
        properties = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": ["next", "previous", "results"], "properties": properties}

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, object]]:
        """Return nothing: the view's own query names all its parameters (`PageQuery`)."""
        return []
