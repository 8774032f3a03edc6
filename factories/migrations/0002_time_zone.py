"""Each factory has the time zone of its place (R54): those that are here, their country's."""

from typing import Any

import factories.time_zones
from django.db import migrations, models

from portal.core.days import zone_of_country


def fill(apps: Any, schema_editor: Any) -> None:
    """Give each factory the main zone of its country."""
    using = schema_editor.connection.alias
    programmes = apps.get_model("factories", "CountryProgramme").objects.using(using)
    rows = apps.get_model("factories", "Factory").objects.using(using)
    for key, country in programmes.values_list("pk", "country"):
        rows.filter(programme=key).update(time_zone=zone_of_country(country))


class Migration(migrations.Migration):

    dependencies = [
        ('factories', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='factory',
            name='time_zone',
            field=factories.time_zones.FactoryZoneField(blank=True, help_text="The factory's days start and end in this time zone.", max_length=40, verbose_name='time zone'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='factory',
            constraint=models.CheckConstraint(condition=models.Q(('time_zone', ''), _negated=True), name='factories_factory_time_zone'),
        ),
    ]
