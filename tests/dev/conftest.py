"""Each test gets checkouts of its own, in folders with spaces and long paths, and leaves no process behind."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devtools.bootstrap import places
from tests.dev import checkout as checkouts
from tests.dev.checkout import Checkout

MakeCheckout = Callable[..., Checkout]


@pytest.fixture
def make_checkout(tmp_path: Path) -> Iterator[MakeCheckout]:
    """A function that makes a checkout; all of them are ended and removed after the test."""
    made: list[Checkout] = []

    def make(name: str = "a folder with spaces", *, celery: bool = False) -> Checkout:
        made.append(checkouts.make(tmp_path / name, celery=celery))
        return made[-1]

    yield make
    for checkout in made:
        checkout.remove()


@pytest.fixture
def checkout(make_checkout: MakeCheckout) -> Checkout:
    return make_checkout()


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state and packages of `./dev` in a temporary folder."""
    state, venv = tmp_path / "state", tmp_path / "venv"
    (state / "log").mkdir(mode=0o700, parents=True)
    for name, path in {
        "STATE": state,
        "LOGS": state / "log",
        "VENV": venv,
        "STAMP": venv / "portal-lock.json",
        "INSTALLING": venv / "portal-installing",
        "PYTHON": str(venv / "bin" / "python"),
    }.items():
        monkeypatch.setattr(places, name, path)
