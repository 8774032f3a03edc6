"""The environment `.venv`: exactly what the requirements lock."""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from devtools.bootstrap import places
from devtools.bootstrap.console import Stop, step
from devtools.bootstrap.environment import clean_environment
from devtools.bootstrap.instance import require_space
from devtools.embedded.files import Lock, read_json
from devtools.embedded.processes import child_setup


def ensure_packages(kind: str) -> None:
    """Make .venv hold exactly what requirements/<kind>.txt locks ("embedded", or "dev", which contains it)."""
    if installed(kind):
        return
    require_space("install")
    lock = Lock(places.STATE / "install.lock")
    while not lock.acquire():
        time.sleep(0.2)
    try:
        if not installed(kind):
            ensure_venv()
            install("dev" if kind == "dev" or read_json(places.STAMP).get("dev") else "embedded")
    finally:
        lock.release()


def lock_hash(kind: str) -> str:
    return hashlib.sha256((places.ROOT / "requirements" / f"{kind}.txt").read_bytes()).hexdigest()


def installed(kind: str) -> bool:
    stamp = read_json(places.STAMP)
    return stamp.get(kind) == lock_hash(kind) and bool(stamp.get("python")) and stamp["python"] == venv_python()


def venv_python() -> str:
    """Return the version of .venv's Python, "" when it does not run (the system's Python was replaced)."""
    try:
        result = subprocess.run(
            [places.PYTHON, "-c", "import sys; print(sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return result.stdout.strip()


def is_usable() -> bool:
    """Return whether .venv has a Python that runs and a pip that was not killed at work."""
    if places.INSTALLING.exists() or not venv_python():
        return False
    version = [*pip_command(), "--version"]
    return subprocess.run(version, capture_output=True, env=clean_environment(), check=False).returncode == 0


def bundled_pip() -> Path | None:
    """Return the wheel from which ensurepip would install pip; pip runs from there too, which saves four seconds."""
    found = importlib.util.find_spec("ensurepip")
    own = [Path(str(found.origin)).parent / "_bundled"] if found and found.origin else []
    for folder in [*own, Path("/usr/share/python-wheels")]:  # the second is Debian's and Ubuntu's
        for wheel in sorted(folder.glob("pip-*.whl"), reverse=True):
            return wheel
    return None


def pip_command() -> list[str]:
    """Return the command that runs pip: that of .venv if it has one, else the bundled one."""
    wheel = bundled_pip()
    if wheel is None or any(places.VENV.glob("lib/python3*/site-packages/pip/__main__.py")):
        return [places.PYTHON, "-m", "pip"]
    return [places.PYTHON, str(wheel / "pip")]


def ensure_venv() -> None:
    """Make .venv if there is none that works."""
    if is_usable():
        return
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        raise Stop(
            f"Python's module {' and '.join(missing)} is missing. Debian, Ubuntu: apt install "
            f"python{sys.version_info[0]}.{sys.version_info[1]}-venv; Fedora: dnf install python3-pip. "
            "Then run this again."
        )
    if places.VENV.exists() and not (places.VENV / "pyvenv.cfg").exists() and any(places.VENV.iterdir()):
        raise Stop(f"{places.VENV} is not a Python environment: move it away, then run this again.")
    with step("Making .venv"):
        shutil.rmtree(places.VENV, ignore_errors=True)
        result = subprocess.run(
            [sys.executable, "-m", "venv", *(["--without-pip"] if bundled_pip() else []), str(places.VENV)],
            capture_output=True,
            text=True,
            env=clean_environment(),
            check=False,
        )
    if result.returncode != 0:
        raise Stop(explain_install(result.stdout + result.stderr, ".venv could not be made"))


def install(kind: str) -> None:
    """Install the locked wheels; nothing is built, nothing unlocked gets in.

    Two pips share the work: one unpacks while the other waits for the network or the disk.
    """
    lock = (places.ROOT / "requirements" / f"{kind}.txt").read_text()
    packages = re.split(r"^(?=\w)", lock, flags=re.MULTILINE)[1:]
    with step(f"Installing {len(packages)} locked packages"), tempfile.TemporaryDirectory(dir=places.STATE) as folder:
        places.INSTALLING.touch()
        logs = [places.LOGS / f"install-{number}.log" for number in (1, 2)]
        pips = []
        try:
            for log, part in zip(logs, (packages[::2], packages[1::2]), strict=True):
                listed = Path(folder) / f"{log.stem}.txt"
                listed.write_text("".join(part))
                pips.append(_pip(listed, log))
            codes = [pip.wait() for pip in pips]
        finally:
            for pip in pips:
                pip.kill()
                pip.wait()
        if min(codes) >= 0:
            places.INSTALLING.unlink()
    for code, log in zip(codes, logs, strict=True):
        if code != 0:
            raise Stop(explain_install(log.read_text(errors="replace"), f"The packages could not be installed ({log})"))
    stamp = {"python": venv_python(), kind: lock_hash(kind)}
    if kind == "dev":
        stamp["embedded"] = lock_hash("embedded")
    places.STAMP.write_text(json.dumps(stamp))


def _pip(listed: Path, log: Path) -> "subprocess.Popen[bytes]":
    """Start pip on a list of locked packages."""
    patience = [] if os.environ.get("PIP_DEFAULT_TIMEOUT") else ["--timeout", "20"]
    arguments = [
        *pip_command(), "install", "--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-compile",
        "--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--retries", "2", *patience,
        "-r", str(listed),
    ]  # fmt: skip
    with log.open("w") as output:
        return subprocess.Popen(
            arguments, stdout=output, stderr=output, env=clean_environment(),
            preexec_fn=child_setup(signal.SIGKILL),
        )  # fmt: skip


def explain_install(output: str, what: str) -> str:
    """Turn pip's or venv's output into a sentence."""
    reasons = {
        r"No space left on device|Disk quota exceeded": "The disk is full: free some space, then run this again.",
        r"do not match the hashes|THESE PACKAGES DO NOT MATCH": (
            "A package is not the one that was locked (its hash differs): do not install it, and ask who runs "
            "your package mirror."
        ),
        r"name resolution|NewConnectionError|ConnectTimeout|ConnectionError|Network is unreachable|Max retries|"
        r"getaddrinfo|Connection refused|ReadTimeoutError|timed out|ProxyError|No route to host|"
        r"nodename nor servname": (
            "The network is down or the package index cannot be reached: connect (or set HTTPS_PROXY or "
            "PIP_INDEX_URL), then run this again."
        ),
        r"SSLError|CERTIFICATE_VERIFY_FAILED": (
            "The package index's certificate was not accepted: set PIP_CERT to your organisation's certificate bundle."
        ),
        r"ensurepip is not available|No module named ensurepip": (
            "Python's venv is incomplete. Debian, Ubuntu: apt install "
            f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        ),
        r"No matching distribution found": (
            "There is no ready-made package for this Python or machine: use CPython 3.11 to 3.14 on Linux (x86_64, "
            "aarch64) or on a Mac with Apple silicon."
        ),
    }
    for pattern, sentence in reasons.items():
        if re.search(pattern, output):
            return f"{what}. {sentence}"
    lines = [line for line in output.splitlines() if line.strip()]
    return f"{what}: {lines[-1] if lines else 'no reason was given'}"
