"""What a table says besides the finding: evidence, the last day, and how it was assessed."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assessments', '0009_tags_of_findings'),
    ]

    operations = [
        migrations.AddField(
            model_name='importrow',
            name='note',
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name='importrow',
            name='source',
            field=models.CharField(blank=True, default='', max_length=8),
        ),
        migrations.AddField(
            model_name='importvisit',
            name='end_date',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='importvisit',
            name='mode',
            field=models.CharField(blank=True, default='', max_length=8),
        ),
    ]
