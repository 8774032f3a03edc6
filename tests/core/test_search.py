"""Searching names: what Python and the database compare is the same text."""

from typing import Any

import pytest
from django.db.models import F
from django.urls import reverse

from brands.models import Brand, Supplier
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


@pytest.mark.django_db
def test_brands_programmes_and_subscriptions_are_found_whatever_the_marks(
    world: World, client_of: Any, api_of: Any
) -> None:
    """Each list with a search by name searches as all the others do."""
    brand = Brand.objects.create(name="Maison Étoilée", kind=Brand.Kind.PARTICIPANT)
    world.subscribe(brand)
    staff, leader = client_of(world.person("global_staff")), client_of(world.person("team_leader"))
    for words in ("etoilee", "ÉTOILÉE", "E\u0301toile\u0301e"):
        found = [
            staff.get(reverse("brand_list"), {"q": words}).context["page"].items,
            [
                row.brand
                for row in leader.get(reverse("subscription_list", args=[world.cambodia.pk]), {"q": words})
                .context["page"]
                .items
            ],
        ]
        assert found == [[brand], [brand]], words
        rows = api_of(world.person("global_staff")).get(reverse("api:brands"), {"search": words}).json()["results"]
        assert [row["id"] for row in rows] == [brand.pk]
    world.vietnam.name = "Đông Á"
    world.vietnam.save()
    for words in ("dong a", "ĐÔNG Á", "viet nam"):  # its name, and its country's in the reader's language
        page = staff.get(reverse("programme_list"), {"q": words}).context["page"]
        assert page.items == [world.vietnam], words
