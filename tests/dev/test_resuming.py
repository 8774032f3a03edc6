"""A long run that was interrupted goes on with the tests that had not passed."""

from pathlib import Path

import pytest

from tests.resuming import Resuming

pytest_plugins = ["pytester"]
FILE = """
import pytest
def test_passes(): pass
def test_fails(): assert False
@pytest.fixture
def breaks():
    yield
    raise ValueError
def test_fails_afterwards(breaks): pass
"""


def test_what_passed_is_not_run_again(pytester: pytest.Pytester, tmp_path: Path) -> None:
    pytester.makepyfile(FILE)
    listed = tmp_path / "passed.txt"
    plain = [
        "-p",
        "no:randomly",
        "-p",
        "no:xdist",
        "-p",
        "no:django",
        "-c",
        "/dev/null",
        "--rootdir",
        str(pytester.path),
    ]
    for passed in (1, 0):
        run = pytester.inline_run(*plain, plugins=[Resuming(listed, lists=True)])
        assert run.countoutcomes()[0] + run.countoutcomes()[2] >= 2
        assert [report.nodeid.partition("::")[2] for report in run.listoutcomes()[0]].count("test_passes") == passed
    assert [line.partition("::")[2] for line in listed.read_text().split()] == ["test_passes"]
