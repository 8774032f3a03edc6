"""Questions that a form can be built from; the law of each country; what became of a question in a later version.

Questionnaires in use cannot change, but rewriting a table fires no trigger: so theirs get a type of answer, too.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ANSWER_TYPES = """
ALTER TABLE assessments_question ALTER COLUMN answer_type TYPE varchar(10)
USING CASE type WHEN 'NC' THEN 'finding' ELSE 'text' END
"""


class Migration(migrations.Migration):

    dependencies = [
        ('assessments', '0004_wordings'),
        ('factories', '0002_add_contact_phone'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LegalReference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=1000)),
                ('valid_from', models.DateField()),
                ('valid_until', models.DateField(blank=True, null=True)),
            ],
            options={
                'ordering': ['valid_from'],
            },
        ),
        migrations.CreateModel(
            name='Succession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reviewed_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='SuccessorQuestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
        ),
        migrations.AddField(
            model_name='question',
            name='answer_type',
            field=models.CharField(choices=[('finding', 'Finding'), ('yes_no', 'Yes or no'), ('number', 'Number'), ('date', 'Date'), ('choice', 'One of the options'), ('text', 'Text')], default='finding', max_length=10),
        ),
        migrations.AddField(
            model_name='question',
            name='help_text',
            field=models.CharField(blank=True, max_length=2000),
        ),
        migrations.AddField(
            model_name='question',
            name='is_required',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='question',
            name='needs_evidence',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='question',
            name='options',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), blank=True, default=list, size=None),
        ),
        migrations.AlterField(
            model_name='question',
            name='condition',
            field=models.CharField(blank=True, max_length=1000),
        ),
        migrations.RunSQL(ANSWER_TYPES, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='question',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer_type', 'finding'), ('type', 'NC')), models.Q(('answer_type__in', ['yes_no', 'number', 'date', 'choice', 'text']), ('type', 'FGW')), _connector='OR'), name='assessments_question_answer_type'),
        ),
        migrations.AddConstraint(
            model_name='question',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer_type', 'choice'), ('options__len__gte', 2)), models.Q(models.Q(('answer_type', 'choice'), _negated=True), ('options', [])), _connector='OR'), name='assessments_question_options'),
        ),
        migrations.AddField(
            model_name='legalreference',
            name='programme',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='factories.countryprogramme'),
        ),
        migrations.AddField(
            model_name='legalreference',
            name='question',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='legal_references', to='assessments.question'),
        ),
        migrations.AddField(
            model_name='succession',
            name='earlier',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='successions', to='assessments.tool'),
        ),
        migrations.AddField(
            model_name='succession',
            name='later',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='origins', to='assessments.tool'),
        ),
        migrations.AddField(
            model_name='succession',
            name='reviewed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='successorquestion',
            name='earlier',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='assessments.question'),
        ),
        migrations.AddField(
            model_name='successorquestion',
            name='later',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='assessments.question'),
        ),
        migrations.AddField(
            model_name='successorquestion',
            name='succession',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pairs', to='assessments.succession'),
        ),
        migrations.AddConstraint(
            model_name='legalreference',
            constraint=models.UniqueConstraint(fields=('question', 'programme', 'valid_from'), name='assessments_legalreference_once'),
        ),
        migrations.AddConstraint(
            model_name='legalreference',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='assessments_legalreference_dates'),
        ),
        migrations.AddConstraint(
            model_name='succession',
            constraint=models.UniqueConstraint(fields=('earlier', 'later'), name='assessments_succession_once'),
        ),
        migrations.AddConstraint(
            model_name='succession',
            constraint=models.CheckConstraint(condition=models.Q(('earlier', models.F('later')), _negated=True), name='assessments_succession_two'),
        ),
        migrations.AddConstraint(
            model_name='succession',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reviewed_at', None), ('reviewed_by', None)), models.Q(('reviewed_at__isnull', False), ('reviewed_by__isnull', False)), _connector='OR'), name='assessments_succession_reviewed'),
        ),
        migrations.AddConstraint(
            model_name='successorquestion',
            constraint=models.UniqueConstraint(fields=('succession', 'later', 'earlier'), name='assessments_successorquestion_once'),
        ),
    ]
