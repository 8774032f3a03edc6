"""How a view of this API describes itself in OpenAPI: its query, its strict bodies, and the errors all share."""

import functools
import re
from collections.abc import Mapping
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, get_doc
from drf_spectacular.renderers import OpenApiYamlRenderer
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.serializers import ListSerializer

from portal.core.api.body import Query, StrictSerializer

PREFIX = "/api/v1/"
FIRST_SENTENCE = re.compile(r"(?<=[.?])\s+")
PROBLEM = "application/problem+json"
ALWAYS = {
    "400": "A parameter or field was not accepted; `errors` names it.",
    "401": "You are not signed in, or the token is not valid.",
    "403": "You can see this, but you may not do it.",
    "404": "This does not exist, or you may not see it.",
    "429": "Too many requests. Wait for the time in `Retry-After`.",
}
WITH_BODY = {
    "409": "It has since changed. Read it again before you repeat the call.",
    "413": "The body is too large.",
    "415": "The body must be `application/json`.",
}


class OnceGenerator(SchemaGenerator):
    """The description depends on nothing but the code: it is made once in each process."""

    def get_schema(self, request: Request | None = None, public: bool = False) -> dict[str, object]:
        """Return the OpenAPI document."""
        return _everything()


@functools.cache
def _everything() -> dict[str, object]:
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


class OnceYamlRenderer(OpenApiYamlRenderer):
    """The description as YAML, rendered once in each process: that takes 0.3 s."""

    def render(
        self, data: object, media_type: str | None = None, renderer_context: Mapping[str, object] | None = None
    ) -> bytes:
        """Return the bytes; an error has other data and is rendered each time."""
        if data is _everything():
            return _yaml()
        return bytes(super().render(data, media_type, renderer_context))  # type: ignore[no-untyped-call]


@functools.cache
def _yaml() -> bytes:
    return bytes(OpenApiYamlRenderer().render(_everything(), renderer_context={}))  # type: ignore[no-untyped-call]


class ProblemSerializer(serializers.Serializer[Any]):
    """An error (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(allow_blank=True)
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Messages by parameter or field. Other messages are under `non_field_errors`.",
    )


class PortalSchema(AutoSchema):
    """drf-spectacular's reading of a view, told what `PortalView` does."""

    def _is_list_view(self, serializer: object = None) -> bool:
        return isinstance(serializer, ListSerializer) or self._is_paged()

    def _is_paged(self) -> bool:
        return self.method == "GET" and hasattr(self.view, "keyset_order")

    def _get_paginator(self) -> BasePagination | None:
        """Return the paginator of a list that is asked for page by page; other lists are whole."""
        return super()._get_paginator() if self._is_paged() else None  # type: ignore[no-untyped-call]

    def _tokenize_path(self) -> list[str]:
        """Return what the address names, without `/api/v1/` and ids: the first word is the tag."""
        return [word for word in self.path.removeprefix(PREFIX).split("/") if word and not word.startswith("{")]

    def _doc(self) -> str:
        """Return the docstring of a view's own method; where the method is inherited, that of the view."""
        return str(get_doc(self._own_method() or type(self.view)))

    def _own_method(self) -> object:
        return type(self.view).__dict__.get(self.method.lower())

    def get_summary(self) -> str:
        """Return the first sentence. That of a view names what it returns, so a verb is put before it."""
        sentence = FIRST_SENTENCE.split(self._doc(), maxsplit=1)[0].rstrip(".")
        if self._own_method():
            return sentence
        return f"{'List' if self._is_paged() else 'Return'} {sentence[0].lower()}{sentence[1:]}"

    def get_description(self) -> str:  # type: ignore[override]
        """Return the other sentences."""
        return FIRST_SENTENCE.split(self._doc() + " ", maxsplit=1)[1].strip()

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters of the view's query, on GET; other methods take none."""
        query_class: type[Query] = self.view.query_class  # type: ignore[attr-defined]
        return [query_class] if self.method == "GET" and query_class().fields else []

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, object] | None:
        """Return the operation, with the errors that every view may answer."""
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is None:
            return None
        problem = {PROBLEM: {"schema": self.resolve_serializer(ProblemSerializer(), "response").ref}}
        errors = ALWAYS | (WITH_BODY if "requestBody" in operation else {})
        for status, description in errors.items():
            operation["responses"].setdefault(status, {"description": description, "content": problem})
        retry = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
        operation["responses"]["429"] = {"description": errors["429"], "content": problem, "headers": retry}
        return operation

    def _map_basic_serializer(self, serializer: object, direction: object) -> dict[str, object]:
        mapped = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if direction == "request" and isinstance(serializer, StrictSerializer):
            mapped["additionalProperties"] = False
        return mapped
