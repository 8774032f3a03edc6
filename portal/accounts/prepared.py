"""Querysets for a reader that are compiled to SQL once in a process and run anew for everybody.

Django takes longer to compile the gate's queries than PostgreSQL needs to answer them. Only the SQL is kept
(`portal.core.compiled`): the reader is a parameter. `tests/accounts/test_everything_prepared.py` compares each of them
with its queryset.
"""

from collections.abc import Callable
from typing import Generic, NoReturn, Protocol, Self, TypeVar, cast, runtime_checkable

from django.db.models import BigIntegerField, Model, QuerySet

from portal.accounts.roles import Visitor, permitted_ids
from portal.core.compiled import AnyField, Compiled, Keys, Parameter, prepared_once

M = TypeVar("M", bound=Model)


class _Anybody:
    """Any reader: known by a key, which is a parameter.

    A queryset that depends on anything else, such as `is_integration`, has different SQL for other readers: compiled
    for one of them it would be used for all.
    """

    pk = Parameter("user", BigIntegerField())

    def __getattr__(self, name: str) -> NoReturn:
        raise TypeError(f"What asks for {name!r} of its reader cannot be prepared once for all of them.")


ANYBODY = cast("Visitor", _Anybody())
Row = TypeVar("Row")


@runtime_checkable
class Look(Protocol):
    """A reader without an account, identified by other values than an account's key."""

    @classmethod
    def any_reader(cls) -> Self:
        """Return a reader of this kind with parameters in place of the values."""

    def reader_values(self) -> dict[str, object]:
        """Return the values of these parameters."""


class Prepared(Generic[M, Row]):
    """A queryset as a function of the reader, of what changes its SQL (a scope, an order), and of named values.

    It is called for a list.
    """

    def __init__(self, build: "Callable[..., QuerySet[M, Row]]", **values: AnyField) -> None:
        self.build = build
        self._values = {name: Parameter(name, field) for name, field in values.items()}
        self._statement = prepared_once(self._word)

    def _word(self, kind: "type[Look] | None", *shape: object) -> "Compiled[M, Row]":
        reader = ANYBODY if kind is None else kind.any_reader()
        return Compiled(self.build(reader, *shape, **self._values))

    def __call__(self, user: Visitor, *shape: object, **values: object) -> list[Row]:
        """Return the rows for `user`. Raises `KeyError` where a value is missing."""
        statement, reader = self._asked_by(user, shape)
        return statement.objects(**reader, **values)

    def count(self, user: Visitor, *shape: object, **values: object) -> int:
        """Return how many rows there are for `user`. Raises `KeyError` where a value is missing."""
        statement, reader = self._asked_by(user, shape)
        return statement.count(**reader, **values)

    def _asked_by(self, user: Visitor, shape: tuple[object, ...]) -> "tuple[Compiled[M, Row], dict[str, object]]":
        """Return the statement for readers of this kind, and the values that identify `user`.

        Raises `TypeError` for a number by position: it would be compiled, and prepared, anew for each.
        """
        if any(isinstance(part, int) and not isinstance(part, bool) for part in shape):
            raise TypeError("A number is a value: name it, with its field, where the statement is made.")
        if isinstance(user, Look):
            return self._statement(type(user), *shape), user.reader_values()
        return self._statement(None, *shape), {"user": user.pk or 0}


class PreparedKeys:
    """A queryset of one column as a function of the reader, and of what changes its SQL: for conditions of others.

    Nearly every gate begins with such keys; compiling them anew for each was a third of the time of a request.
    """

    def __init__(self, build: "Callable[..., QuerySet[Model, object]]") -> None:
        self.build = build
        self._statement = prepared_once(self._word)

    def _word(self, kind: "type[Look] | None", *shape: object) -> "Compiled[Model, object]":
        reader = ANYBODY if kind is None else kind.any_reader()
        return Compiled(self.build(reader, *shape).order_by())

    def __call__(self, user: Visitor, *shape: object) -> Keys:
        """Return the keys for `user`."""
        if user is not ANYBODY and isinstance(user, Look):
            return self._statement(type(user), *shape).keys(**user.reader_values())
        return self._statement(None, *shape).keys(user=user.pk or 0)


permitted_keys = PreparedKeys(permitted_ids)
