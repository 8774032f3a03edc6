"""On whose behalf the database is asked: each transaction has its reader, and no connection keeps one."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import Func, Value
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client
from django.urls import path

from assessments.imports.services import CHECK
from portal.core import jobs, tasks
from portal.core.jobs import JobRun, start_job
from portal.core.models import Job
from portal.core.reader import current_reader, reading_as
from portal.ledger.verifying import _one_moment, verify_ledger
from tests.world import World

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def asked() -> str:
    """Whom PostgreSQL takes for the reader of this statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('portal.reader', true), '')")
        return str(cursor.fetchone()[0])


def show(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(asked())


def stream(_request: HttpRequest) -> StreamingHttpResponse:
    def rows() -> Iterator[str]:
        yield asked() + "\n"
        for job in jobs_with_reader().iterator(chunk_size=1):
            yield job.reader + "\n"
        yield asked()

    return StreamingHttpResponse(rows())


@transaction.atomic
def fail(request: HttpRequest) -> HttpResponse:
    start_job(kind=CHECK, by=request.user, params={})  # type: ignore[arg-type]
    assert asked() == current_reader()
    raise ArithmeticError


urlpatterns = [
    path("show/", show),
    path("stream/", stream),
    path("fail/", fail),
    path("accounts/login/", show, name="account_login"),
    path("invitations/", show, name="invitation"),
    path("help/", show, name="help"),
    path("verify/", show, name="verify"),
    path("c/", show, name="code_entry"),
]
with_these_pages = pytest.mark.urls(__name__)


def jobs_with_reader() -> "models.QuerySet[Any, Any]":
    setting = Func(Value("portal.reader"), Value(True), function="current_setting", output_field=models.TextField())
    return Job.objects.annotate(reader=setting)


@pytest.fixture
def ordered(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Two jobs of a manager."""
    monkeypatch.setattr(jobs, "nudge", lambda _job_id: None)
    return [start_job(kind=CHECK, by=world.person("manager_a"), params={}) for _ in range(2)]


def reader_of(world: World, persona: str) -> str:
    return f"account:{world.person(persona).pk}"


@committing
@with_these_pages
def test_a_page_is_read_by_its_account_and_leaves_no_reader_to_the_next(
    world: World, client_of: Callable[[Any], Client]
) -> None:
    pages = [client_of(world.person(persona)) for persona in ("manager_a", "brand_b_member")]
    answers = [page.get("/show/").content.decode() for page in pages]
    assert answers == [reader_of(world, "manager_a"), reader_of(world, "brand_b_member")]
    assert asked() == ""
    assert Client().get("/show/").content == b"anonymous"


@with_these_pages
@pytest.mark.parametrize("address", ["/accounts/login/", "/invitations/"])
def test_who_signs_in_is_let_in_by_a_reader_of_that_name(address: str) -> None:
    assert Client().get(address).content == b"sign-in"


@with_these_pages
def test_session_and_account_are_read_by_sign_in_and_the_rest_by_the_account(
    world: World, client_of: Callable[[Any], Client]
) -> None:
    browser, readers = client_of(world.person("manager_a")), []

    def note(execute: Any, sql: Any, *rest: Any) -> Any:
        readers.append((current_reader(), "session" in sql or "accounts_user" in sql))
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        browser.get("/show/")
    assert readers == [("sign-in", True), ("sign-in", True), (reader_of(world, "manager_a"), False)]


@committing
@with_these_pages
def test_a_stream_is_read_by_who_ordered_it_after_the_page_is_over(
    world: World, ordered: list[Job], client_of: Callable[[Any], Client]
) -> None:
    response: Any = client_of(world.person("manager_a")).get("/stream/")
    assert asked() == ""
    chunks = []
    for chunk in response:
        chunks.append(chunk.decode().strip())
        assert asked() == current_reader() == ""
    assert chunks == [reader_of(world, "manager_a")] * 4


@committing
@with_these_pages
def test_an_error_undoes_the_page_and_its_reader(world: World, client_of: Callable[[Any], Client]) -> None:
    browser = client_of(world.person("manager_a"))
    browser.raise_request_exception = False
    assert browser.get("/fail/").status_code == 500
    assert not Job.objects.exists()
    assert asked() == current_reader() == ""


def test_a_job_is_read_by_its_owner_and_a_task_by_its_name(
    world: World, ordered: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = []

    def handler(_run: JobRun) -> dict[str, Any]:
        readers.append(asked())
        return {}

    def sweep() -> int:
        readers.append(asked())
        return 0

    monkeypatch.setitem(jobs.HANDLERS, CHECK, handler)
    monkeypatch.setattr(jobs, "requeue_lost", sweep)
    jobs.run_job(str(ordered[0].pk))
    tasks.requeue_lost_jobs()
    assert readers == [reader_of(world, "manager_a"), "task:portal.core.tasks.requeue_lost_jobs"]
    assert asked() == ""


def undone(reader: str) -> None:
    """Ask on behalf of this reader, in a transaction within the one that runs; and undo that."""
    with transaction.atomic(), reading_as(reader):
        assert asked() == reader
        raise ValidationError("")


def test_a_transaction_follows_its_readers_and_forgets_none_at_a_savepoint() -> None:
    with transaction.atomic(), reading_as("account:1"):
        with pytest.raises(ValidationError):
            undone("account:2")
        assert asked() == "account:1"
    assert asked() == ""
    with pytest.raises(ValidationError):
        undone("account:3")
    assert asked() == ""


def test_who_became_known_in_a_savepoint_is_known_after_it_is_undone() -> None:
    known = ["sign-in"]

    def become_known() -> None:
        with transaction.atomic():
            known[0] = "account:1"
            assert asked() == "account:1"
            raise ValidationError("")

    with transaction.atomic(), reading_as(lambda: known[0]):
        assert asked() == "sign-in"
        with pytest.raises(ValidationError):
            become_known()
        assert asked() == "account:1"


def test_a_failed_statement_in_a_transaction_can_still_be_undone() -> None:
    with reading_as("account:1"), transaction.atomic():
        with pytest.raises(Exception, match="division by zero"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
        assert asked() == "account:1"


@committing
def test_what_carries_its_reader_answers_as_what_does_not(ordered: list[Job], django_assert_num_queries: Any) -> None:
    with reading_as("account:1"), django_assert_num_queries(3) as captured:
        assert Job.objects.filter(pk=ordered[0].pk).update(message="100 %") == 1
        assert Job.objects.filter(message="100 %").values_list("pk").get() == (ordered[0].pk,)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'a' AS letter UNION SELECT 'b' ORDER BY 1")
            assert (cursor.description[0].name, cursor.rowcount, cursor.fetchall()) == ("letter", 2, [("a",), ("b",)])
    assert [query["sql"].split()[0] for query in captured.captured_queries] == ["UPDATE", "SELECT", "SELECT"]
    assert "set_config" not in repr(captured.captured_queries)


@committing
def test_rows_that_are_copied_or_written_by_the_many_have_their_reader() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE seen (number int, reader text DEFAULT current_setting('portal.reader', true))"
        )
        with reading_as("account:1"):
            cursor.executemany("INSERT INTO seen (number) VALUES (%s)", [(1,), (2,)])
            with cursor.copy("COPY seen (number) FROM STDIN") as rows:
                rows.write_row((3,))
        cursor.execute("SELECT number, reader FROM seen ORDER BY 1")
        assert cursor.fetchall() == [(1, "account:1"), (2, "account:1"), (3, "account:1")]
        cursor.execute("DROP TABLE seen")
    assert asked() == ""


@committing
def test_the_ledger_is_verified_in_one_moment_by_its_reader() -> None:
    with reading_as("command:verify_ledger"):
        with _one_moment():
            assert asked() == "command:verify_ledger"
        assert verify_ledger().seals == 0


@pytest.mark.parametrize("word", ["account:1'; DROP TABLE x; --", "a b", "100%", "a:b:c", ":"])
def test_a_reader_is_a_word_that_sql_cannot_take_for_its_own(word: str) -> None:
    with reading_as(word), pytest.raises(ValueError, match="cannot name a reader"):
        asked()
