"""A browser, a live server, a real worker."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from portal.core import jobs
from tests.e2e.visitor import Visitor
from tests.worker import Worker
from tests.world import PASSWORD, World, build_world

# As root, and on a machine without the internet: no sandbox, no talk with anybody but us.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of this machine: `PORTAL_CHROMIUM`, or the first found. With `PORTAL_REQUIRE_BROWSER=1` it must be."""
    found = os.environ.get("PORTAL_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = f"No browser: none of {', '.join(NAMES)} is installed, and PORTAL_CHROMIUM names none."
        if os.environ.get("PORTAL_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    # Playwright's loop runs in this thread; the test asks the database between two steps, never during one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def world(transactional_db: None) -> World:
    """The usual people, committed: the server and the worker see them."""
    return build_world()


@pytest.fixture
def worker(transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A running worker, to which the live server sends its jobs."""
    started = Worker(tmp_path)
    monkeypatch.setattr(jobs, "nudge", started.nudge)
    started.start()
    yield started
    started.close()


@pytest.fixture
def visit(browser: Browser, live_server: Any, world: World) -> Iterator[Callable[..., Visitor]]:
    """Sit somebody of the world down at a browser of their own; keywords are those of a browser context."""
    contexts = []

    def arrive(persona: str, **options: Any) -> Visitor:
        context = browser.new_context(locale="en-GB", **options)
        contexts.append(context)
        visitor = Visitor(context, live_server.url, persona, may_scan=options.get("java_script_enabled", True))
        person = world.people.get(persona)
        if person is not None:
            visitor.sign_in(person.email, PASSWORD)
        return visitor

    yield arrive
    for context in contexts:
        context.close()
