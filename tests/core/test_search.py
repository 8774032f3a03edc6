"""Searching names: what Python and the database compare is the same text."""

import pytest
from django.db.models import F

from brands.models import Supplier
from portal.core.names import unmarked
from portal.core.search import search, unmarked_text
from tests.world import World

NAMES = (
    "Công ty Cổ phần May Đức Thắng",
    "Ha\u0300 No\u0323\u0302i",
    "HAÏTI Bağcılar Ørsted ŁÓDŹ",
    "ទន្លេឈូក",
    "কারখানা",
    "شركة الخياطة",
    "Plain Name 12",
    "ＦＵＬＬ",
)


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_the_database_writes_names_as_python_does(world: World, name: str) -> None:
    made = Supplier.objects.create(brand=world.brand_a, name=name)
    (found,) = (
        Supplier.objects.filter(pk=made.pk).annotate(plain=unmarked_text(F("name"))).values_list("plain", flat=True)
    )
    assert found == unmarked(name)
    for words in (name, name.upper(), unmarked(name)):
        assert search(Supplier.objects.all(), words, names=("name", "address"), ids=("bw_id",)).get() == made
    assert not search(Supplier.objects.all(), "elsewhere", names=("name",)).exists()
