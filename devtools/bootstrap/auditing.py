"""Known vulnerabilities of the locked packages."""

import json
import re
import subprocess
import tempfile
from typing import Any

from devtools.bootstrap import places
from devtools.bootstrap.console import say

AUDIT = ("--progress-spinner", "off", "--format", "json", "--timeout", "10", "--disable-pip", "--require-hashes")
SKIPPED = 77


def audit(arguments: list[str], environment: dict[str, str]) -> int:
    """Ask for known vulnerabilities of the locked packages; skipped, with the reason, where nobody answers."""
    # One package first: a mirror that knows nothing about vulnerabilities need not be asked sixty times.
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as probe:
        lock = (places.ROOT / "requirements/run.txt").read_text()
        probe.write(re.search(r"^django==(?:.*\\\n)*.*\n", lock, re.MULTILINE)[0])  # type: ignore[index]
        probe.flush()
        problem, _ = audited([*arguments[:-1], probe.name], environment)
    if not problem:
        problem, packages = audited(arguments, environment)
    if problem:
        say(f"skipped: {problem}")
        return SKIPPED
    found = [(package, flaw) for package in packages for flaw in package["vulns"]]
    for package, flaw in found:
        fixed = ", ".join(flaw.get("fix_versions", [])) or "no version yet"
        say(f"{package['name']} {package['version']}: {flaw['id']}, fixed in {fixed}")
    say(f"{len(packages)} packages audited, {len(found)} known vulnerabilities.")
    return 1 if found else 0


def audited(arguments: list[str], environment: dict[str, str]) -> tuple[str, list[dict[str, Any]]]:
    """Return (why it could not be done or "", the packages that the vulnerability service knows)."""
    try:
        result = subprocess.run(
            arguments, capture_output=True, text=True, env=environment, cwd=places.ROOT, timeout=120, check=False
        )
        packages = json.loads(result.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return "the vulnerability service did not answer within 120 s.", []
    except ValueError:
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        return f"the vulnerability service cannot be reached ({lines[-1][:150] if lines else 'no reason given'}).", []
    known = [package for package in packages if "vulns" in package]
    if not known:
        return "the package index used here does not tell vulnerabilities.", []
    return "", known
