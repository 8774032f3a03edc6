"""The word for a kind that is not sent; nothing in the database changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notices', '0002_snooze'),
    ]

    operations = [
        migrations.AlterField(
            model_name='mailchoice',
            name='way',
            field=models.CharField(choices=[('now', 'At once'), ('daily', 'Once a day'), ('off', 'Not by e-mail')], max_length=5),
        ),
    ]
