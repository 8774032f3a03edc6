"""The long run asks more than the ordinary one."""

import os
import subprocess
import sys

from tests.dev.checkout import REPOSITORY


def test_long_reaches_what_is_counted_when_tests_are_collected() -> None:
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:randomly", "--long"]
    asked = "tests/test_concurrency.py"
    environment = {name: value for name, value in os.environ.items() if name != "PORTAL_TEST_LONG"}
    done = subprocess.run(
        [*collect, asked], capture_output=True, text=True, cwd=REPOSITORY, check=False, env=environment
    )
    found = done.stdout
    names = [line for line in found.splitlines() if line.endswith("[99]")]
    assert names, found[-500:]
