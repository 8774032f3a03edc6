"""Ids that other organisations see are drawn."""

import pytest
from django.db import IntegrityError, transaction

from brands.models import Brand, Supplier
from factories.models import Factory
from portal.accounts.models import User
from portal.core.drawn import MAX_ID, drawn_id
from tests.world import World


def test_a_drawn_id_has_fifteen_digits_and_fits_the_addresses() -> None:
    drawn = {drawn_id() for _ in range(500)}
    assert {len(str(one)) for one in drawn} == {15}
    assert len(drawn) == 500
    assert max(drawn) <= MAX_ID < 2**53


@pytest.mark.django_db
def test_no_id_of_an_account_factory_or_brand_says_how_many_there_are(world: World) -> None:
    for model in (User, Factory, Brand):
        assert min(model._default_manager.values_list("pk", flat=True)) >= 10**14, model
    first, second = (Supplier.objects.create(brand=world.brand_a, name=name).pk for name in ("One", "Two"))
    assert min(first, second) >= 10**14
    assert abs(second - first) != 1


@pytest.mark.django_db
def test_an_id_that_was_drawn_before_overwrites_nobody(world: World) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Brand(pk=world.brand_a.pk, name="Another").save()
    assert Brand.objects.get(pk=world.brand_a.pk).name == "Aster & Oak"
