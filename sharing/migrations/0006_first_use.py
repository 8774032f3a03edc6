"""What brands used of a grant while it could be undone.

Whether what was granted in the last minutes before this was used is not recorded: it counts as used, and is not undone.
"""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sharing', '0005_cycle_numbers'),
    ]

    operations = [
        migrations.CreateModel(
            name='FirstUse',
            fields=[
                ('grant', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='sharing.sharinggrant')),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.RunSQL(
            "INSERT INTO sharing_firstuse (grant_id, at) "
            "SELECT id, now() FROM sharing_sharinggrant WHERE created_at > now() - interval '16 minutes'",
            migrations.RunSQL.noop,
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='firstuse',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='01f7162b8cfc028617d6d3942a85c9f92c173d01', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_0b629', table='sharing_firstuse', when='BEFORE')),
        ),
    ]
