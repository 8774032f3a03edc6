"""Bulk writing of rows, with given dates."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model
from psycopg import sql

from portal.core.events import EventKind
from portal.core.models import Event


def copy_rows(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Append `rows` to the table of `model` through COPY. `columns` are the database's names."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


class History:
    """Events of the past, gathered in any order and written in the order they happened."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []

    def add(self, at: datetime, kind: EventKind, *, by: int | None, subject: object, **data: Any) -> None:
        """Add one event, as `portal.core.events.record` would write it at `at`.

        `by` is a person's key; `factory_id`, `brand_id` and `programme_id` go into their columns, the rest of `data`
        into the event's data.
        """
        places = [data.pop(name, None) for name in ("factory_id", "brand_id", "programme_id")]
        self._rows.append((at, kind.value, by, *places, str(subject), json.dumps(data)))

    def write(self) -> int:
        """Write all of them, oldest first; return how many."""
        self._rows.sort(key=lambda row: (row[0], row[1], row[6]))
        columns = ("at", "kind", "actor_id", "factory_id", "brand_id", "programme_id", "subject", "data")
        copy_rows(Event, columns, self._rows)
        return len(self._rows)
