"""Statements that are put into words once and then asked for any person.

The gates of the portal nest: the rows of factories that somebody works for, in countries where they hold a role. To
build such a queryset and to turn it into SQL takes Django several times as long as PostgreSQL takes to answer, and a
page asks ten of them. The words differ between two people in nothing but the person's key, so they are kept, with a
place for the key. Only words are kept: who may what is asked of the database in each statement (decision 0016).
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, Protocol

from django.db.models import BigIntegerField, Expression, QuerySet

PLACE = -2_147_483_617  # stands for the person's key while a statement is put into words; nobody has such a key


class Keyed(Protocol):
    """A person, or nobody: with no key."""

    pk: Any


class Subselect(Expression):
    """Keys chosen by a statement that is already SQL, for `filter(factory__in=...)`. It leans on no outer column."""

    output_field = BigIntegerField()

    def __init__(self, sql: str, parameters: tuple[Any, ...]) -> None:
        super().__init__()
        self.sql, self.parameters = sql, parameters

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, tuple[Any, ...]]:
        """The statement in brackets, and its parameters."""
        return f"({self.sql})", self.parameters


def for_person(build: Callable[..., QuerySet[Any, Any]]) -> Callable[..., Subselect]:
    """Make of `build(person, *names)`, a queryset of one column, a function that gives its `Subselect`.

    `build` gets a person's key, must use it in conditions only, and depend on nothing else but `names`, which are
    words or classes. What it makes is called with a person, or with a key where another such statement calls it.
    Raises `ValueError` for a statement that does not ask for the person.
    """

    @cache
    def worded(*names: Any) -> tuple[str, tuple[Any, ...]]:
        sql, parameters = build(PLACE, *names).order_by().query.sql_with_params()
        if PLACE not in parameters:
            raise ValueError(f"{build.__name__}{names} asks for nobody.")
        return sql, tuple(parameters)

    @wraps(build)
    def subselect(person: Keyed | int, *names: Any) -> Subselect:
        key = person if isinstance(person, int) else person.pk or 0
        sql, parameters = worded(*names)
        return Subselect(sql, tuple(key if value == PLACE else value for value in parameters))

    return subselect
