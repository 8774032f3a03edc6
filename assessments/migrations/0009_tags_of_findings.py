"""Findings keep their own tags. The staged ones are not worth a write-ahead log, like the other staged rows."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assessments', '0008_counted_types'),
    ]

    operations = [
        migrations.CreateModel(
            name='ImportTags',
            fields=[
                ('batch_id', models.UUIDField()),
                ('row', models.PositiveIntegerField()),
                ('pk', models.CompositePrimaryKey('batch_id', 'number', blank=True, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), size=None)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.RunSQL(
            'ALTER TABLE assessments_importtags SET UNLOGGED', 'ALTER TABLE assessments_importtags SET LOGGED'
        ),
        migrations.AddField(
            model_name='answer',
            name='tags',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, null=True, size=None),
        ),
        migrations.AddField(
            model_name='importrow',
            name='tags',
            field=models.PositiveIntegerField(default=0),
        ),
    ]
