"""Measurement of a call: its median time, and the blocks of 8 kB that its statements read."""

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

ROUNDS = 9
MOST_SECONDS = 10  # then three rounds are enough
Call = Callable[[], object]


class Statement(NamedTuple):
    """A SELECT, the milliseconds that PostgreSQL plans and runs it, and the blocks that it reads."""

    sql: str
    milliseconds: float
    blocks: int


def milliseconds(call: Call) -> float:
    """Return the median wall time of a call that has run before."""
    call()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
        if sum(times) > MOST_SECONDS and len(times) >= 3:
            break
    return statistics.median(times) * 1000


def blocks(call: Call) -> int:
    """Return how many blocks, cached or not, the SELECTs of a call read; what it writes is left out."""
    return server(call)[1]


def server(call: Call) -> tuple[float, int]:
    """Return the milliseconds that PostgreSQL plans and runs the SELECTs of a call, and the blocks they read."""
    found = statements(call)
    return sum(one.milliseconds for one in found), sum(one.blocks for one in found)


def statements(call: Call) -> list[Statement]:
    """Return the SELECTs of a call with what they cost.

    The milliseconds are those of the quickest of five runs, without measuring each step of the plan.
    """
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        call()
    asked = [query["sql"] for query in captured.captured_queries]
    return [_measured(sql) for sql in asked if sql.lstrip("( \n").startswith(("SELECT", "EXECUTE"))]


def _measured(sql: str) -> Statement:
    runs = [_plan(sql) for _ in range(5)]
    looked_at = runs[-1]["Plan"]
    blocks = looked_at["Shared Hit Blocks"] + looked_at["Shared Read Blocks"]
    return Statement(sql, min(plan["Planning Time"] + plan["Execution Time"] for plan in runs), blocks)


def _plan(statement: str) -> dict[str, Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statement}")
        plan: dict[str, Any] = cursor.fetchone()[0][0]
        return plan


def browser(user: Any) -> Callable[[str], object]:
    """Return a signed-in browser: it takes a path and stops the run at a page that is not 200."""
    from django.test import Client

    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")

    def get(path: str) -> object:
        response = client.get(path)
        if response.status_code != 200:
            raise SystemExit(f"{path} answered {response.status_code}")
        return response.content

    return get
