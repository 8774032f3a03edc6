"""The README and docs/ name only what exists: files, headings, commands, settings, names of the code, decisions."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import get_commands
from django.urls import URLResolver

from assessments.models import Assessment
from assessments.reports.table import COLUMNS
from devtools.bootstrap.command_line import parse
from portal import api_urls

ROOT = Path(__file__).resolve().parent.parent
# Decisions also name what was tried, and libraries: their paths and commands are compared, not their names of code.
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
GUIDES = [path for path in DOCUMENTS if path.parent.name != "decisions"]
FOLDERS = ("assessments", "benchmarks", "brands", "devtools", "docs", "factories", "portal", "requirements", "sharing")
FOLDERS += ("tests", ".ci")
SOURCE = {".py", ".html", ".toml", ".typ", ".json", ".js", ".sh", ".in", ".txt", ""}
OTHER_ADDRESSES = {"schema/", "docs/", "^.*$"}  # the description, its page, and what does not exist
FOREIGN = {
    "X-Forwarded-For", "X-Forwarded-Proto", "X-CSRFToken", "Retry-After",  # headers of HTTP
    "log_error_verbosity", "log_min_duration_statement", "log_min_error_statement", "log_statement",  # PostgreSQL's
    "InvalidKeyIdError", "BadSignatureError", "UnsupportedAlgorithmError",  # joserfc's
    "max_connections", "pg_dump", "pg_prepared_statements", "proxy_set_header", "proxy_add_x_forwarded_for",
}  # fmt: skip


def name_of(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def quoted(document: Path) -> list[str]:
    """Return what stands between backticks in the text, outside blocks of code."""
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", text)


def anchors_of(document: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links_of(document: Path) -> Iterator[tuple[Path, str]]:
    """Yield the file and the anchor of each link to another part of the repository."""
    text = document.read_text()
    for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"^\[[^\]]+\]: (\S+)$", text, re.MULTILINE):
        if "://" not in target:
            path, _hash, anchor = target.partition("#")
            yield ((document.parent / path).resolve() if path else document), anchor


def paths_of(document: Path) -> Iterator[str]:
    """Yield the paths that are named between backticks and begin at a folder of the repository."""
    for text in quoted(document):
        first, slash, _rest = text.partition("/")
        if slash and first in FOLDERS and not re.search(r"[<>{}*\s]", text):
            yield text


@cache
def words_of_the_sources() -> frozenset[str]:
    files = [path for folder in FOLDERS if folder != "docs" for path in (ROOT / folder).rglob("*")]
    files += [ROOT / "dev", ROOT / "manage.py", ROOT / "pyproject.toml", ROOT / "gunicorn.conf.py"]
    texts = (
        path.read_text() for path in files if path.is_file() and path.suffix in SOURCE and "locale" not in path.parts
    )
    return frozenset(
        word for text in texts for word in re.findall(r"[\w-]+|\w+", text) for word in {word, *word.split("-")}
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    links = list(links_of(document))
    assert [str(path) for path, _anchor in links if not path.exists()] == []
    assert [f"{path.name}#{anchor}" for path, anchor in links if anchor and anchor not in anchors_of(path)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_path_exists(document: Path) -> None:
    assert [path for path in paths_of(document) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", GUIDES, ids=name_of)
def test_every_file_that_is_named_without_its_folder_exists(document: Path) -> None:
    named = {text for text in quoted(document) if re.fullmatch(r"\w[\w.-]*\.(py|md|toml|typ|json)", text)}
    saved = {"receipt.json", "jwks.json"}  # what a reader downloads
    assert [name for name in named - saved if not any(ROOT.glob(name)) and not any_file(name)] == []


def any_file(name: str) -> bool:
    return any(True for folder in FOLDERS for _path in (ROOT / folder).rglob(name))


def test_every_command_exists() -> None:
    texts = {name_of(document): document.read_text() for document in DOCUMENTS}
    commands = {(name, command) for name, text in texts.items() for command in re.findall(r"manage\.py (\w+)", text)}
    assert {"migrate", "verify_ledger"} <= {command for _name, command in commands}
    assert sorted(one for one in commands if one[1] not in {*get_commands(), "pgtrigger"}) == []


def test_every_command_of_dev_exists() -> None:
    text = "\n".join(document.read_text() for document in DOCUMENTS)
    named = set(re.findall(r"\./dev (\w+)", text))
    assert {"up", "test", "bench"} <= named
    for command in named:
        assert parse([command]).command == command
    benchmarks = set(re.findall(r"\./dev bench (\w+)", text))
    assert [name for name in benchmarks if not (ROOT / "benchmarks" / f"{name}.py").exists()] == []


@pytest.mark.parametrize("document", GUIDES, ids=name_of)
def test_every_setting_and_every_name_of_code_is_in_the_sources(document: Path) -> None:
    named = {
        word
        for text in quoted(document)
        for word in re.findall(r"^[\w-]+(?=$|[(=:.])", text)
        if "_" in word.strip("_") or re.search(r"[a-z][A-Z]", word)
    }
    tables = {model._meta.db_table for model in apps.get_models()}
    assert sorted(named - words_of_the_sources() - tables - FOREIGN) == []


def variables_of_the_settings() -> set[str]:
    """Return the environment variables that portal/settings.py reads: all are named where a call reads one."""
    tree = ast.parse((ROOT / "portal" / "settings.py").read_text())
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and not ast.unparse(node.func).startswith("config.")
    ]
    names = {one.value for call in calls for one in call.args[:1] if isinstance(one, ast.Constant)}
    return {str(name) for name in names if re.fullmatch(r"[A-Z][A-Z_]+", str(name))}


def test_operations_names_every_setting_and_no_other() -> None:
    table = (ROOT / "docs" / "operations.md").read_text().partition("\n## Settings\n")[2].partition("\n## ")[0]
    named = {name for row in re.findall(r"^\| (.+?) \|", table, re.MULTILINE) for name in re.findall(r"`(.+?)`", row)}
    assert {"SECRET_KEY", "METRICS_TOKEN"} <= variables_of_the_settings()
    assert named - {"WEB_CONCURRENCY"} == variables_of_the_settings()  # which gunicorn.conf.py reads


def api_addresses(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    """Yield the addresses of version 1 of the API, with `{id}` for each key and `{number}` for a receipt's."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from api_addresses(pattern.url_patterns, prefix + str(pattern.pattern))
        else:
            address = re.sub(r"<str:(\w+)>", r"{\1}", prefix + str(pattern.pattern))
            yield re.sub(r"<\w+:\w+>", "{id}", address).removeprefix("v1/")


def test_the_guide_to_the_api_names_every_address_and_no_other() -> None:
    guide = (ROOT / "docs" / "api.md").read_text().partition("\n## Addresses\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?) \|", guide, re.MULTILINE)
    named = [address for row in rows for address in re.findall(r"`(.+?)`", row)]
    assert len(named) == len(set(named))
    assert sorted(named) == sorted(set(api_addresses(api_urls.urlpatterns)) - OTHER_ADDRESSES)


def test_every_decision_that_is_cited_exists() -> None:
    numbers = {int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md")}
    texts = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.*") if path.suffix in {".py", ".md"}]
    cited = {
        (path.name, int(number))
        for path in [*texts, ROOT / "README.md"]
        for number in re.findall(r"\bdecisions?[ _\[/]{1,2}(\d+)", path.read_text())
    }
    assert len(cited) > 30
    assert sorted(one for one in cited if one[1] not in numbers) == []


def test_every_package_of_the_portal_has_its_reason_in_decision_15() -> None:
    (decision,) = (ROOT / "docs" / "decisions").glob("0015-*.md")
    cells = " ".join(re.findall(r"^\| (.+?) \|", decision.read_text(), re.MULTILINE))
    wanted = {
        name
        for lock in ("run", "embedded")
        for name in re.findall(r"^[a-z][\w-]*", (ROOT / "requirements" / f"{lock}.in").read_text(), re.MULTILINE)
    }
    assert {"django", "pgmq"} <= wanted
    assert sorted(wanted - set(re.findall(r"[\w-]+", cells))) == []


def test_the_words_name_each_state_of_an_assessment_in_its_order() -> None:
    table = (
        (ROOT / "docs" / "words.md").read_text().partition("| state | meaning |\n|---|---|\n")[2].partition("\n\n")[0]
    )
    assert re.findall(r"^\| (.+?) \|", table, re.MULTILINE) == [str(state.label) for state in Assessment.State]


def test_the_words_name_each_column_of_the_long_table_in_its_order() -> None:
    table = (
        (ROOT / "docs" / "words.md").read_text().partition("| column | meaning |\n|---|---|\n")[2].partition("\n\n")[0]
    )
    assert re.findall(r"`(.+?)`", re.sub(r"(?<=\| )[^`|]*(?= \|$)", "", table, flags=re.MULTILINE)) == list(COLUMNS)


def test_no_text_refers_to_what_the_repository_does_not_have() -> None:
    outside = re.compile(r"\b(?:design|domain|style|english|peers|hooks)\.md\b|\broadmap \d")
    own = Path(__file__)
    texts = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.*") if path.suffix in SOURCE | {".md"}]
    assert [path.name for path in texts if path != own and path.is_file() and outside.search(path.read_text())] == []


def test_a_heading_gets_the_anchor_of_github(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("# The house\n\n## Changing SECRET_KEY\n\n### Back up, and then?\n")
    assert anchors_of(document) == {"the-house", "changing-secret_key", "back-up-and-then"}
