"""Statements worded once give what the querysets give that they were worded from, for each person, at each asking."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import models

from brands.models import Brand, BrandGroupObjectPermission
from brands.querysets import ANY_READ, brands_where, own_brands
from factories.models import (
    CountryProgramme,
    Factory,
    FactoryGroupObjectPermission,
    ProgrammeGroupObjectPermission,
)
from factories.querysets import factories_inside, programmes_where
from portal.accounts.models import User
from portal.accounts.roles import held, kinds, permitted
from portal.core.subselects import PLACE, Subselect, for_person
from tests.world import World

TABLES: dict[str, tuple[Any, Any]] = {
    "factory": (Factory, FactoryGroupObjectPermission),
    "brand": (Brand, BrandGroupObjectPermission),
    "programme": (CountryProgramme, ProgrammeGroupObjectPermission),
}


def rows(model: type[models.Model], subselect: Any) -> set[int]:
    return set(model._default_manager.filter(pk__in=subselect).values_list("pk", flat=True))


@pytest.mark.django_db
def test_what_somebody_holds_is_what_the_queryset_says(world: World) -> None:
    found = set()
    for name, (model, table) in TABLES.items():
        codenames = {codename for role in kinds[name].roles.values() for codename in role.permissions}
        for person in world.people.values():
            for codename in sorted(codenames):
                worded = rows(model, held(person or User(), table, codename))
                assert worded == set(permitted(person or User(), table, codename)), (person, codename)
                found |= {(name, codename)} if worded else set()
    assert len(found) > 10, "nobody in the world holds anything: this proves nothing"


@pytest.mark.django_db
def test_the_gates_say_what_their_parts_say(world: World) -> None:
    for person in filter(None, world.people.values()):
        staff = permitted(person, ProgrammeGroupObjectPermission, "view_assessments")
        is_global = staff.filter(content_object__is_global=True).exists()
        countries = set(CountryProgramme.objects.values_list("pk", flat=True)) if is_global else set(staff)
        assert rows(CountryProgramme, programmes_where(person, "view_assessments")) == countries
        own = set(permitted(person, FactoryGroupObjectPermission, "view_data"))
        inside = own | set(Factory.objects.filter(programme__in=countries).values_list("pk", flat=True))
        assert rows(Factory, factories_inside(person)) == inside
        reads = {name: set(permitted(person, BrandGroupObjectPermission, name)) for name in ANY_READ}
        assert rows(Brand, own_brands(person)) == set.union(*reads.values())
        for name, brands in reads.items():
            assert rows(Brand, brands_where(person, name)) == brands


@pytest.mark.django_db
def test_only_words_are_kept_and_each_asking_asks_anew(world: World) -> None:
    member, other = world.person("brand_a_member"), world.person("brand_b_member")
    before = own_brands(member)
    assert rows(Brand, before) == {world.brand_a.pk}
    assert rows(Brand, own_brands(other)) == {world.brand_b.pk}
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert rows(Brand, before) == set()
    User.objects.filter(pk=member.pk).update(is_active=True)
    world.brand_a.is_active = False
    world.brand_a.save()
    assert rows(Brand, before) == set()
    world.brand_a.is_active = True
    world.brand_a.save()
    assert rows(Brand, before) == {world.brand_a.pk}
    member.groups.clear()
    assert rows(Brand, before) == rows(Brand, own_brands(member)) == set()


@pytest.mark.django_db
def test_nobody_has_no_key_and_finds_nothing(world: World) -> None:
    for nobody in (AnonymousUser(), User()):
        assert rows(Brand, own_brands(nobody)) == rows(Factory, factories_inside(nobody)) == set()
        assert rows(CountryProgramme, programmes_where(nobody, "view_assessments")) == set()


def test_a_statement_that_asks_for_nobody_is_refused() -> None:
    for_all = for_person(lambda person: Brand.objects.filter(is_active=True).values("pk"))
    with pytest.raises(ValueError, match="asks for nobody"):
        for_all(User(pk=1))


def test_the_place_is_filled_with_the_persons_key_and_no_other_parameter_is_touched() -> None:
    mine = for_person(lambda person, name: User.objects.filter(pk=person).filter(name=name).values("pk"))
    first, second = mine(User(pk=7), "Ana"), mine(8, "Ana")
    assert isinstance(first, Subselect)
    assert (first.parameters, second.parameters) == ((7, "Ana"), (8, "Ana"))
    assert first.sql == second.sql
    assert str(PLACE) not in first.sql
