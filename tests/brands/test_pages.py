"""The pages of brands: who knows of which brand, who changes it, and the brand's own supplier list."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from brands.models import Brand, Supplier
from portal.accounts.models import User
from portal.core.models import Event
from tests.factories.pages import form_data
from tests.world import World

pytestmark = pytest.mark.django_db
LIST = "/brands/"
NEW = {"name": "Copperleaf", "kind": "partner", "website": "", "country": "NL", "is_active": "on"}


def page(brand: Brand, name: str = "brand") -> str:
    return reverse(name, args=[brand.pk])


@pytest.fixture
def closed(world: World) -> Brand:
    return Brand.objects.create(name="Gone Label", is_active=False)


@pytest.mark.parametrize(
    "path", [LIST, "/brands/new/", "/brands/1/", "/brands/1/suppliers/", "/brands/1/integrations/"]
)
def test_the_visitor_must_sign_in(world: World, client_of, path):
    assert client_of(None).get(path).status_code == 302


@pytest.mark.parametrize(
    ("persona", "expected"),
    [
        ("global_staff", {"Aster & Oak", "Bluefinch", "Gone Label"}),
        ("programme_manager", {"Aster & Oak", "Bluefinch", "Gone Label"}),
        ("team_leader", {"Aster & Oak", "Bluefinch", "Gone Label"}),
        ("manager_a", {"Aster & Oak", "Bluefinch"}),
    ],
)
def test_staff_list_every_brand_and_a_factorys_manager_the_active_ones(world, client_of, closed, persona, expected):
    response = client_of(world.person(persona)).get(LIST)

    assert {brand.name for brand in response.context["page"]} == expected


@pytest.mark.parametrize("persona", ["member_a", "advisor", "constituent", "outsider", "operator"])
def test_others_find_no_list_not_even_by_searching(world, client_of, persona):
    client = client_of(world.person(persona))

    assert client.get(LIST).status_code == 404
    assert client.get(LIST, {"q": "Aster"}).status_code == 404
    assert client.get(page(world.brand_a)).status_code == 404
    assert client.get("/brands/new/").status_code == 404


def test_a_brands_people_go_straight_to_their_own(world, client_of):
    response = client_of(world.person("brand_a_member")).get(LIST)

    assert response.url == page(world.brand_a)


def test_a_brand_never_learns_of_another(world, client_of):
    client = client_of(world.person("brand_a_manager"))

    assert client.get(page(world.brand_b)).status_code == 404
    assert client.get(LIST, {"q": "Bluefinch"}).context["page"].items == []
    for name in ("brand_edit", "supplier_list", "integrations"):
        assert client.get(page(world.brand_b, name)).status_code == 404


def test_a_factorys_manager_reads_a_brands_name_and_nothing_else(world, client_of, closed):
    Brand.objects.filter(pk=world.brand_a.pk).update(website="https://aster.example", country="DK")
    client = client_of(world.person("manager_a"))

    listing = client.get(LIST).content.decode()
    content = client.get(page(world.brand_a)).content.decode()

    assert "Aster &amp; Oak" in content
    for secret in ("Partner", "Denmark", "aster.example", "Brand A Manager"):
        assert secret not in content
        assert secret not in listing
    assert client.get(page(closed)).status_code == 404
    assert client.get(page(world.brand_a, "supplier_list")).status_code == 404
    assert client.get(page(world.brand_a, "integrations")).status_code == 403
    assert client.get(page(world.brand_a, "brand_edit")).status_code == 403


def test_the_people_of_a_brand_that_was_closed_see_nothing(world, client_of):
    Brand.objects.filter(pk=world.brand_a.pk).update(is_active=False)
    client = client_of(world.person("brand_a_manager"))

    for name in ("brand", "supplier_list", "integrations"):
        assert client.get(page(world.brand_a, name)).status_code == 404


@pytest.mark.parametrize(
    ("asked", "shown"), [({"q": "\x00"}, 0), ({"q": "x" * 10_000}, 0), ({"cursor": "tampered"}, 2)]
)
def test_nonsense_in_the_address_is_answered(world, client_of, asked, shown):
    response = client_of(world.person("global_staff")).get(LIST, asked)

    assert len(response.context["page"].items) == shown


def test_the_list_takes_the_same_few_queries_however_long(world, client_of):
    client = client_of(world.person("global_staff"))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        return len(captured)

    before = queries()
    Brand.objects.bulk_create(Brand(name=f"Brand {number:02}") for number in range(30))
    assert queries() == before <= 6


def test_global_staff_add_a_brand_once(world, client_of):
    client = client_of(world.person("global_staff"))

    first, second = (client.post("/brands/new/", NEW) for _time in range(2))

    added = Brand.objects.get(name="Copperleaf")
    assert first.url == page(added)
    assert second.status_code == 400
    assert added.roles.count() == 5
    assert Event.objects.filter(kind="brand.created", brand_id=added.pk).count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 10_000},
        {"name": "a\x00b"},
        {"name": "aster & OAK"},
        {"kind": "friend"},
        {"website": "javascript:alert(1)"},
        {"country": "XX"},
    ],
)
def test_a_brand_that_cannot_be_is_not_added(world, client_of, changes):
    response = client_of(world.person("global_staff")).post("/brands/new/", {**NEW, **changes})

    assert response.status_code == 400
    assert response.context["form"].errors
    assert Brand.objects.count() == 2


@pytest.mark.parametrize("persona", ["programme_manager", "team_leader", "manager_a", "brand_a_manager"])
def test_only_global_staff_add_or_edit(world, client_of, persona):
    client = client_of(world.person(persona))

    assert client.post("/brands/new/", NEW).status_code == 403
    assert client.post(page(world.brand_a, "brand_edit"), NEW).status_code == 403
    assert Brand.objects.get(pk=world.brand_a.pk).name == "Aster & Oak"


def test_global_staff_edit_and_an_old_form_is_refused(world, client_of):
    client = client_of(world.person("global_staff"))
    url = page(world.brand_a, "brand_edit")
    stale = form_data(client, url, country="SE")

    saved = client.post(url, form_data(client, url, country="DK", id=world.brand_b.pk))
    refused = client.post(url, stale)

    assert saved.status_code == 302
    assert refused.status_code == 409
    assert Brand.objects.get(pk=world.brand_a.pk).country == "DK"
    assert Brand.objects.get(pk=world.brand_b.pk).country == ""
    assert Event.objects.get(kind="brand.updated").data == {"changes": {"country": ["", "DK"]}}


# -- suppliers ----------------------------------------------------------------------------------------------------


@pytest.fixture
def suppliers(world: World) -> None:
    Supplier.objects.bulk_create(
        Supplier(brand=world.brand_a, name=f"Supplier {number:02}", country="Cambodia", bw_id=f"KH-{number:04}")
        for number in range(40)
    )
    Supplier.objects.create(brand=world.brand_b, name="Supplier of B")


@pytest.mark.parametrize(
    ("persona", "status"),
    [
        ("brand_a_manager", 200),
        ("brand_a_member", 200),
        ("brand_b_manager", 404),
        ("manager_a", 404),
        ("programme_manager", 404),
        ("global_staff", 404),
        ("outsider", 404),
    ],
)
def test_a_supplier_list_is_the_brands_own_business(world, client_of, suppliers, persona, status):
    assert client_of(world.person(persona)).get(page(world.brand_a, "supplier_list")).status_code == status


def test_suppliers_are_searched_and_paged(world, client_of, suppliers):
    client = client_of(world.person("brand_a_member"))
    url = page(world.brand_a, "supplier_list")

    first = client.get(url).context["page"]
    second = client.get(url, {"cursor": first.next_cursor}).context["page"]
    found = client.get(url, {"q": "kh-0007"}).context["page"]

    assert (len(first), len(second)) == (25, 15)
    assert [supplier.name for supplier in found] == ["Supplier 07"]
    assert client.get(url, {"q": "Supplier of B"}).context["page"].items == []
    assert client.get(url, {"q": "\x00"}).status_code == 200


def test_the_supplier_list_takes_the_same_few_queries(world, client_of, suppliers):
    client = client_of(world.person("brand_a_member"))
    with CaptureQueriesContext(connection) as long:
        client.get(page(world.brand_a, "supplier_list"))
    Supplier.objects.all().delete()
    with CaptureQueriesContext(connection) as empty:
        client.get(page(world.brand_a, "supplier_list"))

    assert len(long) == len(empty) <= 6


# -- uploading suppliers ------------------------------------------------------------------------------------------

TABLE = "name,country,address,colour\nNew Mill,Cambodia,Road 1,red\nOld Mill,Vietnam,Road 2,blue\n"


def upload(content: str | bytes = TABLE) -> dict[str, SimpleUploadedFile]:
    return {"file": SimpleUploadedFile("list.csv", content.encode() if isinstance(content, str) else content)}


@pytest.mark.parametrize(
    ("persona", "status"),
    [
        ("brand_a_manager", 200),
        ("brand_a_member", 403),
        ("brand_b_manager", 404),
        ("global_staff", 404),
        ("manager_a", 404),
        ("outsider", 404),
    ],
)
def test_who_uploads_a_supplier_list(world, client_of, persona, status):
    client = client_of(world.person(persona))
    url = page(world.brand_a, "supplier_import")

    assert client.get(url).status_code == status
    assert client.post(url, upload()).status_code == (302 if status == 200 else status)
    assert Supplier.objects.count() == (2 if status == 200 else 0)


def test_the_same_list_twice_adds_nothing_twice_and_says_so(world, client_of):
    client = client_of(world.person("brand_a_manager"))
    url = page(world.brand_a, "supplier_import")

    first = client.post(url, upload(), follow=True).content.decode()
    second = client.post(url, upload(), follow=True).content.decode()

    assert "2 suppliers were added" in first
    assert "colour" in first
    assert "0 suppliers were added" in second
    assert "already on the list: 2." in second
    assert Supplier.objects.filter(brand=world.brand_a).count() == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"colour\nred\n",
        b"name\n" + b"x" * 10_000 + b"\n",
        b"name\na\x00b\n",
        b"name,latitude\nMill,north\n",
        b"PK\x03\x04no workbook",
        "name\nNähe\n".encode("latin-1"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_reasons(world, client_of, content):
    response = client_of(world.person("brand_a_manager")).post(page(world.brand_a, "supplier_import"), upload(content))

    assert response.status_code == 400
    assert response.context["problems"] or response.context["form"].errors
    assert not Supplier.objects.exists()


def test_no_file_is_refused(world, client_of):
    response = client_of(world.person("brand_a_manager")).post(page(world.brand_a, "supplier_import"), {})

    assert response.status_code == 400
    assert "Choose a file" in response.content.decode()


def test_global_staff_are_told_when_they_may_invite_a_manager(world, client_of):
    client = client_of(world.person("global_staff"))

    managed = client.get(page(world.brand_a)).content.decode()
    User.objects.filter(pk=world.person("brand_a_manager").pk).update(is_active=False)
    unmanaged = client.get(page(world.brand_a)).content.decode()

    assert "only while there is none" in managed
    assert "has no manager yet" in unmanaged
    own = client_of(world.person("brand_a_member")).get(page(world.brand_a)).content.decode()
    assert "manager yet" not in own


def test_staff_narrow_and_order_the_brands_and_others_learn_nothing_by_it(world, client_of):
    Brand.objects.filter(pk=world.brand_a.pk).update(kind="partner", country="DE")
    Brand.objects.filter(pk=world.brand_b.pk).update(kind="participant", country="FR", is_active=False)
    staff, manager = client_of(world.person("team_leader")), client_of(world.person("manager_a"))

    def found(client, query):
        return [brand.pk for brand in client.get(f"{LIST}?{query}").context["page"]]

    a, b = world.brand_a.pk, world.brand_b.pk
    asked = [
        "kind=partner",
        "kind=participant",
        "country=FR",
        "state=active",
        "state=inactive",
        "sort=recent",
        "kind=x",
    ]
    assert [found(staff, query) for query in asked] == [[a], [b], [b], [a], [b], [b, a], []]
    assert found(manager, "kind=participant&country=FR&sort=recent") == [a]
    assert "A filter was not understood" in staff.get(f"{LIST}?kind=x").content.decode()
