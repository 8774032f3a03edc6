"""Statements that are put into SQL once in a process and then asked again and again, each time with other values.

To turn the gate into SQL takes Django longer than PostgreSQL needs to answer it. A queryset is therefore built once,
with a `Parameter` where a value belongs. Nothing but the words is kept: each asking runs the statement anew. The
queryset remains the readable truth, and a test compares the answers of both.
"""

import copy
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

from django.db import connection, connections
from django.db.models import Expression, Field, Model, QuerySet

M = TypeVar("M", bound=Model)
Row = TypeVar("Row")


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


class Compiled(Generic[M, Row]):
    """A queryset as a statement: its SQL, and its values, among them `Parameter`s."""

    def __init__(self, queryset: "QuerySet[M, Row]", kept: str = "") -> None:
        """Word `queryset`.

        `kept`: what follows its WHERE from outside, in SQL, about columns that it names; PostgreSQL works these out
        once for each row, in the queryset's order, and not twice as where a queryset is filtered by what it annotates.
        """
        self._queryset = queryset
        self._compiler = queryset.query.get_compiler(queryset.db)
        self.sql, self.parameters = cast("tuple[str, tuple[Any, ...]]", self._compiler.as_sql())
        if kept:
            self.sql = f"SELECT * FROM ({self.sql} OFFSET 0) worded WHERE {kept}"  # noqa: S608 - ours and Django's SQL

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Ask it with these values for its parameters. Raises `KeyError` where one is missing."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self._with(values))
            return list(cursor.fetchall())

    def count(self, **values: Any) -> int:
        """Return how many rows it finds. Raises `KeyError` where a value is missing."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM ({self.sql}) found", self._with(values))  # noqa: S608 - Django's SQL
            return int(cursor.fetchone()[0])

    def objects(self, **values: Any) -> list[Row]:
        """Return what iterating over the queryset would, annotations and related rows included.

        The compiler that worded the statement knows which column belongs to which field. A copy of it, which words
        nothing anew, reads the answer.
        """
        parameters = self._with(values)
        compiler = copy.copy(self._compiler)
        compiler.connection = connections[compiler.using or self._queryset.db]
        compiler.as_sql = lambda *_args, **_more: (self.sql, parameters)
        rows = self._queryset.all()
        rows.query.get_compiler = lambda *_args, **_more: compiler  # type: ignore[method-assign]
        return list(rows)

    def _with(self, values: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(values[one.name] if isinstance(one, Parameter) else one for one in self.parameters)


KEPT = 64  # statements of one function: it has one for each shape that it is asked in
_functions: list[Any] = []
F = TypeVar("F", bound=Callable[..., Any])


def worded_once(build: F) -> F:
    """Keep what a function returns, a `Compiled`, for each shape that it is asked in."""
    kept = lru_cache(maxsize=KEPT)(build)
    _functions.append(kept)
    return cast("F", kept)


def forget_words() -> None:
    """Word everything anew when it is asked next: for tests that change what the words mean."""
    for one in _functions:
        one.cache_clear()
