"""The word for a view on pages; nothing in the database changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sharing', '0006_first_use'),
    ]

    operations = [
        migrations.AlterField(
            model_name='accessrecord',
            name='action',
            field=models.CharField(choices=[('view', 'Viewed'), ('download', 'Downloaded'), ('api', 'Read by API'), ('export', 'Exported')], max_length=10),
        ),
    ]
