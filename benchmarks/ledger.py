"""The speed at which the ledger is sealed and verified.

Run: `./dev bench ledger`, with `--rows N` for another size than a million. Events are copied into the empty database,
sealed, and verified in a process that never holds more than one seal. Fails when sealing 10,000 takes a second or more.
"""

import argparse
import resource
import sys
import time
from typing import Any

from benchmarks import _programme

TEN_THOUSAND = 10_000
PROMISED_SECONDS = 1.0


def copy_events(count: int) -> None:
    """Append events as a busy portal would write them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_event (at, kind, factory_id, brand_id, subject, data) "
            "SELECT now() - make_interval(secs => %s - n), 'grant.created', n %% 1700, n %% 60, "
            "gen_random_uuid()::text, "
            "jsonb_build_object('scope', 'report', 'cycles', 'all', 'cycle_numbers', '[]'::jsonb, "
            "'hold_days', n %% 15, "
            "'valid_from', '2026-01-01T00:00:00+00:00', 'expires_at', null) FROM generate_series(1, %s) n",
            [count, count],
        )


def timed(call: Any) -> tuple[float, Any]:
    """Return how many seconds the call took, and its result."""
    started = time.perf_counter()
    answer = call()
    return time.perf_counter() - started, answer


def megabytes() -> float:
    """Return the peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="ledger")
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    _programme.start_django()
    from django.conf import settings

    settings.DEBUG = False
    from portal.ledger.sealing import seal_new_rows
    from portal.ledger.verifying import verify_ledger

    tries = []
    for _ in range(5):
        copy_events(TEN_THOUSAND)
        tries.append(timed(lambda: seal_new_rows(begins_with_history=True))[0])
    print(f"sealing {TEN_THOUSAND:,} events: {min(tries):.2f} to {max(tries):.2f} s", flush=True)
    copy_events(options.rows - 5 * TEN_THOUSAND)
    seconds, seals = timed(seal_new_rows)
    rows = sum(seal.rows for seal in seals)
    print(f"sealing {rows:,} events at once: {seconds:.1f} s, {rows / seconds:,.0f} rows/s", flush=True)
    _programme.settle()
    before = megabytes()
    seconds, verdict = timed(verify_ledger)
    assert not verdict.problems, verdict.problems
    print(f"verifying {verdict.rows:,} rows: {seconds:.1f} s, {verdict.rows / seconds:,.0f} rows/s", flush=True)
    print(f"memory while verifying: {before:.0f} -> {megabytes():.0f} MB", flush=True)
    return 0 if min(tries) < PROMISED_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
