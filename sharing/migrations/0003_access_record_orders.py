"""The order of a factory's list of who saw what: for what brands read, and for the other reads."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sharing", "0002_opened_at")]

    operations = [
        migrations.AddIndex(
            model_name="accessrecord",
            index=models.Index(
                condition=models.Q(("brand__isnull", False)),
                fields=["factory", "-at", "-id"],
                name="sharing_access_of_brands",
            ),
        ),
        migrations.AddIndex(
            model_name="accessrecord",
            index=models.Index(
                condition=models.Q(("brand__isnull", True)),
                fields=["factory", "-at", "-id"],
                name="sharing_access_of_others",
            ),
        ),
    ]
