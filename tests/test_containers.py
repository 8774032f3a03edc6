"""Dockerfile, compose.yaml and .env.example name only what exists, and contain no secret."""

import json
import re
import shlex
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.urls import resolve
from gunicorn.config import Config

from devtools.rehearsals.containers import build_context, image_health, instructions, interpolated
from devtools.rehearsals.documents import RehearsalError
from portal.celery import app as celery

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "beat")
EXAMPLE = (ROOT / ".env.example").read_text()
READ = set(
    re.findall(
        r"\b(?:required|boolean|positive|proxies|networks|sender|token|database|secret_keys|signing_keys|env\.\w+)"
        r'\(\s*"([A-Z_]+)"',
        (ROOT / "portal" / "settings.py").read_text(),
    )
) | {"WEB_CONCURRENCY"}  # gunicorn.conf.py
# For machines of developers; the folder that the image itself names; the owner, whom only `migrate` knows.
NOT_PASSED = {"DEBUG", "DEMO", "BROKER_URL", "STATE_DIR", "DATABASE_OWNER_URL"}


def commands(service: str) -> list[list[str]]:
    """The commands that a service runs, in words."""
    words = SERVICES[service]["command"]
    if words[:2] != ["sh", "-c"]:
        return [words]
    return [shlex.split(part) for part in words[2].split("&&")]


# --- settings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", OURS)
def test_a_service_gets_every_setting_and_nothing_else(service: str) -> None:
    expected = READ - NOT_PASSED | ({"DATABASE_OWNER_URL"} if service == "migrate" else set())
    assert set(SERVICES[service]["environment"]) == expected
    assert len(expected) > 30


def test_each_variable_of_compose_is_explained_and_no_other() -> None:
    text = (ROOT / "compose.yaml").read_text()
    passed = {name for name, value in SERVICES["web"]["environment"].items() if value is None}
    used = set(re.findall(r"\$\{([A-Z_]+)", text)) | passed
    assert set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE, re.MULTILINE)) == used
    unexplained = [
        block
        for block in re.split(r"\n\n+", EXAMPLE)
        if re.search(r"^#?[A-Z_]+=", block, re.MULTILINE) and "# " not in block
    ]
    assert unexplained == []


def test_what_is_required_has_no_value_to_start_with() -> None:
    required = set(re.findall(r"\$\{([A-Z_]+):\?", (ROOT / "compose.yaml").read_text()))
    assert set(re.findall(r"^([A-Z_]+)=$", EXAMPLE, re.MULTILINE)) == required
    assert {"SECRET_KEY", "SIGNING_KEYS", "POSTGRES_PASSWORD", "OWNER_PASSWORD", "APP_PASSWORD"} <= required
    assert re.findall(r"^[A-Z_]+=.+$", EXAMPLE, re.MULTILINE) == []
    with pytest.raises(RehearsalError, match="APP_PASSWORD"):
        interpolated(SERVICES["web"]["environment"]["DATABASE_URL"], {})


def test_only_the_migrations_know_the_owner_and_only_the_database_its_superuser() -> None:
    texts = {name: json.dumps(service) for name, service in SERVICES.items()}
    assert {name for name, text in texts.items() if "OWNER_PASSWORD" in text} == {"database", "migrate"}
    assert {name for name, text in texts.items() if "POSTGRES_PASSWORD" in text} == {"database"}
    roles = (ROOT / "deploy" / "database.sql").read_text()
    for name in ("owner", "app"):
        assert f"CREATE ROLE portal_{name} LOGIN" in roles
        assert f"\\getenv {name}_password {name.upper()}_PASSWORD" in roles
        for setting in ("log_min_error_statement = panic", "log_error_verbosity = terse"):
            assert f"ALTER ROLE portal_{name} SET {setting};" in roles


# --- commands ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", OURS)
def test_every_command_exists_and_takes_its_arguments(service: str) -> None:
    checks = [SERVICES[service].get("healthcheck", {}).get("test", ["CMD"])[1:]]
    for words in filter(None, [*commands(service), *checks]):
        if words[:2] == ["python", "manage.py"]:
            command = load_command_class(get_commands()[words[2]], words[2])
            command.create_parser("manage.py", words[2]).parse_args(words[3:])
        elif words[0] == "gunicorn":
            assert Config().parser().parse_args(words[1:]).bind == ["0.0.0.0:8000"]
            assert words[1] == "portal.wsgi"
        else:
            assert words[:3] == ["celery", "-A", "portal"]
            assert words[3] in {found.name for found in celery_commands()}
            assert celery.main == "portal"


def celery_commands() -> list[Any]:
    """The commands of Celery's command line."""
    from celery.bin.celery import celery as command_line

    return list(command_line.commands.values())


def test_the_image_starts_the_web_as_compose_does() -> None:
    (given,) = (rest for name, rest in instructions(1) if name == "CMD")
    assert json.loads(given) == SERVICES["web"]["command"]
    installed = {script.name for script in entry_points(group="console_scripts")}
    assert {"gunicorn", "celery"} <= installed


def test_the_image_asks_the_portals_own_health_page() -> None:
    program = image_health(8000)[2]
    compile(program, "healthcheck", "exec")
    (path,) = re.findall(r"'GET', '(\S+)'", program)
    (port,) = re.findall(r", (\d+),", program)
    assert resolve(path).url_name == "health"
    assert f":{port}" in SERVICES["web"]["command"][-1]
    assert SERVICES["web"]["ports"] == ["127.0.0.1:${PORTAL_PORT:-8000}:" + port]


# --- order and image --------------------------------------------------------------------------------------


def test_everything_waits_for_what_it_needs() -> None:
    for name in ("web", "worker", "beat"):
        needs = {other: how["condition"] for other, how in SERVICES[name]["depends_on"].items()}
        assert needs == {"migrate": "service_completed_successfully", "redis": "service_healthy"}
        assert SERVICES[name]["volumes"] == ["state:/var/lib/portal"]
    assert SERVICES["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert {"database", "redis"} == {name for name, one in SERVICES.items() if one["networks"] == ["data"]} - {
        "migrate"
    }
    assert COMPOSE["networks"]["data"] == {"internal": True}


def test_the_image_runs_without_rights_and_its_packages_are_locked() -> None:
    names = dict(instructions(1))
    assert names["USER"] == "10001:10001"
    assert "STATE_DIR=/var/lib/portal" in names["ENV"]
    (installs,) = (rest for _name, rest in instructions(0) if "pip install" in rest)
    assert {"--require-hashes", "--only-binary", ":all:", "requirements/run.txt"} <= set(installs.split())
    kept = [rest for stage in (0, 1) for name, rest in instructions(stage) if name in {"ENV", "ARG"}]
    assert re.findall(r"SECRET|SIGNING|PASSWORD|TOKEN", " ".join(kept)) == []


def test_the_image_contains_every_app_and_no_tests_or_settings() -> None:
    context = set(build_context())
    ours = {config.name.split(".")[0] for config in apps.get_app_configs() if Path(config.path).is_relative_to(ROOT)}
    ours = {name for name in ours if (ROOT / name).is_dir() and not name.startswith(".")}
    assert ours <= context
    assert [name for name in context if not (ROOT / name).exists()] == []
    assert context & {"tests", "docs", ".git", ".env", ".state"} == set()
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*", "all is left out that is not named"
