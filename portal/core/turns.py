"""A limit of one expensive form at a time for each person: a second one waits a moment, and is then refused.

What strangers may ask for has one turn for the whole installation (`only_turn`), and nobody waits for it: whoever
waits holds a web process.

The turn is an advisory lock of the database's session, so that it ends with the process that holds it, and all web
processes see it. Only what is sent (POST) takes a turn: reading never locks.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

View = Callable[..., HttpResponseBase]
TURNS = 0x7475726E  # the class of the advisory locks on persons
WAITING = TURNS + 1  # and on the one place to wait for a turn
ONLY = TURNS + 2  # and on what is done once at a time in the whole installation
PAUSE_SECONDS, TRIES = 0.1, 30
ROOM = 2**31  # of the lock's second number: two persons who share one wait for each other, which is harmless
RETRY_SECONDS = 10


@contextmanager
def turn_of(user_id: int) -> Iterator[bool]:
    """Hold the turn of a person, or yield False where they have one already and it does not end soon.

    A double click waits for the first click, so that the person sees its page. No more than one form waits.
    """
    is_theirs = _take(TURNS, user_id) or _wait_for_turn(user_id)
    try:
        yield is_theirs
    finally:
        if is_theirs:
            _give_back(TURNS, user_id)


@contextmanager
def only_turn(at: int) -> Iterator[bool]:
    """Hold the one turn at something, of all web processes together; yield False at once where somebody has it."""
    is_free = _take(ONLY, at)
    try:
        yield is_free
    finally:
        if is_free:
            _give_back(ONLY, at)


def _wait_for_turn(user_id: int) -> bool:
    if not _take(WAITING, user_id):
        return False
    try:
        for _ in range(TRIES):
            time.sleep(PAUSE_SECONDS)
            if _take(TURNS, user_id):
                return True
        return False
    finally:
        _give_back(WAITING, user_id)


def _take(what: int, whose: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [what, whose % ROOM])
        return bool(cursor.fetchone()[0])


def _give_back(what: int, whose: int) -> None:
    with suppress(DatabaseError), connection.cursor() as cursor:  # a lost session has no lock any more
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [what, whose % ROOM])


def one_at_a_time(view: View) -> View:
    """Wrap a view whose form is expensive: while another such form is worked on, it answers 429 with a page to wait."""

    @wraps(view)
    def in_turn(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.method != "POST" or request.user.pk is None:
            return view(request, *args, **kwargs)
        with turn_of(request.user.pk) as is_theirs:
            return view(request, *args, **kwargs) if is_theirs else _wait(request)

    return in_turn


def _wait(request: HttpRequest) -> HttpResponseBase:
    response = render(request, "core/one_at_a_time.html", status=429)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response
