"""Each test gets checkouts of its own, in folders with spaces and long paths, and leaves no process behind."""

import sys
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

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
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The file `dev` as a module, its state in a temporary folder."""
    loader = SourceFileLoader("dev_under_test", str(checkouts.REPOSITORY / "dev"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    for name, path in {"STATE": state, "LOGS": state / "log", "VENV": tmp_path / "venv"}.items():
        monkeypatch.setattr(module, name, path)
    module.LOGS.mkdir()
    monkeypatch.setattr(module, "STAMP", module.VENV / "portal-lock.json")
    monkeypatch.setattr(module, "INSTALLING", module.VENV / "portal-installing")
    monkeypatch.setattr(module, "PYTHON", str(module.VENV / "bin" / "python"))
    return module
