"""Lists look up a report's current version and an assessment's figures in one block each, however many there are."""

import django.db.models.deletion
from django.contrib.postgres.indexes import HashIndex
from django.db import migrations, models

from portal.core.index_rows import IndexRows


class Migration(migrations.Migration):
    dependencies = [("assessments", "0003_unlogged_staging"), ("sharing", "0004_cycles_to_200")]
    operations = [
        migrations.RemoveIndex(model_name="assessment", name="assessments_current"),
        migrations.AddField(
            model_name="assessment",
            name="proposal",
            field=IndexRows(
                editable=False,
                from_fields=["report"],
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="sharing.visibility",
                to_fields=["report"],
            ),
        ),
        migrations.AddIndex(
            model_name="assessment",
            index=HashIndex(
                condition=models.Q(("state", "published")), fields=["report"], name="assessments_current"
            ),
        ),
        migrations.AddIndex(
            model_name="figures", index=HashIndex(fields=["assessment"], name="assessments_figures_of")
        ),
    ]
