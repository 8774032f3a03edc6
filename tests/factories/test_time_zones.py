"""R54: the time zone of a factory: its country's, or its own where the country has several."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from factories.models import CountryProgramme, Factory
from factories.services import create_factory, create_programme, update_factory
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def indonesia(world: World) -> CountryProgramme:
    return create_programme(by=world.person("global_staff"), name="Indonesia", country="ID")


def added(world: World, programme: CountryProgramme, **fields: Any) -> Factory:
    """A factory added by global staff."""
    return create_factory(by=world.person("global_staff"), programme=programme, bw_id="X-1", name="Cassowary", **fields)


def test_r54_a_factory_has_its_countrys_zone_unless_it_has_its_own(world: World, indonesia: CountryProgramme) -> None:
    assert (world.factory_a.time_zone, world.factory_vn.time_zone) == ("Asia/Phnom_Penh", "Asia/Ho_Chi_Minh")
    made = added(world, indonesia)
    assert Factory.objects.get(pk=made.pk).time_zone == "Asia/Jakarta"
    moved = update_factory(by=world.person("global_staff"), factory=made, time_zone="Asia/Jayapura")
    assert str(Factory.objects.get(pk=moved.pk).zone) == "Asia/Jayapura"
    assert str(Factory(programme=indonesia).zone) == str(indonesia.zone) == "Asia/Jakarta"


@pytest.mark.parametrize("zone", ["Asia/Phnom_Penh", "Mars/Olympus", "UTC"])
def test_r54_a_zone_of_another_country_is_refused(world: World, indonesia: CountryProgramme, zone: str) -> None:
    with pytest.raises(ValidationError, match="of the factory's country"):
        added(world, indonesia, time_zone=zone)


def test_r54_the_database_refuses_a_factory_without_days(world: World) -> None:
    with pytest.raises(IntegrityError, match="factories_factory_time_zone"), transaction.atomic():
        Factory.objects.filter(pk=world.factory_a.pk).update(time_zone="")


def test_r54_staff_choose_a_zone_where_the_country_has_several(
    world: World, indonesia: CountryProgramme, client_of: Any, api_of: Any
) -> None:
    made, staff = added(world, indonesia), client_of(world.person("global_staff"))
    address = reverse("factory_edit", args=[made.pk])
    form = staff.get(address).context["form"]
    assert [value for value, _label in form.fields["time_zone"].choices][-1] == "Asia/Jayapura"
    assert "time_zone" not in staff.get(reverse("factory_edit", args=[world.factory_a.pk])).context["form"].fields
    values = {name: form[name].value() for name in form.fields}
    body = {name: value for name, value in values.items() if value not in (None, False)}
    assert staff.post(address, body | {"time_zone": "Asia/Tokyo"}).status_code == 400
    assert staff.post(address, body | {"time_zone": "Asia/Jayapura"}).status_code == 302
    api = api_of(world.person("global_staff"))
    assert api.get(reverse("api:factory", args=[made.pk])).json()["time_zone"] == "Asia/Jayapura"
