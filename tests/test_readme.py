"""The README says what the code does: the demo's accounts, the files it points to, the commands it names."""

import re
import tomllib
from pathlib import Path

from django.core.management import get_commands

from portal.demo.accounts import ACCOUNTS, PASSWORD

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def test_the_accounts_are_those_of_the_demo() -> None:
    rows = re.findall(r"^\| (\S+@\S+) \| (.+?) \| ?(.*?) ?\|$", README, re.MULTILINE)
    assert rows == [(account.email, account.describe, account.organisation) for account in ACCOUNTS]
    assert f"`{PASSWORD}`" in README


def test_every_file_it_points_to_exists() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    missing = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text())
        if not (document.parent / target).exists()
    ]
    assert missing == []


def test_every_command_it_names_exists() -> None:
    named = set(re.findall(r"manage\.py (\w+)", README))
    assert {"migrate", "create_staff"} <= named
    assert named <= set(get_commands())


def test_every_setting_it_names_is_read() -> None:
    settings = (ROOT / "portal" / "settings.py").read_text()
    named = set(re.findall(r"(?:`|^ {4})([A-Z]+_[A-Z_]+)[=`]", README, re.MULTILINE))
    assert {"DATABASE_OWNER_URL", "DEFAULT_FROM_EMAIL", "STATE_DIR"} <= named
    assert [name for name in named if f'"{name}"' not in settings] == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_layers_are_those_that_the_linter_holds() -> None:
    linted = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in linted if contract["type"] == "layers")
    built = [layer for layer in layers if not layer.startswith("(")]
    assert f"Imports go one way: {' -> '.join(built)}." in README
    plan = (ROOT / "docs" / "architecture.md").read_text().partition("## Layers")[2].partition("\n## ")[0]
    assert re.findall(r"^ {4}([\w.]+(?: \| [\w.]+)?)(?:  |$)", plan, re.MULTILINE) == built
