"""Querysets for a reader that are put into SQL once in a process and asked anew by everybody.

To word the gate takes Django longer than PostgreSQL needs to answer it. Only the words are kept
(`portal.core.compiled`): who asks is a parameter. `tests/accounts/test_worded.py` holds each of them to its queryset.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from django.db.models import BigIntegerField, Field, Model, QuerySet

from portal.accounts.models import User
from portal.accounts.roles import Visitor
from portal.core.compiled import Compiled, Parameter, worded_once

M = TypeVar("M", bound=Model)
ANYBODY = cast("Visitor", User(pk=Parameter("user", BigIntegerField())))
Row = TypeVar("Row")


class Worded(Generic[M, Row]):
    """A queryset as a function of the reader, of what changes its words (a scope, an order), and of named values.

    Asked as a list. Whoever has no account, such as `AsBrand`, is answered by the queryset itself.
    """

    def __init__(self, build: "Callable[..., QuerySet[M, Row]]", **values: "Field[Any, Any]") -> None:
        self.build = build
        self._values = {name: Parameter(name, field) for name, field in values.items()}
        self._statement = worded_once(self._word)

    def _word(self, *shape: Any) -> "Compiled[M, Row]":
        return Compiled(self.build(ANYBODY, *shape, **self._values))

    def __call__(self, user: Visitor, *shape: Any, **values: Any) -> list[Row]:
        """Return the rows for `user`. Raises `KeyError` where a value is missing."""
        if isinstance(user, User):
            return self._statement(*shape).objects(user=user.pk, **values)
        return list(self.build(user, *shape, **values))
