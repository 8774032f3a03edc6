"""One clock for Python and the database, that stands still until it is set.

PostgreSQL looks for a function in the schemas of `search_path` in turn, in `pg_catalog` too when that is named last: a
schema before it can replace the clock of a whole database.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from unittest.mock import patch

from django.db import connections
from django.utils import timezone

# Far from the beginning and end of days, weeks and months, in every place of the programme.
BEGINNING = datetime(2026, 3, 10, 6, 0, tzinfo=UTC)  # the stage is made
BUILT = BEGINNING + timedelta(days=1)  # what both worlds need for the fact
HIDDEN = BEGINNING + timedelta(days=2)  # the fact, in one of them
AFTER = BEGINNING + timedelta(days=3)  # what both do after it
ASKED = AFTER + timedelta(hours=6)  # people look, mails are sent
LATER = BEGINNING + timedelta(days=65)  # what waits has lapsed, what ends soon was announced

TICK, AHEAD = timedelta(milliseconds=1), timedelta(hours=1)
SCHEMA = "standing_clock"
FUNCTIONS = ("now", "statement_timestamp", "transaction_timestamp", "clock_timestamp")


class _LikeDatetime(type):
    """Lets `isinstance(value, datetime)` go on being true in Django's module."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, datetime)


class Clock:
    """The moment that Python and, once `set` there, a database say it is."""

    def __init__(self) -> None:
        self.moment, self.tick = BEGINNING, timedelta(0)

    def set(self, moment: datetime, *, ticks: bool = False) -> None:
        """Set it for Python, and for the database that the connections work in.

        With `ticks`, each question moves Python's by a millisecond, and the database's is ahead of it: for what is made
        in one go and must have an order.
        """
        self.moment, self.tick = moment, TICK if ticks else timedelta(0)
        if ticks:
            moment += AHEAD
        with connections["owner"].cursor() as cursor:
            for name in FUNCTIONS:
                cursor.execute(
                    f"CREATE OR REPLACE FUNCTION {SCHEMA}.{name}() RETURNS timestamptz STABLE LANGUAGE sql "
                    f"AS $$ SELECT '{moment.isoformat()}'::timestamptz $$"
                )

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Let Python's clock stand still in it."""
        clock = self

        class Standing(datetime, metaclass=_LikeDatetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Any:
                clock.moment += clock.tick
                return clock.moment.astimezone(tz) if tz else clock.moment.replace(tzinfo=None)

        def seconds() -> float:
            return clock.moment.timestamp()

        with patch.object(timezone, "datetime", Standing), patch.object(time, "time", seconds):
            yield


def install_clock(database: str) -> None:
    """Let the sessions of a database, from the next one on, find a clock that can stand before PostgreSQL's own."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        cursor.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO PUBLIC")
        cursor.execute(f'ALTER DATABASE "{database}" SET search_path = {SCHEMA}, public, pg_catalog')
