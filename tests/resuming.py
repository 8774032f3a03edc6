"""`./dev test --long` takes an hour or more: after an interruption it goes on with the tests that had not passed.

The tests that passed are listed in `.state/long/`, in a file for each state of the sources; any change begins anew.
"""

import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


class Resuming:
    """The plugin of a whole long run: leaves out the tests that passed before, and lists those that pass now."""

    def __init__(self, passed: Path, *, lists: bool) -> None:
        self.passed, self.lists = passed, lists
        self.before = frozenset(passed.read_text("utf-8").splitlines()) if passed.exists() else frozenset()
        self._called: set[str] = set()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Report as deselected what has passed."""
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in self.before])
        items[:] = [item for item in items if item.nodeid not in self.before]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """List a test once its teardown, too, is over without an error."""
        if report.when == "call" and not report.failed:
            self._called.add(report.nodeid)
        elif report.when == "teardown" and report.passed and report.nodeid in self._called and self.lists:
            with self.passed.open("a", encoding="utf-8") as file:
                file.write(f"{report.nodeid}\n")


def register(config: pytest.Config) -> None:
    """Let a long run go on where the last one of the same sources stopped. Only its first process writes the list."""
    folder = ROOT / ".state" / "long"
    folder.mkdir(parents=True, exist_ok=True)
    passed = folder / f"{_state_of_the_sources()}.txt"
    config.pluginmanager.register(Resuming(passed, lists=not hasattr(config, "workerinput")))


def _state_of_the_sources() -> str:
    """Return a digest of the commit and of what was changed since."""
    parts = [["rev-parse", "HEAD^{tree}"], ["diff", "HEAD"]]
    texts = [subprocess.run(["git", "-C", str(ROOT), *part], capture_output=True, check=True).stdout for part in parts]
    return sha256(b"".join(texts)).hexdigest()[:16]
