"""Statements that are put into SQL once in a process and then asked again and again, each time with other values.

To turn the gate into SQL takes Django longer than PostgreSQL needs to answer it. A queryset is therefore built once,
with a `Parameter` where a value belongs. Nothing but the words is kept: each asking runs the statement anew. The
queryset remains the readable truth, and a test compares the answers of both.
"""

from typing import Any

from django.db import connection
from django.db.models import Expression, Field, QuerySet


class Parameter(Expression):
    """A value that is not known yet, by its name; `field` says what it will be stored or compared as."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return a place, and itself as what is to be put there."""
        return "%s", (self,)

    def __bool__(self) -> bool:
        return True


class Compiled:
    """A queryset as a statement: its SQL, and its values, among them `Parameter`s."""

    def __init__(self, queryset: "QuerySet[Any, Any]") -> None:
        self.sql, self.parameters = queryset.query.sql_with_params()

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Ask it with these values for its parameters. Raises `KeyError` where one is missing."""
        parameters = [values[one.name] if isinstance(one, Parameter) else one for one in self.parameters]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, parameters)
            return list(cursor.fetchall())
