"""Statements that are prepared once and prepared once a connection."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError, ProgrammingError, connection, connections, transaction
from django.db.models import BigIntegerField, CharField, Field, SmallIntegerField

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


def test_a_number_too_large_for_its_column_finds_nothing(anna: User) -> None:
    key = Parameter("key", BigIntegerField())
    statement = Compiled(User.objects.filter(pk=key).order_by())
    for number in (2**63, -(2**63) - 1, 10**40):
        assert (statement.rows(key=number), statement.objects(key=number)) == ([], [])
        assert (statement.count(key=number), statement.is_any(key=number)) == (0, False)
    assert statement.objects(key=anna.pk) == [anna]


@pytest.mark.usefixtures("db")
def test_the_same_words_with_other_types_are_another_statement() -> None:
    fields: list[Field[Any, Any]] = [SmallIntegerField(), BigIntegerField()]
    small, big = (
        Compiled(User.objects.filter(pk=Parameter("key", field)).order_by().values_list("pk")) for field in fields
    )
    assert small.rows(key=0) == big.rows(key=2**40) == []


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("lose", ["DEALLOCATE ALL", "DISCARD ALL", "forget"])
def test_a_statement_that_the_server_lost_is_prepared_anew(lose: str) -> None:
    User.objects.create(email="anna@test.example", name="Anna")
    statement = of_email()
    assert statement.rows(email="anna@test.example") == [("Anna",)]
    lose_step(lose)
    assert statement.rows(email="anna@test.example") == [("Anna",)]
    lose_step(lose)
    assert [one for (one,) in statement.objects(email="anna@test.example")] == ["Anna"]


def lose_step(lose: str) -> None:
    """Let the server forget what the connection has prepared, or the connection what the server has."""
    if lose == "forget":
        compiled._Prepared._known.pop(connection.connection)
    else:
        with connection.cursor() as cursor:
            cursor.execute(lose)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_what_was_lost_fails_one_transaction_and_no_later_one() -> None:
    statement = of_email()
    assert statement.rows(email="anna@test.example") == []
    lose_step("DEALLOCATE ALL")
    with pytest.raises(ProgrammingError), transaction.atomic():
        statement.rows(email="anna@test.example")
    with transaction.atomic():
        assert statement.rows(email="anna@test.example") == []


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_column_that_was_changed_is_read_by_connections_from_before() -> None:
    User.objects.create(email="anna@test.example", name="Anna")
    statement = of_email()
    assert statement.rows(email="anna@test.example") == [("Anna",)]
    change = "ALTER TABLE accounts_user ALTER COLUMN name TYPE varchar(%s)"
    with connections["owner"].cursor() as cursor:
        cursor.execute(change, [151])
        try:
            assert statement.rows(email="anna@test.example") == [("Anna",)]
        finally:
            cursor.execute(change, [150])


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_connection_that_breaks_while_it_prepares_is_a_fault_that_django_knows() -> None:
    connection.ensure_connection()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    other.close()
    with pytest.raises(OperationalError):
        of_email().rows(email="anna@test.example")
    assert connection.errors_occurred
    connection.close()
    assert of_email().rows(email="anna@test.example") == []
