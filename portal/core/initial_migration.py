"""Migrations that create tables without rendering the models after each operation.

Django renders a model, and every model related to it, again after each field, index, constraint and trigger that a
migration adds. In an app whose models all point at one another that is most of the time of `migrate`.
"""

from collections.abc import Iterable

from django.core.exceptions import ImproperlyConfigured
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from pgtrigger.migrations import AddTrigger

ADDITIONS = (migrations.AddConstraint, migrations.AddField, migrations.AddIndex, AddTrigger)


class InitialMigration(migrations.Migration):
    """A migration that only adds: the models are rendered once, in their state after its last operation.

    A model that it creates gets its table in that final form, with all fields, indexes, constraints and triggers;
    the operations that add them have nothing left to do. What it adds to older tables follows in its order.
    Write `class Migration(InitialMigration)` into what `makemigrations` made for an app without tables.
    """

    def apply(
        self, project_state: ProjectState, schema_editor: BaseDatabaseSchemaEditor, collect_sql: bool = False
    ) -> ProjectState:
        """Change the state by all operations, then the database; return the state."""
        created = _models_with_tables(self.operations)
        outstanding = [operation for operation in self.operations if self._is_outstanding(operation, created)]
        before = project_state.clone()
        project_state.__dict__.pop("apps", None)  # the rendered models: Django renders them when next asked
        self.mutate_state(project_state, preserve=False)
        for operation in outstanding:
            operation.database_forwards(self.app_label, schema_editor, before, project_state)
        return project_state

    def _is_outstanding(self, operation: Operation, created: set[str]) -> bool:
        """Return whether the operation does something that creating the models of this migration does not."""
        if isinstance(operation, migrations.CreateModel | migrations.RunSQL):
            return True
        is_part = (getattr(operation, "model_name_lower", "") or getattr(operation, "name_lower", "")) in created
        if not isinstance(operation, ADDITIONS) and not (
            is_part and isinstance(operation, migrations.AlterUniqueTogether)
        ):
            raise ImproperlyConfigured(
                f"{self}: an InitialMigration cannot '{operation.describe()}', because that needs the models as they "
                "are in between. Move it to a migration of its own, or derive this one from "
                "django.db.migrations.Migration."
            )
        return not is_part


def _models_with_tables(operations: Iterable[Operation]) -> set[str]:
    """Return the models that get a table of their own: a proxy has none."""
    made = [operation for operation in operations if isinstance(operation, migrations.CreateModel)]
    return {operation.name_lower for operation in made if not operation.options.get("proxy")}
