"""In which order the tests run, and which of them in one process.

The order is chance (pytest-randomly), but for two things. First comes what takes long, so that neither process waits
for the other at the end. Then come the tests of one database after those of the other: each change costs a new
connection, on which the server has yet to learn every table.
"""

import tomllib
from collections import Counter

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests import budgets

# Tests that one process runs, one after the other: they share what is slow to make, or start a worker of their own.
# (The marker xdist_group would say so, but does not reach the scheduler under pytest 9.)
TOGETHER = {
    "tests/demo/loaded/": "demo",
    "tests/test_revoke_everywhere.py": "revoke",
    "tests/test_worlds.py": "worlds",
    "tests/e2e/": "worker",
    "tests/test_worker_crash.py": "worker",
}


class OneByOneOrTogether(LoadScopeScheduling):
    """Hands out test by test, but those of `TOGETHER` to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group for start, group in TOGETHER.items() if nodeid.startswith(start)), nodeid)


def put_in_order(items: list[pytest.Item]) -> None:
    """Sort them; what is alike stays in the order of chance."""
    dear = _dear_files(items)
    items.sort(key=lambda item: (-dear.get(_file_of(item), 0.0), _place_of(item)))


def _file_of(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _dear_files(items: list[pytest.Item]) -> dict[str, float]:
    """Return the CPU seconds of one test of each file, where that is more than a second."""
    seconds = tomllib.loads(budgets.FILE.read_text())["files"]
    means = {file: seconds.get(file, 0.0) / count for file, count in Counter(map(_file_of, items)).items()}
    return {file: mean for file, mean in means.items() if mean > 1}


def _place_of(item: pytest.Item) -> int:
    """Return a number for the database that the test works in: that of the stage, of the world, the empty one, none."""
    marker, names = item.get_closest_marker("django_db"), set(getattr(item, "fixturenames", ()))
    if marker is None and not names & {"db", "transactional_db", "live_server"}:
        return 4
    if has_real_transactions(item, marker or pytest.mark.django_db.mark):
        return 3
    return 0 if "stage" in names else 1 if "world" in names else 2


def has_real_transactions(item: pytest.Item, marker: pytest.Mark) -> bool:
    """Return whether what the test writes is committed."""
    fixtures = {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(marker.kwargs.get("transaction") or any(marker.args) or fixtures)
