"""How long `./dev up` takes from nothing (with the packages in pip's cache) and the second time.

Run: `./dev bench start`. Clones this checkout's last commit into a temporary folder with a space in its name, runs
`./dev up` there twice and ends it. Fails over 60 s the first time or 5 s the second time. `--ceiling` stretches both,
for machines that do something else meanwhile.
"""

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
MOST_SECONDS = {"first": 60.0, "second": 5.0}


def free_port() -> int:
    """Return a port on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def seconds(checkout: Path, *words: str) -> float:
    """Return the wall time of one `./dev` command; show its output when it fails."""
    started = time.perf_counter()
    result = subprocess.run([checkout / "dev", *words], cwd=checkout, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"./dev {' '.join(words)} failed:\n{result.stdout}{result.stderr}")
    return time.perf_counter() - started


def measure(folder: Path) -> dict[str, float]:
    """Return the seconds of the first and the second `./dev up` in a fresh clone below `folder`."""
    checkout = folder / "a clean clone"
    subprocess.run(["git", "clone", "-q", REPOSITORY, checkout], check=True)
    up = ("up", "--detach", "--port", str(free_port()))
    times = {}
    try:
        for name in MOST_SECONDS:
            times[name] = seconds(checkout, *up)
            seconds(checkout, "down")
    finally:
        seconds(checkout, "reset", "--yes")
    return times


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ceiling", type=float, default=1.0, help="multiply the allowed seconds by this")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="portal-start-"))
    try:
        times = measure(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, taken in times.items():
        print(f"./dev up, {name} time: {taken:.1f} s (allowed: {MOST_SECONDS[name] * options.ceiling:.0f} s)")
    return 0 if all(taken <= MOST_SECONDS[name] * options.ceiling for name, taken in times.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
