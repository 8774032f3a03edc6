"""One expensive form at a time for each person: while one is worked on, another one is asked to wait.

The turn is an advisory lock of the database's session, so that it ends with the process that holds it, and all web
processes see it. Only what is sent (POST) takes a turn: reading never locks.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

View = Callable[..., HttpResponseBase]
TURNS = 0x7475726E  # the class of the advisory locks on persons
ROOM = 2**31  # of the lock's second number: two persons who share one wait for each other, which harms nobody
RETRY_SECONDS = 10


@contextmanager
def turn_of(user_id: int) -> Iterator[bool]:
    """Hold the turn of a person, or say False where they have one already."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [TURNS, user_id % ROOM])
        is_theirs = bool(cursor.fetchone()[0])
    try:
        yield is_theirs
    finally:
        if is_theirs:
            _end_turn(user_id)


def _end_turn(user_id: int) -> None:
    with suppress(DatabaseError), connection.cursor() as cursor:  # a lost session has no lock any more
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [TURNS, user_id % ROOM])


def one_at_a_time(view: View) -> View:
    """For a view whose form is expensive: 429, with a page that says to wait, while another such form is worked on."""

    @wraps(view)
    def in_turn(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST" or request.user.pk is None:
            return view(request, *args, **kwargs)
        with turn_of(request.user.pk) as is_theirs:
            return view(request, *args, **kwargs) if is_theirs else _wait(request)

    return in_turn


def _wait(request: HttpRequest) -> HttpResponseBase:
    response = render(request, "core/one_at_a_time.html", status=429)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response
