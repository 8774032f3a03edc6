"""The budgets of the test files: what is measured, and when a file exceeds its line."""

import tomllib

import pytest

from tests.budgets import FIRST_PAGES, LEAST, OTHERS, as_toml, exceeded, yardstick

WRITTEN = {"yardstick": 10.0, "files": {"tests/a.py": 8.0, "tests/small.py": 1.0}}


@pytest.mark.parametrize(
    ("file", "seconds", "milliseconds", "is_exceeded"),
    [
        ("tests/a.py", 15.9, 10, False),
        ("tests/a.py", 16.1, 10, True),
        ("tests/a.py", 16.1, 15, False),  # the machine is slower
        ("tests/a.py", 15.9, 5, False),  # a faster one makes no limit smaller
        ("tests/small.py", 1.0 + FIRST_PAGES - 0.1, 10, False),
        ("tests/small.py", 1.0 + FIRST_PAGES + 0.1, 10, True),
        ("tests/new.py", 2 * OTHERS - 0.1, 10, False),
        ("tests/new.py", 2 * OTHERS + 0.1, 10, True),
    ],
)
def test_a_file_may_exceed_its_line_a_little(file: str, seconds: float, milliseconds: int, is_exceeded: bool) -> None:
    found = exceeded({file: seconds}, milliseconds / 1000, WRITTEN)
    assert bool(found) == is_exceeded
    assert all(file in sentence and "./dev test --budgets" in sentence for sentence in found)


def test_what_is_written_is_what_is_read_and_no_line_is_too_small_to_keep() -> None:
    read = tomllib.loads(as_toml({"tests/b.py": 3.21, "tests/a.py": 0.02}, 0.0123))
    assert read == {"yardstick": 12.3, "files": {"tests/a.py": LEAST, "tests/b.py": 3.3}}


def test_the_yardstick_takes_cpu_time() -> None:
    assert 0.001 < yardstick() < 1
