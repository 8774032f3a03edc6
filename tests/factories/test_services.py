"""The verbs about factories and programmes refuse whoever may not, and what cannot be."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from factories.models import Factory
from factories.roles import FACTORY
from factories.services import (
    assign_advisor,
    create_factory,
    create_programme,
    unassign_advisor,
    update_factory,
    update_programme,
)
from factories.services.organisations import OWN_PROFILE_FIELDS, STAFF_FIELDS
from portal.accounts.roles import role_of
from portal.core.models import Event
from tests.world import World

pytestmark = pytest.mark.django_db
ENROLS = {"team_leader", "programme_manager", "global_staff"}
EDITS = ENROLS | {"manager_a"}


def others(world: World, allowed: set[str]):
    return [person for persona, person in world.people.items() if person is not None and persona not in allowed]


def test_only_a_countrys_staff_add_factories_and_assign_advisors(world: World):
    before = Event.objects.count()
    for person in others(world, ENROLS):
        with pytest.raises(PermissionDenied):
            create_factory(by=person, programme=world.cambodia, bw_id="KH-9", name="X")
        with pytest.raises(PermissionDenied):
            assign_advisor(by=person, factory=world.factory_b, advisor=world.person("advisor"))
        with pytest.raises(PermissionDenied):
            unassign_advisor(by=person, factory=world.factory_a, advisor=world.person("advisor"))
    assert Event.objects.count() == before


def test_only_the_manager_and_the_countrys_staff_edit_a_profile(world: World):
    for person in others(world, EDITS):
        with pytest.raises(PermissionDenied):
            update_factory(by=person, factory=world.factory_a, products="X")
    for persona in sorted(EDITS):
        update_factory(by=world.person(persona), factory=world.factory_a, products=persona)
    assert Event.objects.filter(kind="factory.updated").count() == len(EDITS)


def test_a_manager_never_touches_the_enrolment(world: World):
    for name in STAFF_FIELDS:
        with pytest.raises(PermissionDenied):
            update_factory(by=world.person("manager_a"), factory=world.factory_a, **{name: "left"})
    for name in ("programme", "programme_id", "id", "created_at", "nonsense"):
        with pytest.raises(PermissionDenied):
            update_factory(by=world.person("global_staff"), factory=world.factory_a, **{name: 1})


def test_the_two_sets_of_fields_do_not_overlap_and_leave_out_only_what_never_changes():
    names = {field.attname for field in Factory._meta.concrete_fields if not field.generated}

    assert not OWN_PROFILE_FIELDS & STAFF_FIELDS
    assert names - OWN_PROFILE_FIELDS - STAFF_FIELDS == {"id", "programme_id", "created_at", "confirms_sharing"}


def test_saving_what_is_there_already_writes_no_event(world: World):
    update_factory(by=world.person("manager_a"), factory=world.factory_a, name=world.factory_a.name)

    assert not Event.objects.filter(kind="factory.updated").exists()


def test_r37_a_refused_enrolment_needs_its_reason_in_the_service_and_in_the_database(world: World):
    staff = world.person("team_leader")

    with pytest.raises(ValidationError):
        update_factory(by=staff, factory=world.factory_a, enrolment_status="not_enrollable")
    with pytest.raises(IntegrityError, match="factories_factory_reason"), transaction.atomic():
        Factory.objects.filter(pk=world.factory_a.pk).update(enrolment_status="not_enrollable", enrolment_reason="")
    update_factory(by=staff, factory=world.factory_a, enrolment_status="not_enrollable", enrolment_reason="No capacity")
    assert Factory.objects.get(pk=world.factory_a.pk).enrolment_reason == "No capacity"


def test_r25_a_profile_is_complete_only_when_nothing_is_missing(world: World):
    factory = world.factory_a
    full = {
        "address": "Road 1",
        "city": "Phnom Penh",
        "latitude": 11,
        "longitude": 104,
        "products": "Shirts",
        "workers_women": 0,
        "workers_men": 5,
        "os_hub_id": "KH1",
        "contact_name": "A",
        "contact_email": "a@test.example",
        "contact_phone": "1",
    }
    for name, value in full.items():
        assert factory.profile_completeness < 100
        assert str(Factory._meta.get_field(name).verbose_name) in factory.missing_profile_fields()
        setattr(factory, name, value)
    assert factory.profile_completeness == 100
    assert factory.missing_profile_fields() == []
    factory.contact_phone = ""
    assert factory.profile_completeness == 13 * 100 // 14


def test_only_the_programmes_manager_changes_its_settings(world: World):
    for person in others(world, {"programme_manager", "global_staff"}):
        with pytest.raises(PermissionDenied):
            update_programme(by=person, programme=world.cambodia, release_days=1)
    with pytest.raises(ValidationError):
        update_programme(by=world.person("global_staff"), programme=world.cambodia, country="VN")


def test_only_global_staff_add_countries(world: World):
    for person in others(world, {"global_staff"}):
        with pytest.raises(PermissionDenied):
            create_programme(by=person, name="X", country="ID")


def test_an_advisor_works_where_assigned_and_nowhere_else(world: World):
    advisor, staff = world.person("advisor"), world.person("team_leader")

    assign_advisor(by=staff, factory=world.factory_b, advisor=advisor)
    assign_advisor(by=staff, factory=world.factory_b, advisor=advisor)
    assert set(Factory.objects.visible_to(advisor)) == {world.factory_a, world.factory_b}
    unassign_advisor(by=staff, factory=world.factory_a, advisor=advisor)

    assert list(Factory.objects.visible_to(advisor)) == [world.factory_b]
    assert role_of(advisor, FACTORY, world.factory_a) == []
    with pytest.raises(ValidationError):
        assign_advisor(by=staff, factory=world.factory_a, advisor=world.person("outsider"))


@pytest.mark.parametrize(
    ("days", "column"),
    [
        ({"left_on": date(2019, 1, 1)}, "left_on"),
        ({"enrolled_on": date(16, 3, 27)}, "enrolled_on"),
        ({"left_on": date(2916, 3, 27)}, "left_on"),
    ],
)
def test_days_that_cannot_be_are_refused_whoever_asks(world, days, column):
    with pytest.raises(ValidationError) as refused:
        update_factory(by=world.person("team_leader"), factory=world.factory_a, **days)
    assert list(refused.value.error_dict) == [column]


def test_a_manager_edits_the_profile_of_a_factory_with_an_impossible_day(world):
    Factory.objects.filter(pk=world.factory_a.pk).update(enrolled_on=date(16, 3, 27))
    assert update_factory(by=world.person("manager_a"), factory=world.factory_a, city="Takeo").city == "Takeo"
