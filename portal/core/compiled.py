"""Statements that are compiled to SQL once in a process and then run again and again, each time with other values.

Django takes longer to compile the gate to SQL than PostgreSQL needs to answer it, and PostgreSQL takes longer to plan
it than to run the plan. A queryset is therefore built once, with a `Parameter` in place of each value, and each
connection prepares the statement once. Only the SQL and its plan are kept: each call runs the statement anew. The
queryset remains the readable truth, and a test compares the answers of both.
"""

import copy
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Any, Generic, TypeAlias, TypeVar, cast
from weakref import WeakKeyDictionary, WeakSet

from django.db import DatabaseError, connections
from django.db.models import BooleanField, Expression, Field, IntegerField, Model, QuerySet
from django.db.models.expressions import BaseExpression
from psycopg import Connection
from psycopg.errors import DuplicatePreparedStatement, FeatureNotSupported, InvalidSqlStatementName
from psycopg.sql import Literal

M = TypeVar("M", bound=Model)
Row = TypeVar("Row")
Answer = TypeVar("Answer")
AnyField: TypeAlias = "Field[Any, Any]"  # of whatever values


class Parameter(Expression):
    """A value that is not known yet, by its name; `field` says as what it will be stored or compared."""

    def __init__(self, name: str, field: AnyField) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, _compiler: object, _connection: object) -> tuple[str, tuple[Any, ...]]:
        """Return a placeholder, and itself as its value."""
        return "%s", (self,)

    def __bool__(self) -> bool:
        return True


Key = int | Parameter  # the key of a row, in a queryset that may be prepared


class Keys(Expression):
    """A subselect of one column whose SQL is known: for `__in`, for `among` and, as `are_any`, for a condition.

    It names nothing of the query around it, so it means the same in any of them, and Django need neither copy nor
    compile it again with each.
    """

    operator = ""  # before the parentheses

    def __init__(self, sql: str, parameters: tuple[object, ...], column: AnyField) -> None:
        super().__init__(output_field=column)
        self.sql, self.parameters = sql, parameters

    def resolve_expression(self, *_args: object, **_more: object) -> "Keys":
        """Return itself: it has no references."""
        return self

    def as_sql(self, _compiler: object, _connection: object) -> tuple[str, tuple[Any, ...]]:
        """Return the operator and the SQL in parentheses, and its values."""
        return f"{self.operator}({self.sql})", self.parameters

    def get_group_by_cols(self) -> list[BaseExpression]:
        """Return nothing: it is the same for each row."""
        return []

    def are_any(self) -> "AreAny":
        """Return the condition that there is a key."""
        return AreAny(self.sql, self.parameters, BooleanField())


class AreAny(Keys):
    """The condition that a subselect finds a row."""

    operator = "EXISTS"


class Compiled(Generic[M, Row]):
    """A queryset as a prepared statement that takes values for its `Parameter`s.

    A number that is too large for its parameter is in no column: it finds nothing, as in an ordinary queryset.
    """

    def __init__(self, queryset: "QuerySet[M, Row]", kept: str = "") -> None:
        """Compile `queryset`.

        `kept`: a further condition in SQL, from outside, on columns that the queryset names. PostgreSQL computes these
        once for each row, in the queryset's order, and not twice as where a queryset is filtered by what it annotates.
        """
        self._queryset = queryset
        self._compiler = queryset.query.get_compiler(queryset.db)
        sql, parameters = cast("tuple[str, tuple[Any, ...]]", self._compiler.as_sql())
        if any(isinstance(one, date) for one in parameters):
            raise TypeError(
                "A day or moment cannot be prepared once for ever: make it a Parameter, or ask PostgreSQL's."
            )
        if kept:
            sql = f"SELECT * FROM ({sql} OFFSET 0) prepared WHERE {kept}"  # noqa: S608 - ours and Django's SQL
        self._rows = _Prepared(queryset.db, sql, parameters)
        self._count = _Prepared(queryset.db, f"SELECT COUNT(*) FROM ({sql}) found", parameters)  # noqa: S608
        self._any = _Prepared(queryset.db, f"SELECT EXISTS({sql})", parameters)

    def rows(self, **values: object) -> list[tuple[Any, ...]]:
        """Return its rows with these values for its parameters. Raises `KeyError` where one is missing."""
        return self._rows.ask(values) if self._rows.takes(values) else []

    def count(self, **values: object) -> int:
        """Return how many rows it finds. Raises `KeyError` where a value is missing."""
        return int(self._count.ask(values)[0][0]) if self._count.takes(values) else 0

    def is_any(self, **values: object) -> bool:
        """Return whether it finds a row. Raises `KeyError` where a value is missing."""
        return self._any.takes(values) and bool(self._any.ask(values)[0][0])

    def keys(self, **values: object) -> Keys:
        """Return its one column for the conditions of another queryset. Raises `KeyError` where a value is missing."""
        return Keys(self._rows.sql, self._rows.given(values), self._queryset.model._meta.pk)

    def objects(self, **values: object) -> list[Row]:
        """Return what iterating over the queryset would, annotations and related rows included.

        The compiler of the statement knows which column belongs to which field. A copy of it, which compiles nothing
        anew, reads the answer.
        """
        return self._rows.run(values, self._read) if self._rows.takes(values) else []

    def _read(self, sql: str, given: tuple[object, ...]) -> list[Row]:
        compiler = copy.copy(self._compiler)
        compiler.connection = connections[self._queryset.db]
        compiler.as_sql = lambda *_args, **_more: (sql, given)
        rows = self._queryset.all()
        rows.query.get_compiler = lambda *_args, **_more: compiler  # type: ignore[method-assign]
        return list(rows)


PREPARED = 128  # statements of one connection: page sizes and orders are chosen by the client


# The server lost the statement (DISCARD), has one that is not known here, or its tables were changed since.
_OUT_OF_STEP = (InvalidSqlStatementName, DuplicatePreparedStatement, FeatureNotSupported)


class _Prepared:
    """A statement that each connection prepares before its first use."""

    # The statements that each connection has prepared, the least recently used first.
    _known: "WeakKeyDictionary[Connection, dict[str, None]]" = WeakKeyDictionary()
    _out_of_step: "WeakSet[Connection]" = WeakSet()  # connections that prepare everything anew

    def __init__(self, alias: str, sql: str, parameters: tuple[object, ...]) -> None:
        self._alias, self.sql, self._parameters = alias, sql, parameters
        self._places: dict[str, Parameter] = {one.name: one for one in parameters if isinstance(one, Parameter)}
        ranges = connections[alias].ops.integer_field_range
        self._ranges = {
            name: ranges(one.field.get_internal_type())
            for name, one in self._places.items()
            if isinstance(one.field, IntegerField)
        }
        self._name = ""

    def given(self, values: dict[str, object]) -> tuple[object, ...]:
        """Return the value at each place of the SQL."""
        return tuple(values[one.name] if isinstance(one, Parameter) else one for one in self._parameters)

    def takes(self, values: dict[str, Any]) -> bool:
        """Return whether all numbers among the values are within what PostgreSQL accepts."""
        return all(values[name] is None or low <= values[name] <= high for name, (low, high) in self._ranges.items())

    def ask(self, values: dict[str, object]) -> list[tuple[Any, ...]]:
        return self.run(values, self._fetch)

    def run(self, values: dict[str, object], execute: Callable[[str, tuple[object, ...]], Answer]) -> Answer:
        """Return the result of `execute` for these values; if the statement must be prepared anew, of a second call.

        In a transaction the error is raised, because nothing can be asked after it; the next one prepares anew.
        """
        connection = connections[self._alias]
        try:
            return execute(*self.call(values))
        except DatabaseError as error:
            if not isinstance(error.__cause__, _OUT_OF_STEP):
                raise
            self._out_of_step.add(connection.connection)
            if connection.in_atomic_block:
                raise
        return execute(*self.call(values))

    def _fetch(self, sql: str, given: tuple[Any, ...]) -> list[tuple[object, ...]]:
        with connections[self._alias].cursor() as cursor:
            cursor.execute(sql, given)
            return list(cursor.fetchall())

    def call(self, values: dict[str, object]) -> tuple[str, tuple[object, ...]]:
        """Return the call with these values. The connection has prepared the statement then."""
        given = tuple(values[name] for name in self._places)
        connections[self._alias].cursor().close()  # connected, and found healthy, once in a request
        with connections[self._alias].wrap_database_errors:
            self._prepare(connections[self._alias].connection)
        places = ", ".join(["%s"] * len(given))
        return f"EXECUTE {self._name}({places})" if given else f"EXECUTE {self._name}", given

    def _prepare(self, raw: Connection) -> None:
        known = self._known.setdefault(raw, {})
        if raw in self._out_of_step:
            raw.execute("DEALLOCATE ALL")
            known.clear()
            self._out_of_step.discard(raw)
        if self._name not in known:
            statement = self._statement(raw)
            self._name = f"prepared_{sha256(statement.encode()).hexdigest()[:24]}"  # one name for the same SQL anywhere
            if self._name not in known:
                raw.execute(f"PREPARE {self._name}{statement}")
        known.pop(self._name, None)
        known[self._name] = None
        if len(known) > PREPARED:
            forgotten = next(iter(known))
            raw.execute(f"DEALLOCATE {forgotten}")
            del known[forgotten]

    def _statement(self, raw: Connection) -> str:
        """Return the types of the parameters, and the SQL with its values, and numbers for its parameters."""
        types = ", ".join(cast("str", one.field.db_type(connections[self._alias])) for one in self._places.values())
        numbers = {name: f"${number}" for number, name in enumerate(self._places, start=1)}
        words = (
            numbers[one.name] if isinstance(one, Parameter) else Literal(one).as_string(raw) for one in self._parameters
        )
        return f"{f' ({types})' if types else ''} AS {self.sql % tuple(words)}"


KEPT = 64  # statements of one function: it has one for each shape in which it is called
_forget: list[Callable[[], None]] = []
F = TypeVar("F", bound=Callable[..., Any])


def prepared_once(build: F) -> F:
    """Keep the result of a function, a `Compiled`, for each shape in which it is called."""
    kept = lru_cache(maxsize=KEPT)(build)
    _forget.append(kept.cache_clear)
    return cast("F", kept)


def forget_prepared() -> None:
    """Compile everything anew at its next use: for tests that change what it depends on."""
    for forget in _forget:
        forget()
