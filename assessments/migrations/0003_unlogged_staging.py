"""Staged rows are not worth a write-ahead log: after a crash of the server an import is staged again from its file."""

from django.db import migrations

TABLES = ("assessments_importrow", "assessments_importvisit", "assessments_importquestion")


class Migration(migrations.Migration):
    dependencies = [("assessments", "0002_relations")]
    operations = [
        migrations.RunSQL(f"ALTER TABLE {table} SET UNLOGGED", f"ALTER TABLE {table} SET LOGGED") for table in TABLES
    ]
