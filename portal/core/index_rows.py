"""A relation to the rows of an index that share a number with a row: no column of its own, nothing unique."""

from collections.abc import Sequence
from typing import Any

from django.db.models import DO_NOTHING, Model
from django.db.models.fields.related import ForeignObject


class IndexRows(ForeignObject):  # type: ignore[type-arg]
    """A join, for querysets only, to the rows of `to` whose `to_fields` equal a row's `from_fields`.

    The row between them (a report, whose number both hold) is not read. There may be many: a filter on it repeats
    the row for each.
    """

    def __init__(
        self, to: type[Model] | str, from_fields: Sequence[str], to_fields: Sequence[str], **options: object
    ) -> None:
        given: dict[str, Any] = {"on_delete": DO_NOTHING, "related_name": "+", "null": True, "editable": False}
        super().__init__(to, from_fields=from_fields, to_fields=to_fields, **(given | options))

    def _check_unique_target(self) -> list[object]:
        return []
