"""The time that one PDF of about 250 questions takes, and whether a worker that renders fifty of them grows.

Run: `python -m benchmarks.render_report`. Prints the render step's wall time per script, and by how much the
process's resident memory grew over fifty renders. Fails when a median is over one second or memory grew.
"""

import os
import statistics
import sys
import time
from pathlib import Path

from assessments.reports import render
from tests.assessments.reports.sample import STAMP, document

RENDERS = 50
MOST_SECONDS = 1.0
MOST_GROWTH = 8 * 1024**2  # bytes: the noise of the memory allocator


def resident() -> int:
    """Return this process's resident memory in bytes (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def seconds(language: str, rounds: int) -> float:
    """Return the median wall time of rendering the Step 1 answers in a language, the longest report there is."""
    times = []
    for _ in range(rounds):
        built = document("step1", language)
        started = time.perf_counter()
        render(built, STAMP, "pdf")
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def growth(renders: int) -> int:
    """Return by how many bytes this process grew from the first render to the last."""
    seconds("km", rounds=3)
    before = resident()
    seconds("km", rounds=renders)
    return resident() - before


def main() -> int:
    """Print the figures; return 1 when one is over its limit."""
    medians = {language: seconds(language, rounds=5) for language in ("en", "km", "bn", "ar")}
    for language, median in medians.items():
        print(f"PDF of ~250 questions, {language}: {median:.2f} s")
    grown = growth(RENDERS) if sys.platform == "linux" else 0
    print(f"memory after {RENDERS} renders: {grown / 1024**2:+.1f} MB")
    return int(max(medians.values()) > MOST_SECONDS or grown > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
