"""Measurement of a call: its median time, and the blocks of 8 kB that its statements read."""

import statistics
import time
from collections.abc import Callable
from typing import Any

ROUNDS = 9
MOST_SECONDS = 10  # then three rounds are enough
Call = Callable[[], object]


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
    """Return the milliseconds that PostgreSQL plans and runs the SELECTs of a call, and the blocks they read.

    The milliseconds are those of the quickest of five runs, without measuring each step of the plan.
    """
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        call()
    asked = [
        query["sql"]
        for query in captured.captured_queries
        if query["sql"].lstrip("( \n").startswith(("SELECT", "EXECUTE"))
    ]
    plans = [[_plan(statement) for _ in range(5)] for statement in asked]
    taken = sum(min(plan["Planning Time"] + plan["Execution Time"] for plan in runs) for runs in plans)
    looked_at = [runs[-1]["Plan"] for runs in plans]
    return taken, sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in looked_at)


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
