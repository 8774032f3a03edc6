"""What may come in: a bounded JSON body with known fields, and known query parameters, each given once."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, serializers
from rest_framework.parsers import JSONParser

from portal.core.api.errors import BodyTooLarge

MAX_BODY_BYTES = 64 * 1024


class JsonBody(JSONParser):
    """UTF-8 JSON of at most `MAX_BODY_BYTES`; no NaN, no nesting deeper than Python reads."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, object] | None = None
    ) -> Any:
        """Return the body as Python values. Raises 400 for what is no JSON, 413 for too much of it."""
        content = stream.read(MAX_BODY_BYTES + 1)
        if len(content) > MAX_BODY_BYTES:
            raise BodyTooLarge
        try:
            return json.loads(content.decode("utf-8"), parse_constant=self._refuse)
        except (ValueError, RecursionError) as error:
            raise exceptions.ParseError(_("The body is not valid JSON: %s") % error) from error

    @staticmethod
    def _refuse(constant: str) -> None:
        raise ValueError(constant)


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses names it does not know: nothing is set that was not meant to be settable."""

    unknown_text = gettext_lazy("There is no such field here. Allowed: %(known)s.")

    def to_internal_value(self, data: object) -> dict[str, object]:
        """Return the validated values. Raises 400, naming each unknown field."""
        known = [name for name, field in self.fields.items() if not field.read_only]
        unknown = [name for name in data if name not in known] if isinstance(data, Mapping) else []
        if unknown:
            text = self.unknown_text % {"known": ", ".join(known) or _("none")}
            raise serializers.ValidationError({str(name): [text] for name in unknown})
        return super().to_internal_value(data)


class Query(StrictSerializer):
    """The query parameters of a view: this one knows none."""

    unknown_text = gettext_lazy("There is no such parameter here. Allowed: %(known)s.")


def read_query(query_class: type[Query], given: QueryDict) -> dict[str, object]:
    """Return the validated parameters, each given at most once. Raises 400, naming the parameter."""
    repeated = [name for name, values in given.lists() if len(values) > 1]
    if repeated:
        raise serializers.ValidationError({name: [_("Give this parameter only once.")] for name in repeated})
    query = query_class(data=given.dict())
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)
