"""The CPU seconds of each test file, against its line in tests/budgets.toml.

Counted is the process that runs the tests: not the database, not a browser or a worker that a test starts, and not
what is made once for many tests (the databases, the demo). Waiting costs nothing, so a busy machine changes little;
what its cores lose to neighbours is measured with a yardstick, a fixed piece of work, and the limits grow with it.
A process's first pages cost some seconds (words, templates, statements), whichever file they are in.

    ./dev test               fails when a file takes more than twice its line, and more than FIRST_PAGES over it
    ./dev test --budgets     runs the suite and writes the lines anew
"""

import math
import random
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

FILE = Path(__file__).with_name("budgets.toml")
TOLERANCE = 2.0
LEAST = 1.0  # seconds: no line is smaller
FIRST_PAGES = 5.0  # seconds that a file may be over its line, for it may meet the first pages of each process
OTHERS = 5.0  # seconds for a file without a line
SCATTERED = 500_000  # tuples and numbers: some 40 MB
SHARED = ("session", "package")
BETWEEN_SAMPLES = 5.0  # seconds
HEAD = """\
# CPU seconds of each test file, written by `./dev test --budgets`; `./dev test` allows twice as much.
# The yardstick is a fixed piece of work, in milliseconds, on the machine that wrote this file.
"""


class Meter:
    """What one process spends: seconds by file, and how long the yardstick took in between."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.yardstick: list[float] = []
        self.shared = 0.0  # spent on fixtures of many tests, inside the current test
        self._in_shared = False
        self._sampled_at = -math.inf

    def sample(self) -> None:
        """Take the yardstick's time, but not for each test."""
        if time.monotonic() - self._sampled_at > BETWEEN_SAMPLES:
            self._sampled_at = time.monotonic()
            self.yardstick.append(yardstick())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Count a test's seconds, from its fixtures to their end."""
        self.sample()
        self.shared, began = 0.0, time.process_time()
        done = yield
        self.seconds[item.nodeid.partition("::")[0]] += time.process_time() - began - self.shared
        return done

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        """Leave out what is made once for many tests: which of them meets it first is chance."""
        if fixturedef.scope not in SHARED or self._in_shared:
            return (yield)
        self._in_shared, began = True, time.process_time()
        try:
            return (yield)
        finally:
            self._in_shared = False
            self.shared += time.process_time() - began

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand the counts to the process that started this one."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["cpu"] = (dict(self.seconds), self.yardstick)


class Budgets:
    """Adds up what the processes spent, and checks or writes the budgets."""

    def __init__(self, meter: Meter, purpose: str) -> None:
        self.meter, self.purpose = meter, purpose
        self.complaints: list[str] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a process of pytest-xdist counted."""
        seconds, samples = getattr(node, "workeroutput", {}).get("cpu", ({}, []))
        self.meter.seconds.update(seconds)
        self.meter.yardstick += samples

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Fail a run that passed but took too long; write the file only after a run that passed."""
        if exitstatus != pytest.ExitCode.OK or not self.meter.yardstick:
            return
        if self.purpose == "write":
            FILE.write_text(as_toml(self.meter.seconds, fmean(self.meter.yardstick)))
            return
        self.complaints = exceeded(self.meter.seconds, fmean(self.meter.yardstick), tomllib.loads(FILE.read_text()))
        if self.complaints:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the dearest files, and those over their budget."""
        terminalreporter.section("CPU seconds by file (tests/budgets.py)")
        for file, seconds in self.meter.seconds.most_common(15):
            terminalreporter.line(f"{seconds:7.1f}  {file}")
        total, count = sum(self.meter.seconds.values()), len(self.meter.seconds)
        terminalreporter.line(f"{total:7.1f}  all {count} files")
        for complaint in self.complaints:
            terminalreporter.line(f"FAILED {complaint}", red=True)


def yardstick() -> float:
    """Return the CPU seconds of a fixed piece of work: some for the processor, some for memory beyond its caches.

    What neighbours take away is mostly the latter, and Django's objects lie as scattered as these.
    """
    places, place = scattered(), 0
    began = time.process_time()
    words = {str(number): number for number in range(20_000)}
    sum(words[str(number)] for number in range(20_000))
    for _ in range(60_000):
        place = places[place][0]
    return time.process_time() - began


@cache
def scattered() -> list[tuple[int]]:
    """Return a walk through memory: each place names the next one, in no order."""
    order = random.Random(1).sample(range(SCATTERED), SCATTERED)
    places = [(0,)] * SCATTERED
    for here, following in zip(order, order[1:] + order[:1], strict=True):
        places[here] = (following,)
    return places


def as_toml(seconds: dict[str, float], taken: float) -> str:
    """Return the text of the file: the yardstick, then a line for each test file."""
    lines = [f'"{file}" = {max(LEAST, math.ceil(spent * 10) / 10)}' for file, spent in sorted(seconds.items())]
    return "\n".join([f"{HEAD}yardstick = {taken * 1000:.1f}", "", "[files]", *lines, ""])


def exceeded(seconds: dict[str, float], taken: float, written: dict[str, Any]) -> list[str]:
    """Return a sentence for each file that took more than its budget allows here."""
    slower = max(1.0, taken * 1000 / written["yardstick"])
    found = []
    for file, spent in sorted(seconds.items()):
        line = written["files"].get(file, OTHERS)
        if spent > max(line * TOLERANCE, line + FIRST_PAGES) * slower:
            found.append(
                f"{file} took {spent:.1f} CPU seconds; its line in tests/budgets.toml says {line}, and this machine "
                f"is {slower:.1f} times as slow. Make it faster, or run ./dev test --budgets and say why in the commit."
            )
    return found


def register(config: pytest.Config) -> None:
    """Where budgets are asked for, count in each process; check or write in the one that started the others."""
    purpose = config.getoption("cpu_budgets")
    if not purpose:
        return
    scattered()
    meter = Meter()
    config.pluginmanager.register(meter, "cpu-meter")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Budgets(meter, purpose), "cpu-budgets")
