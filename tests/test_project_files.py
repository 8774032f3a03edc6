"""The files that people and tools expect in a repository agree with each other and with the code."""

import re
import tomllib
from datetime import date
from itertools import pairwise
from pathlib import Path

import yaml

from devtools.bootstrap import places
from devtools.bootstrap.testing import checks, types_check

ROOT = Path(__file__).resolve().parent.parent
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
RELEASED = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", CHANGELOG, re.MULTILINE)
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_newest_version_of_the_changelog_is_that_of_the_project() -> None:
    assert RELEASED[0][0] == VERSION
    assert "\n## [Unreleased]\n" in CHANGELOG.partition(f"## [{VERSION}]")[0]


def test_the_changelog_keeps_its_form() -> None:
    numbers = [tuple(map(int, version.split("."))) for version, _day in RELEASED]
    assert all(newer > older for newer, older in pairwise(numbers))
    days = [date.fromisoformat(day) for _version, day in RELEASED]
    assert days == sorted(days, reverse=True)
    assert len(re.findall(r"^## ", CHANGELOG, re.MULTILINE)) == len(RELEASED) + 1
    assert set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE)) <= KINDS


def test_the_security_policy_supports_this_version_and_names_no_address() -> None:
    policy = (ROOT / "SECURITY.md").read_text()
    assert f"| {VERSION.rpartition('.')[0]} and the branch `main` | yes |" in policy
    assert "Report a vulnerability" in policy
    assert re.findall(r"\S+@\S+", policy) == []


def test_the_hooks_run_the_commands_of_the_checks() -> None:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local", "no version of a tool is stated a second time"
    hooks = {hook["name"]: hook["entry"].split() for hook in repository["hooks"]}
    commands = {name: command for name, command, _more in checks()} | {"mypy": types_check()}
    python = str(Path(places.PYTHON).relative_to(places.ROOT))
    assert hooks.pop("catalogues") == ["./dev", "catalogues", "--check"]
    assert set(hooks) == {"ruff check", "ruff format", "mypy"}
    for name, entry in hooks.items():
        assert entry == [python, *commands[name][1:]]


def test_the_editors_line_is_the_linters() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["line-length"]
    python = (ROOT / ".editorconfig").read_text().partition("[*.py]")[2].partition("[")[0]
    assert f"max_line_length = {linter}" in python
