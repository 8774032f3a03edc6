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

import pytest

from devtools.bootstrap import command_line, console, environment, instance, lifecycle, packages, places
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


def test_no_command_is_explained(elsewhere: None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command_line.parse([])
    with pytest.raises(SystemExit):
        command_line.parse(["up", "--prot", "8001"])
    assert "--prot" in capsys.readouterr().err


def test_arguments_after_the_command_are_not_ours(elsewhere: None) -> None:
    assert command_line.parse(["test", "-k", "grant", "--help"]).arguments == ["-k", "grant", "--help"]
    assert command_line.parse(["manage", "migrate", "--database", "owner"]).arguments == [
        "migrate",
        "--database",
        "owner",
    ]


def test_missing_venv_module(elsewhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(
        console.Stop, match=r"module ensurepip is missing\. Debian, Ubuntu: apt install python3\.\d+-venv"
    ):
        packages.ensure_venv()


def test_something_else_named_venv_is_left_alone(elsewhere: None) -> None:
    places.VENV.mkdir()
    (places.VENV / "thesis.txt").write_text("years of work")
    with pytest.raises(console.Stop, match="is not a Python environment: move it away"):
        packages.ensure_venv()
    assert (places.VENV / "thesis.txt").exists()


def test_nearly_full_disk(elsewhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100, 99, 50 * 2**20))
    with pytest.raises(console.Stop, match=r"50 MB are free at .*, 200 MB are needed. Free some space"):
        instance.require_space("run")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(errno.ENOSPC, "The disk is full"), (errno.EACCES, "No permission")],
)
def test_failing_file(
    elsewhere: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, sentence: str
) -> None:
    def fail() -> None:
        raise OSError(number, os.strerror(number), "/some/file")

    monkeypatch.setattr(lifecycle, "prepare_state", fail)
    monkeypatch.setattr(sys, "argv", ["dev", "up"])
    assert command_line.main() == 1
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
def test_failing_installation(elsewhere: None, output: str, sentence: str) -> None:
    assert sentence in packages.explain_install(output, "The packages could not be installed")


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


def test_the_state_of_another_user_is_refused(elsewhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    with pytest.raises(console.Stop, match=r"belongs to user .*: run ./dev as that user"):
        instance.prepare_state()


def test_state_that_others_could_read_is_closed(elsewhere: None) -> None:
    places.STATE.chmod(0o755)
    instance.prepare_state()
    assert places.STATE.stat().st_mode & 0o777 == 0o700


def test_lost_secrets_are_not_replaced_silently(elsewhere: None) -> None:
    data = places.STATE / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("18\n")
    with pytest.raises(console.Stop, match="missing or damaged: restore it, or run"):
        instance.instance()


def test_a_new_lock_is_noticed(elsewhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    places.VENV.mkdir()
    monkeypatch.setattr(packages, "venv_python", lambda: "(3, 11)")
    places.STAMP.write_text(json.dumps({"python": "(3, 11)", "embedded": packages.lock_hash("embedded")}))
    assert packages.installed("embedded")
    assert not packages.installed("dev")
    monkeypatch.setattr(packages, "lock_hash", lambda kind: f"a new {kind}")
    assert not packages.installed("embedded")


def test_another_python_under_the_same_venv_is_noticed(elsewhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    places.VENV.mkdir()
    places.STAMP.write_text(json.dumps({"python": "(3, 11)", "embedded": packages.lock_hash("embedded")}))
    for version in ("(3, 13)", ""):
        monkeypatch.setattr(packages, "venv_python", lambda version=version: version)
        assert not packages.installed("embedded")


def test_pip_is_the_environments_own_or_else_the_one_that_python_brings(
    elsewhere: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own, wheel = [places.PYTHON, "-m", "pip"], tmp_path / "pip-99-py3-none-any.whl"
    monkeypatch.setattr(packages, "bundled_pip", lambda: None)
    assert packages.pip_command() == own
    monkeypatch.setattr(packages, "bundled_pip", lambda: wheel)
    assert packages.pip_command() == [places.PYTHON, str(wheel / "pip")]
    package = places.VENV / "lib" / "python3.11" / "site-packages" / "pip"
    package.mkdir(parents=True)
    (package / "__main__.py").touch()
    assert packages.pip_command() == own


def test_the_bundled_pip_runs(elsewhere: None) -> None:
    wheel = packages.bundled_pip()
    if wheel is None:
        pytest.skip("this Python brings no pip")
    answer = subprocess.run(
        [sys.executable, str(wheel / "pip"), "--version"], capture_output=True, text=True, check=False
    )
    assert answer.stdout.startswith("pip "), answer.stderr


def test_packages_that_a_killed_pip_left_are_not_trusted(elsewhere: None) -> None:
    base = Path(os.path.realpath(sys.executable))
    (places.VENV / "bin").mkdir(parents=True)
    (places.VENV / "bin" / "python").symlink_to(base)
    (places.VENV / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")
    assert packages.is_usable() == (packages.bundled_pip() is not None), "the system's own packages are not looked at"
    (places.VENV / "lib").symlink_to(Path(sys.prefix) / "lib")
    assert packages.is_usable()
    places.INSTALLING.touch()
    assert not packages.is_usable()


def test_what_would_lead_our_programs_elsewhere_is_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without compiled modules each start would take seconds; other projects have settings and databases of theirs."""
    ours = {"HOME": "/home/of/mine", "PIP_INDEX_URL": "https://mirror.example"}
    theirs = (
        "PGHOST",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONDONTWRITEBYTECODE",
        "VIRTUAL_ENV",
        "DATABASE_URL",
        "SECRET_KEY",
    )
    for name, value in {**ours, **dict.fromkeys(theirs, "elsewhere")}.items():
        monkeypatch.setenv(name, value)
    kept = environment.clean_environment()
    assert ours.items() <= kept.items()
    assert not set(theirs) & set(kept)


def test_the_lock_names_hashes_and_no_host() -> None:
    for name in ("run", "embedded", "dev"):
        text = (REPOSITORY / "requirements" / f"{name}.txt").read_text()
        entries = text.replace("\\\n", " ").splitlines()
        assert all("--hash=sha256:" in entry for entry in entries if "==" in entry)
        assert "://" not in text
        assert "index" not in text
