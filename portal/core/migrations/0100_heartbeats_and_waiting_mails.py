"""Signs of life of worker and beat; mails that the server did not take yet."""

import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_cache_table'),
    ]

    operations = [
        migrations.CreateModel(
            name='WaitingMail',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('sealed', models.TextField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('next_attempt_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(max_length=250, primary_key=True, serialize=False)),
                ('process', models.CharField(choices=[('worker', 'Worker'), ('beat', 'Beat')], max_length=10)),
                ('at', models.DateTimeField()),
                ('state_folder', models.CharField(max_length=40)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('process__in', ['worker', 'beat'])), name='core_heartbeat_process')],
            },
        ),
    ]
