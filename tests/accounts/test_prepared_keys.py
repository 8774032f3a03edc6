"""Keys that are prepared once for all readers are those of their queryset for each of them, now and after a revoke."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext

from brands.models import Brand, brand_keys, own_brand_keys
from brands.reads import ANY_READ
from factories.models import CountryProgramme, Factory, factory_keys, keys_inside, programme_keys
from portal.accounts.prepared import PreparedKeys, permitted_keys
from portal.accounts.roles import has_general_permission, has_permission, permitted_ids
from portal.core.conditions import among
from sharing.access import ASSESSMENT_SCOPES, AsBrand, AsBrandAfter
from sharing.access.people import _keys_reading, partner_keys
from tests.accounts.product import everything_of
from tests.world import World

pytestmark = pytest.mark.django_db
ALL_SCOPES = tuple(ASSESSMENT_SCOPES)
PREPARED: dict[str, tuple[type, PreparedKeys, tuple[Any, ...]]] = {
    "held on factories": (Factory, permitted_keys, ("factory", "view_data")),
    "one of two held on factories": (Factory, permitted_keys, ("factory", ("assess", "manage_sharing"))),
    "programmes": (CountryProgramme, programme_keys, ("view_assessments",)),
    "factories of programmes": (Factory, factory_keys, ("manage_enrolment",)),
    "factories inside": (Factory, keys_inside, ()),
    "brands": (Brand, brand_keys, (ANY_READ[0],)),
    "own brands": (Brand, own_brand_keys, ()),
    "brands read for": (Brand, _keys_reading, (ALL_SCOPES,)),
    "partners": (Brand, partner_keys, (ALL_SCOPES,)),
}


def test_all_keys_that_are_prepared_are_asked_here() -> None:
    asked = [prepared for _model, prepared, _shape in PREPARED.values()]
    missing = [place for place, prepared in everything_of(PreparedKeys).items() if prepared not in asked]
    assert missing == [], "Give them a line in PREPARED: the model whose keys they are, and a shape to ask them with."


def readers(world: World) -> list[Any]:
    """Return everybody, nobody, and looks through the eyes of two brands, now and after a decision."""
    looks: list[Any] = [AsBrand(brand, world.factory_a) for brand in (world.brand_a, world.brand_b)]
    looks.append(AsBrandAfter(world.brand_a, world.factory_a, world.person("manager_a"), {}))
    return [*(person or AnonymousUser() for person in world.people.values()), *looks]


@pytest.mark.parametrize("name", PREPARED)
def test_they_are_the_querysets_for_everybody_wherever_they_are_put(world: World, name: str) -> None:
    model, prepared, shape = PREPARED[name]
    rows: Any = model._default_manager  # type: ignore[attr-defined]
    sizes = set()
    for reader in readers(world):
        expected, keys = {row for (row,) in prepared.build(reader, *shape).values_list("pk")}, prepared(reader, *shape)
        if prepared is permitted_keys:
            expected = set(permitted_ids(reader, *shape))
        assert set(rows.filter(pk__in=keys).values_list("pk", flat=True)) == expected, reader
        assert set(rows.filter(among("pk", keys)).values_list("pk", flat=True)) == expected, reader
        assert rows.filter(keys.are_any()).exists() == bool(expected), reader
        counted = rows.filter(pk__in=keys).values("pk").annotate(number=Count("pk"), mine=among("pk", keys))
        assert {row["pk"] for row in counted} == expected, reader
        sizes.add(bool(expected))
    assert sizes == {True, False}


def test_a_row_in_a_subquery_is_that_of_the_query_around_it(world: World) -> None:
    """The same table within the keys and around them: neither takes the other's columns for its own."""
    manager = world.person("manager_a")
    inside = Factory.objects.filter(
        pk__in=keys_inside(manager), programme__in=programme_keys(manager, "assess_country")
    )
    assert not inside.exists()
    assert list(Factory.objects.filter(pk__in=keys_inside(manager)).exclude(name="")) == [world.factory_a]
    assert set(Factory.objects.exclude(pk__in=keys_inside(manager))) == {world.factory_b, world.factory_vn}


def test_nothing_but_the_words_is_kept(world: World) -> None:
    """Who loses the role has no keys at the next question, though the queryset was made before."""
    person = world.person("manager_a")
    before = Factory.objects.filter(pk__in=keys_inside(person))
    assert list(before) == [world.factory_a]
    assert has_permission(person, "factory", "manage_sharing", world.factory_a.pk)
    assert not has_permission(person, "factory", "manage_sharing", world.factory_b.pk)
    person.groups.clear()
    assert list(before.all()) == list(Factory.objects.filter(pk__in=keys_inside(person))) == []
    assert not has_permission(person, "factory", "manage_sharing", world.factory_a.pk)


def test_no_statement_is_needed_to_word_them(world: World) -> None:
    with CaptureQueriesContext(connection) as queries:
        query = Factory.objects.filter(pk__in=keys_inside(world.person("member_a")))
    assert len(queries) == 0
    assert query.count() == 1


def test_what_roles_carry_in_general_is_asked_afresh(world: World) -> None:
    leader = world.person("team_leader")
    carried = {f"brands.{name}" for name in ("view_all_brands", "no_such_permission")}
    assert {name for name in carried if has_general_permission(leader, name)} == {"brands.view_all_brands"}
    leader.groups.clear()
    assert not any(has_general_permission(leader, name) for name in carried)
    assert not has_general_permission(AnonymousUser(), "brands.view_all_brands")
