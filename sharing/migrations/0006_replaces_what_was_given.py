"""A grant names what it replaces to the brand, so that must be one that the brand had; what it follows, the factory."""

import django.db.models.deletion
from django.db import migrations, models

# Nothing but a migration may touch a grant that has ended.
TELL_APART = """
ALTER TABLE sharing_sharinggrant DISABLE TRIGGER USER;
UPDATE sharing_sharinggrant SET follows_id = replaces_id WHERE replaces_id IS NOT NULL;
DO $$ BEGIN
    LOOP
        UPDATE sharing_sharinggrant g SET replaces_id = p.replaces_id FROM sharing_sharinggrant p
        WHERE p.id = g.replaces_id AND p.needs_confirmation AND p.confirmed_at IS NULL;
        EXIT WHEN NOT FOUND;
    END LOOP;
END $$;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE sharing_sharinggrant ENABLE TRIGGER USER;
"""
PUT_TOGETHER = """
ALTER TABLE sharing_sharinggrant DISABLE TRIGGER USER;
UPDATE sharing_sharinggrant SET replaces_id = follows_id;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE sharing_sharinggrant ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    dependencies = [("sharing", "0005_end_codes")]
    operations = [
        migrations.AlterField(
            model_name="sharinggrant",
            name="replaces",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaced_by",
                to="sharing.sharinggrant",
            ),
        ),
        migrations.AddField(
            model_name="sharinggrant",
            name="follows",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="followed_by",
                to="sharing.sharinggrant",
            ),
        ),
        migrations.RunSQL(TELL_APART, PUT_TOGETHER),
    ]
