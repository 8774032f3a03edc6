"""What holds for the whole house: layers in migrations, one gate, tasks that import, rights of the app role."""

import ast
from fnmatch import fnmatch
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, connections, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.utils import IntegrityError, InternalError, ProgrammingError

from portal.celery import app as celery_app
from portal.core.database_rights import table_rights
from portal.core.events import CoreEvent, record
from portal.core.initial_migration import InitialMigration
from portal.core.models import Event
from sharing.grants.services.revoking import revoke_access
from sharing.models import AccessRecord, SharingGrant
from sharing.records.services import record_access
from tests.world import World

ROOT = Path(__file__).resolve().parent.parent
LAYERS = {
    "core": 0,
    "ledger": 1,
    "ui": 1,
    "accounts": 2,
    "notices": 3,
    "factories": 4,
    "brands": 4,
    "sharing": 5,
    "assessments": 6,
}
SOURCES = sorted(
    path
    for folder in ("portal", "factories", "brands", "sharing", "assessments")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)


def test_migrations_follow_the_layers() -> None:
    """The user model is swappable, so even core may point at it; nothing else points upwards or sideways."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    wrong = [
        (key, dependency)
        for key, migration in loader.disk_migrations.items()
        for dependency in migration.dependencies
        if key[0] in LAYERS
        and dependency[0] in LAYERS
        and key[0] != dependency[0]
        and (key[0], dependency[0]) != ("core", "accounts")
        and LAYERS[dependency[0]] >= LAYERS[key[0]]
    ]
    assert wrong == []


def test_only_the_roles_module_imports_guardian() -> None:
    importers = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "guardian")
        or (isinstance(node, ast.Import) and any(name.name.split(".")[0] == "guardian" for name in node.names))
    }
    assert importers == {"portal/accounts/roles.py"}


# What turns moments into days or days into moments, and the zones themselves: `portal.core.days` alone does (R54).
DAYS_OF_A_MACHINE = frozenset({"localdate", "localtime", "date", "combine", "astimezone", "today", "make_aware"})
ZONES = frozenset({"ZoneInfo", "get_current_timezone", "TruncDate", "TruncMonth"})
DAYS_MODULE = "portal/core/days.py"
OTHER_DAYS = {
    "portal/core/tables/sheets.py": {"date"},  # a cell of a workbook has no zone
    "sharing/receipts/payload.py": {"astimezone"},  # a signed moment, in UTC for ever
}


def _own_days(path: Path) -> set[str]:
    """The ways in which a module makes days by itself: calls such as `moment.date()`, lookups such as `at__date`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(attr=name), args=args) if name in DAYS_OF_A_MACHINE | ZONES:
                is_constructor = name == "date" and len(args) == 3
                found |= set() if is_constructor else {name}
            case ast.Call(func=ast.Name(id=name)) if name in DAYS_OF_A_MACHINE - {"date", "today"} | ZONES:
                found.add(name)
            case ast.keyword(arg=str(name)) if name.endswith("__date") or "__date__" in name:
                found.add(name)
    return found


def test_r54_days_are_made_in_one_module() -> None:
    sources = [path for path in SOURCES if "demo" not in path.parts]
    found = {path.relative_to(ROOT).as_posix(): _own_days(path) for path in sources}
    assert {"astimezone", "combine", "ZoneInfo"} <= found.pop(DAYS_MODULE)
    assert {name: ways for name, ways in found.items() if ways} == OTHER_DAYS


@pytest.mark.parametrize(
    "source",
    [
        "timezone.localdate()",
        "timezone.now().date()",
        "date.today()",
        "datetime.combine(day, time.min, tzinfo=UTC)",
        "rows.filter(at__date=day)",
        "moment.astimezone(UTC)",
        "ZoneInfo('Asia/Jakarta')",
    ],
)
def test_r54_a_day_of_a_bare_moment_is_found(source: str, tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(source)
    assert _own_days(tmp_path / "module.py")


# Modules that write, decide or load: they hold rows they were given, locked or made. Everything else reads
# protected data only through `visible_to` and its sisters.
MAY_READ_ALL = (
    "*/services.py", "*/services/*.py", "*/*_services.py", "*/queries.py", "*/models.py",
    "*/models/*.py", "*/roles.py", "*/tasks.py", "*/*_tasks.py", "*/imports.py", "*/notices.py", "*/*_notices.py",
    "*/notices/*.py", "*/comparing.py", "*/files.py", "*/management/commands/*.py",
    "assessments/backends.py", "assessments/corrections/holders.py", "assessments/figures/*.py",
    "assessments/imports/*.py", "assessments/reading/listing.py", "assessments/reading/scopes.py",
    "assessments/visits/planning.py",
    "portal/core/jobs.py", "portal/demo/*.py", "portal/notices/*.py",
    "portal/disclosure/previews.py", "sharing/access/*.py",
    "sharing/copies/downloaded.py", "sharing/records/digest.py", "sharing/receipts/*.py",
    "sharing/subscriptions/unsubscribed.py",
)  # fmt: skip
PROTECTED = {
    "Assessment",
    "Answer",
    "SharingGrant",
    "AccessRecord",
    "AccessRequest",
    "DestroyNotice",
    "Receipt",
    "SearchRecord",
    "FirstUse",
    "ReportCopy",
    "Job",
    "Supplier",
    "ConfirmationEnd",
    "CopyToDestroy",
    "CorrectionNotice",
    "Figures",
    "Handover",
    "PaperConsent",
    "RequestAnswer",
    "Subscription",
    "Visibility",
    "WithheldReport",
    "ClosureDays",
    "Assessor",
    "AnswerSheet",
    "Entry",
    "Mutation",
}
GATES = {
    "visible_to",
    "shared_with",
    "known_to",
    "own_of",
    "worked_on_by",
    "inside",
    "open_to",
    "asked_of",
    "decidable_by",
    "for_brands_of",
    "editable_by",
    "where",
    "none",
}


def test_views_and_serializers_read_protected_data_only_through_the_gate() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
        for path in SOURCES
        if not any(fnmatch(path.relative_to(ROOT).as_posix(), pattern) for pattern in MAY_READ_ALL)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value) in {f"{name}.objects" for name in PROTECTED}
        and node.attr not in GATES
    ]
    assert wrong == [], "Begin at a queryset that took the reader: `visible_to(user)`, or another of GATES."


def test_every_beat_task_is_registered() -> None:
    celery_app.loader.import_default_modules()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in celery_app.tasks


def test_every_kind_of_job_has_a_handler_and_a_page() -> None:
    from django.urls import get_resolver

    from portal.core.jobs import HANDLERS
    from portal.core.views import job_pages

    assert get_resolver().url_patterns  # loads the views, which register their pages
    assert HANDLERS
    assert set(HANDLERS) == set(job_pages)


@pytest.mark.django_db
def test_the_web_works_as_a_role_that_owns_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls "
            "FROM pg_roles WHERE rolname = current_user"
        )
        user, *powers = cursor.fetchone()
        assert user == settings.APP_DATABASE_ROLE
        assert powers == [False, False, False, False]
        cursor.execute(
            "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = current_user"
        )
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_the_app_role_has_exactly_the_rights_that_are_written_down() -> None:
    everything = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, privilege_type FROM information_schema.role_table_grants "
            "WHERE grantee = current_user AND table_schema = 'public'"
        )
        held: dict[str, set[str]] = {}
        for table, privilege in cursor.fetchall():
            held.setdefault(table, set()).add(privilege)
    limited = {table: {word.strip() for word in rights.split(",")} for table, rights in table_rights()}
    assert limited["core_event"] == limited["sharing_accessrecord"] == {"SELECT", "INSERT"}
    assert limited["sharing_sharinggrant"] == {"SELECT", "INSERT", "UPDATE"}
    for table, privileges in held.items():
        assert privileges == limited.get(table, everything), table


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["core_event", "sharing_accessrecord", "sharing_sharinggrant"])
def test_the_app_role_cannot_delete_or_truncate_what_is_kept(table: str) -> None:
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}", f"ALTER TABLE {table} DISABLE TRIGGER ALL"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db(databases=["default", "owner"], transaction=True)
def test_even_the_owner_cannot_change_events_log_lines_or_past_grants() -> None:
    from tests.world import build_world

    world = build_world()
    grant = world.grant()
    revoke_access(by=world.person("manager_a"), grant=grant)
    record_access(
        by=world.person("manager_a"), assessment=world.assessments["a1"], openings={"report": None}, action="view"
    )
    record(CoreEvent.LEDGER_ACCEPTED, by=None)
    assert Event.objects.exists()
    assert AccessRecord.objects.exists()
    statements = [
        "UPDATE core_event SET kind = 'x'",
        "DELETE FROM core_event",
        "UPDATE sharing_accessrecord SET action = 'view'",
        "DELETE FROM sharing_accessrecord",
        "DELETE FROM sharing_sharinggrant",
        "UPDATE sharing_sharinggrant SET ended_at = NULL, ended_by_id = NULL, end_code = '', end_reason = ''",
        "UPDATE sharing_sharinggrant SET scope = 'step1'",
        "UPDATE assessments_assessment SET published_at = now() WHERE state = 'published'",
        "DELETE FROM assessments_assessment WHERE state = 'published'",
        "UPDATE assessments_answer SET finding = 'compliant'",
        "UPDATE assessments_question SET label = 'x'",
    ]
    for statement in statements:
        with pytest.raises((InternalError, IntegrityError, ProgrammingError)), connections["owner"].cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db
def test_released_answers_cannot_be_added_changed_or_removed(world: World) -> None:
    from assessments.models import Answer

    published = world.answer(world.assessments["a2"], "1010")
    for statement in (
        lambda: Answer.objects.filter(pk=published.pk).update(finding="compliant"),
        lambda: Answer.objects.filter(pk=published.pk).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            statement()
    draft_question = published.question
    with pytest.raises(IntegrityError), transaction.atomic():
        Answer.objects.create(assessment=world.assessments["a3"], question=draft_question, finding="nc")


def test_every_app_has_only_known_files() -> None:
    """No room called utils, helpers, common or misc."""
    banned = {"utils.py", "helpers.py", "common.py", "misc.py", "utils", "helpers", "common", "misc"}
    assert [path for path in SOURCES if path.name in banned or banned & set(path.parts)] == []


def test_models_name_their_constraints_after_app_and_model() -> None:
    for model in apps.get_models():
        if model._meta.app_label in LAYERS:
            for constraint in model._meta.constraints:
                assert constraint.name.startswith(f"{model._meta.app_label}_"), constraint.name
    assert SharingGrant._meta.constraints


def test_the_first_migration_of_an_app_renders_its_models_once() -> None:
    """Else `migrate` takes four times as long: see portal/core/initial_migration.py."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    wrong = [
        f"{app}.{name}: derive it from InitialMigration"
        for (app, name), migration in loader.disk_migrations.items()
        if app in LAYERS and migration.initial and not isinstance(migration, InitialMigration)
    ]
    assert wrong == []
