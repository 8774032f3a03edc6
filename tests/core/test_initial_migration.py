"""Migrations that render the models once make the tables that Django's own way makes."""

import pgtrigger
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, migrations, models, transaction
from django.db.migrations.state import ProjectState
from pgtrigger.migrations import AddTrigger

from portal.core.initial_migration import InitialMigration

COLUMNS = """
    SELECT table_name, ordinal_position, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_name LIKE 'loom_%' ORDER BY 1, 2
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid::regclass::text LIKE 'loom_%' ORDER BY 1, 2
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'loom_%' ORDER BY 1"
TRIGGERS = """
    SELECT pg_get_triggerdef(oid) FROM pg_trigger
    WHERE tgrelid::regclass::text LIKE 'loom_%' AND NOT tgisinternal ORDER BY 1
"""


def key() -> models.BigAutoField:
    return models.BigAutoField(primary_key=True)


def first_operations() -> list[migrations.operations.base.Operation]:
    """Two tables that point at each other, a proxy, and one of each kind of addition."""
    kept = pgtrigger.Protect(name="kept", operation=pgtrigger.Delete)
    return [
        migrations.CreateModel("Thread", [("id", key()), ("colour", models.TextField())]),
        migrations.CreateModel("Spool", [("id", key()), ("thread", models.ForeignKey("loom.Thread", models.PROTECT))]),
        migrations.CreateModel("Bobbin", [], options={"proxy": True}, bases=("loom.spool",)),
        migrations.AddField("Thread", "spool", models.OneToOneField("loom.Spool", models.CASCADE, null=True)),
        migrations.AddField("Spool", "metres", models.IntegerField(default=0, db_default=5)),
        migrations.AddIndex("Spool", models.Index(fields=["metres"], name="loom_spool_metres")),
        migrations.AddConstraint(
            "Spool", models.CheckConstraint(condition=models.Q(metres__gte=0), name="loom_spool_length")
        ),
        migrations.AlterUniqueTogether("Spool", {("thread", "metres")}),
        AddTrigger("thread", kept.compile(_model("loom_thread"))),
        AddTrigger("bobbin", kept.compile(_model("loom_spool"))),
    ]


def later_operations() -> list[migrations.operations.base.Operation]:
    """What a second file adds to the tables of the first."""
    return [
        migrations.CreateModel("Needle", [("id", key()), ("spool", models.ForeignKey("loom.Spool", models.CASCADE))]),
        migrations.AddField("Thread", "needle", models.ForeignKey("loom.Needle", models.SET_NULL, null=True)),
        migrations.AddIndex("Thread", models.Index(fields=["colour"], name="loom_thread_colour")),
        migrations.AddConstraint("Thread", models.UniqueConstraint(fields=["colour"], name="loom_thread_one")),
        migrations.RunSQL("ALTER TABLE loom_needle ADD CHECK (id > 0)"),
    ]


def _model(table: str) -> type[models.Model]:
    state = ProjectState()
    migrations.CreateModel("Any", [("id", key())], options={"db_table": table}).state_forwards("loom", state)
    found: type[models.Model] = state.apps.get_model("loom", "Any")
    return found


def schema_made_by(kind: type[migrations.Migration]) -> list[list[tuple[object, ...]]]:
    """Apply the two migrations in a transaction that is undone, and return what the catalogue says meanwhile."""
    connection, state = connections["owner"], ProjectState()
    with transaction.atomic(using="owner"):
        for number, operations in enumerate((first_operations(), later_operations())):
            migration = kind(f"000{number}", "loom")
            migration.operations = operations
            with connection.schema_editor(atomic=False) as editor:
                state = migration.apply(state, editor)
        with connection.cursor() as cursor:
            found = [cursor.execute(query).fetchall() for query in (COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS)]
        transaction.set_rollback(True, using="owner")
    return found


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_tables_are_those_of_djangos_own_way() -> None:
    made = schema_made_by(InitialMigration)
    assert all(made), "each part of the catalogue has something of it"
    assert made == schema_made_by(migrations.Migration)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AlterField("Thread", "colour", models.CharField(max_length=9)),
        migrations.RunPython(migrations.RunPython.noop),
        migrations.AlterUniqueTogether("Thread", {("id", "colour")}),
    ],
    ids=["changes a field", "runs a program", "changes an older table"],
)
def test_what_needs_the_models_in_between_is_refused_with_the_way_out(operation) -> None:
    migration = InitialMigration("0001", "loom")
    migration.operations = [operation]
    with pytest.raises(ImproperlyConfigured, match=r"loom\.0001.*a migration of its own"):
        migration.apply(ProjectState(), None)
