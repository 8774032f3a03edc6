"""What goes wrong on people's machines is said in a sentence that names the way out."""

import ast
import errno
import json
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

from tests.dev.checkout import REPOSITORY
from tests.dev.conftest import MakeCheckout

Usage = namedtuple("Usage", "total used free")


def run_as_python(version: tuple[int, int, int], path: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.version_info = {version}; sys.argv = ['dev', 'up']; exec(open('dev').read())"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, env={"PATH": path}, check=False
    )


def test_an_old_python_is_told_what_to_install(tmp_path: Path) -> None:
    result = run_as_python((3, 9, 2), str(tmp_path))
    assert result.returncode == 1
    assert "needs Python 3.11 or newer, and this is Python 3.9" in result.stderr
    assert "python3.11-venv" in result.stderr


def test_an_old_python_hands_over_to_a_newer_one(tmp_path: Path) -> None:
    newer = tmp_path / "python3.12"
    newer.write_text("#!/bin/sh\necho taken over: $@\n")
    newer.chmod(0o755)
    assert run_as_python((3, 9, 2), f"{tmp_path}:/bin:/usr/bin").stdout == "taken over: dev up\n"


def test_old_pythons_can_parse_the_file() -> None:
    ast.parse((REPOSITORY / "dev").read_text(), feature_version=(3, 6))


def test_no_command_is_explained(dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        dev.parse([])
    with pytest.raises(SystemExit):
        dev.parse(["up", "--prot", "8001"])
    assert "--prot" in capsys.readouterr().err


def test_arguments_after_the_command_are_not_ours(dev: ModuleType) -> None:
    assert dev.parse(["test", "-k", "grant", "--help"]).arguments == ["-k", "grant", "--help"]
    assert dev.parse(["manage", "migrate", "--database", "owner"]).arguments == ["migrate", "--database", "owner"]


def test_missing_venv_module(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(dev.Stop, match=r"module ensurepip is missing\. Debian, Ubuntu: apt install python3\.\d+-venv"):
        dev.ensure_venv()


def test_something_else_named_venv_is_left_alone(dev: ModuleType) -> None:
    dev.VENV.mkdir()
    (dev.VENV / "thesis.txt").write_text("years of work")
    with pytest.raises(dev.Stop, match="is not a Python environment: move it away"):
        dev.ensure_venv()
    assert (dev.VENV / "thesis.txt").exists()


def test_nearly_full_disk(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100, 99, 50 * 2**20))
    with pytest.raises(dev.Stop, match=r"50 MB are free at .*, 200 MB are needed. Free some space"):
        dev.require_space("run")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(errno.ENOSPC, "The disk is full"), (errno.EACCES, "No permission")],
)
def test_failing_file(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, sentence: str
) -> None:
    def fail() -> None:
        raise OSError(number, os.strerror(number), "/some/file")

    monkeypatch.setattr(dev, "prepare_state", fail)
    monkeypatch.setattr(sys, "argv", ["dev", "up"])
    assert dev.main() == 1
    assert sentence in (said := capsys.readouterr().err)
    assert "/some/file" in said


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("ERROR: [Errno 28] No space left on device", "disk is full"),
        ("NewConnectionError: Temporary failure in name resolution", "network is down"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "not the one that was locked"),
        ("SSLError(SSLCertVerificationError(1, 'CERTIFICATE_VERIFY_FAILED'))", "PIP_CERT"),
        ("ERROR: No matching distribution found for typst==0.15.2", "no ready-made package"),
        ("The virtual environment was not created because ensurepip is not available.", "-venv"),
        ("something\nnever seen", "never seen"),
    ],
)
def test_failing_installation(dev: ModuleType, output: str, sentence: str) -> None:
    assert sentence in dev.explain_install(output, "The packages could not be installed")


def test_the_network_is_down(make_checkout: MakeCheckout) -> None:
    """pip itself, against an address that refuses."""
    checkout = make_checkout()
    lock = checkout.folder / "requirements" / "embedded.txt"
    lock.write_text(lock.read_text() + "\nnot-installed==1 --hash=sha256:" + "0" * 64 + "\n")
    refusing = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0"}
    result = checkout.run("up", "--port", str(checkout.port), **refusing)
    assert result.returncode == 1
    assert "The network is down or the package index cannot be reached" in result.stderr
    assert checkout.leftovers() == []


def test_the_state_of_another_user_is_refused(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    with pytest.raises(dev.Stop, match=r"belongs to user .*: run ./dev as that user"):
        dev.prepare_state()


def test_state_that_others_could_read_is_closed(dev: ModuleType) -> None:
    dev.STATE.chmod(0o755)
    dev.prepare_state()
    assert dev.STATE.stat().st_mode & 0o777 == 0o700


def test_lost_secrets_are_not_replaced_silently(dev: ModuleType) -> None:
    data = dev.STATE / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("18\n")
    with pytest.raises(dev.Stop, match="missing or damaged: restore it, or run"):
        dev.instance()


def test_a_new_lock_is_noticed(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    dev.VENV.mkdir()
    monkeypatch.setattr(dev, "venv_python", lambda: "(3, 11)")
    dev.STAMP.write_text(json.dumps({"python": "(3, 11)", "embedded": dev.lock_hash("embedded")}))
    assert dev.installed("embedded")
    assert not dev.installed("dev")
    monkeypatch.setattr(dev, "lock_hash", lambda kind: f"a new {kind}")
    assert not dev.installed("embedded")


def test_another_python_under_the_same_venv_is_noticed(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    dev.VENV.mkdir()
    dev.STAMP.write_text(json.dumps({"python": "(3, 11)", "embedded": dev.lock_hash("embedded")}))
    for version in ("(3, 13)", ""):
        monkeypatch.setattr(dev, "venv_python", lambda version=version: version)
        assert not dev.installed("embedded")


def test_pip_is_the_environments_own_or_else_the_one_that_python_brings(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own, wheel = [dev.PYTHON, "-m", "pip"], tmp_path / "pip-99-py3-none-any.whl"
    monkeypatch.setattr(dev, "bundled_pip", lambda: None)
    assert dev.pip_command() == own
    monkeypatch.setattr(dev, "bundled_pip", lambda: wheel)
    assert dev.pip_command() == [dev.PYTHON, str(wheel / "pip")]
    package = dev.VENV / "lib" / "python3.11" / "site-packages" / "pip"
    package.mkdir(parents=True)
    (package / "__main__.py").touch()
    assert dev.pip_command() == own


def test_the_bundled_pip_runs(dev: ModuleType) -> None:
    wheel = dev.bundled_pip()
    if wheel is None:
        pytest.skip("this Python brings no pip")
    answer = subprocess.run(
        [sys.executable, str(wheel / "pip"), "--version"], capture_output=True, text=True, check=False
    )
    assert answer.stdout.startswith("pip "), answer.stderr


def test_packages_that_a_killed_pip_left_are_not_trusted(dev: ModuleType) -> None:
    base = Path(os.path.realpath(sys.executable))
    (dev.VENV / "bin").mkdir(parents=True)
    (dev.VENV / "bin" / "python").symlink_to(base)
    (dev.VENV / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")
    assert dev.is_usable() == (dev.bundled_pip() is not None), "the system's own packages are not looked at"
    (dev.VENV / "lib").symlink_to(Path(sys.prefix) / "lib")
    assert dev.is_usable()
    dev.INSTALLING.touch()
    assert not dev.is_usable()


def test_the_lock_names_hashes_and_no_host() -> None:
    for name in ("run", "embedded", "dev"):
        text = (REPOSITORY / "requirements" / f"{name}.txt").read_text()
        entries = text.replace("\\\n", " ").splitlines()
        assert all("--hash=sha256:" in entry for entry in entries if "==" in entry)
        assert "://" not in text
        assert "index" not in text
