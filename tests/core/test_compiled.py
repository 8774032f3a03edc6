"""Statements that are worded once and prepared once a connection."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import CharField

from portal.accounts.models import User
from portal.core import compiled
from portal.core.compiled import Compiled, Parameter

EMAIL = Parameter("email", CharField())


def of_email(**conditions: Any) -> Compiled[User, Any]:
    return Compiled(User.objects.filter(email=EMAIL, **conditions).order_by().values_list("name"))


def prepared() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements")
        return {name for (name,) in cursor.fetchall()}


@pytest.fixture
def anna(db: None) -> User:
    return User.objects.create(email="anna@test.example", name="Anna 100%")


@pytest.mark.usefixtures("anna")
def test_a_statement_takes_values_again_and_again() -> None:
    statement = of_email()
    assert [statement.rows(email=f"{name}@test.example") for name in ("anna", "bo", "anna")] == [
        [("Anna 100%",)],
        [],
        [("Anna 100%",)],
    ]
    assert (statement.count(email="anna@test.example"), statement.is_any(email="bo@test.example")) == (1, False)


@pytest.mark.usefixtures("anna")
def test_a_value_that_stands_in_the_words_may_hold_any_character() -> None:
    assert of_email(name__contains="100%").count(email="anna@test.example") == 1
    assert of_email(name="%s' OR true --").count(email="anna@test.example") == 0


@pytest.mark.usefixtures("anna")
def test_a_parameter_may_stand_in_several_places() -> None:
    rows = User.objects.filter(email=EMAIL).exclude(name=EMAIL).order_by().values_list("email")
    assert Compiled(rows).rows(email="anna@test.example") == [("anna@test.example",)]


@pytest.mark.usefixtures("db")
def test_a_missing_value_is_refused() -> None:
    with pytest.raises(KeyError, match="email"):
        of_email().rows()


@pytest.mark.usefixtures("db")
def test_a_moment_of_python_is_not_kept() -> None:
    with pytest.raises(TypeError, match="make it a Parameter"):
        of_email(date_joined__lt=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.usefixtures("db")
def test_a_connection_keeps_those_that_were_asked_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "PREPARED", 2)
    monkeypatch.setattr(compiled._Prepared, "_known", {})  # those of other tests stay
    before = prepared()
    often, seldom, new = (of_email(name=name) for name in ("often", "seldom", "new"))
    for statement in (often, seldom, often, new, often, seldom):
        assert statement.rows(email="anna@test.example") == []
    assert len(prepared() - before) == 2
    assert {name for known in compiled._Prepared._known.values() for name in known} == prepared() - before


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_new_connection_prepares_anew() -> None:
    User.objects.create(email="anna@test.example", name="Anna")
    statement = of_email()
    assert statement.rows(email="anna@test.example") == [("Anna",)]
    connection.close()
    assert statement.rows(email="anna@test.example") == [("Anna",)]
