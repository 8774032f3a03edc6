"""Factories from a table: by id, all or none, seen before it is done."""

import datetime as dt
from io import BytesIO
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from factories.imports import OPTIONAL, REQUIRED, FactoriesChanged, import_factories, plan_factories
from factories.models import Factory
from factories.roles import FACTORY
from portal.accounts.roles import has_general_permission, role_of
from portal.accounts.services import add_member
from portal.core.models import Event
from portal.core.tables import Table

pytestmark = pytest.mark.django_db

HEADER = "bw_id,name,country,local_name,lat,lng,sector,workers_women,enrolment_status,enrolled_on,Remarks\n"
NEW = "KH-0100,Lotus Yarn,Cambodia,ឈូក,11.55640000001,104.9282,Apparel,120,enrolled,27/03/2016,x\n"
CHANGED = "KH-0001,Tonle Lotus Garments,KH,,,,,450,,,\n"
SAME = "KH-0002,Mekong Heron Apparel,Cambodia,,,,,,,,\n"
LISTS = Path(__file__).parent.parent / "brands" / "data"
PAGE = "/factories/import/"


def file(*rows, header=HEADER):
    return BytesIO((header + "".join(rows)).encode())


def test_factories_are_created_and_updated_by_id(world):
    outcome = import_factories(by=world.person("team_leader"), file=file(NEW, CHANGED, SAME))
    assert (len(outcome.new), len(outcome.changes), outcome.unchanged) == (1, 1, 1)
    assert outcome.ignored == ["Remarks"]
    made = Factory.objects.get(bw_id="KH-0100")
    assert (made.local_name, str(made.latitude), made.sector) == ("ឈូក", "11.556400", "apparel")
    assert (made.enrolment_status, made.enrolled_on) == ("enrolled", dt.date(2016, 3, 27))
    world.factory_a.refresh_from_db()
    assert (world.factory_a.workers_women, world.factory_a.local_name) == (450, "ទន្លេឈូក")
    assert Event.objects.filter(kind="factory.created", factory_id=made.pk).count() == 1
    assert Event.objects.filter(kind="factory.updated", factory_id=world.factory_a.pk).count() == 1


def test_a_factory_made_in_bulk_has_the_roles_of_one_made_by_hand(world):
    import_factories(by=world.person("team_leader"), file=file(NEW))
    made, member = Factory.objects.get(bw_id="KH-0100"), world.person("outsider")
    add_member(by=None, kind=FACTORY, organisation=made, member=member, role="manager")
    assert role_of(member, FACTORY, made) == ["manager"]
    assert Factory.objects.where(member, "manage_sharing").get() == made
    assert has_general_permission(member, "brands.view_all_brands")
    rows = FACTORY.permission_model._default_manager
    by_hand = set(rows.filter(content_object=world.factory_b).values_list("permission__codename", flat=True))
    assert set(rows.filter(content_object=made).values_list("permission__codename", flat=True)) == by_hand


def test_importing_again_changes_nothing(world):
    by = world.person("team_leader")
    import_factories(by=by, file=file(NEW, CHANGED))
    before = list(Factory.objects.order_by("pk").values())
    outcome = import_factories(by=by, file=file(NEW, CHANGED))
    assert (outcome.new, outcome.changes, outcome.unchanged) == ([], [], 2)
    assert list(Factory.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("KH-1,Name,Vietnam,,,,,,,,\n", "country"),
        ("KH-1,Name,Atlantis,,,,,,,,\n", "country"),
        ("VN-0001,Name,Cambodia,,,,,,,,\n", "bw_id"),
        (",Name,Cambodia,,,,,,,,\n", "bw_id"),
        ("KH 1,Name,Cambodia,,,,,,,,\n", "bw_id"),
        ("KH-1,,Cambodia,,,,,,,,\n", "name"),
        ("KH-1," + "x" * 201 + ",Cambodia,,,,,,,,\n", "name"),
        ("KH-1," + "x" * 10_001 + ",Cambodia,,,,,,,,\n", "name"),
        ("KH-1,Name,Cambodia,,91,,,,,,\n", "latitude"),
        ("KH-1,Name,Cambodia,,north,,,,,,\n", "latitude"),
        ("KH-1,Name,Cambodia,,NaN,,,,,,\n", "latitude"),
        ("KH-1,Name,Cambodia,,,,Cheese,,,,\n", "sector"),
        ("KH-1,Name,Cambodia,,,,,-5,,,\n", "workers_women"),
        ("KH-1,Name,Cambodia,,,,,many,,,\n", "workers_women"),
        ("KH-1,Name,Cambodia,,,,,,maybe,,\n", "enrolment_status"),
        ("KH-1,Name,Cambodia,,,,,,,13/27/2016,\n", "enrolled_on"),
        (NEW, "bw_id"),
    ],
)
def test_one_error_stops_all_and_is_named(world, row, column):
    before = Factory.objects.count()
    outcome = import_factories(by=world.person("team_leader"), file=file(NEW, row))
    assert [(problem.row, problem.column) for problem in outcome.problems] == [(3, column)]
    assert Factory.objects.count() == before


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        ("KH 1,,Cambodia,,91,north,Cheese,-5,maybe,13/27/2016,\n",
         {"bw_id", "name", "latitude", "longitude", "sector", "workers_women", "enrolment_status", "enrolled_on"}),
        ("KH-1,Name,Cambodia,,11,north,,,,,\n", {"longitude"}),
        ("KH-1,Name,Cambodia,,11,,,many,,,\n", {"workers_women"}),
        ("KH-1,Name,Cambodia,,,,,,,01/01/1200,\n", {"enrolled_on"}),
    ],
)  # fmt: skip
def test_everything_that_is_wrong_with_a_row_is_named_at_once(world, row, columns):
    """And nothing that only follows from a cell that says nothing: half a place, a factory that left before it came."""
    outcome = plan_factories(by=world.person("team_leader"), file=file(row))
    assert sorted(problem.column for problem in outcome.problems) == sorted(columns)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("KH-1,,Cambodia,,,,,,,,\n", "This cell is empty"),
        ("KH-1,Name,Cambodia,,,,Cheese,,,,\n", "Allowed: apparel, footwear, textile, accessories, other."),
        ("KH-1,Name,Cambodia,,,,,,maybe,,\n", "Allowed: pending, enrolled,"),
        ("KH-1,Name,Cambodia,,,,,many,,,\n", "whole number, 0 or more"),
        ("KH-1,Name,Cambodia,,,,,-5,,,\n", "whole number, 0 or more"),
        ("KH-1,Name,Cambodia,,91,,,,,,\n", "from -90 to 90"),
        ("KH-1,Name,Cambodia,,NaN,,,,,,\n", "degrees"),
        ("KH-1,Name,Cambodia,,,,,,,13/27/2016,\n", "dd/mm/yyyy"),
        ("KH-1," + "x" * 201 + ",Cambodia,,,,,,,,\n", "201 characters; at most 200 are allowed"),
        ("KH-1,Name,Atlantis,,,,,,,,\n", "one of: Cambodia"),
    ],
)
def test_errors_say_what_to_write(world, row, words):
    (problem,) = plan_factories(by=world.person("team_leader"), file=file(row)).problems
    assert words in problem.message


def test_the_empty_table_has_every_column_and_the_page_tells_what_they_hold(world, client_of):
    client = client_of(world.person("team_leader"))
    response = client.get(f"{PAGE}?template=csv")
    assert response.headers["Content-Type"].startswith("text/csv")
    empty = Table(BytesIO(response.getvalue()), required=REQUIRED, optional=OPTIONAL)
    assert (list(empty.index), empty.ignored) == ([*REQUIRED, *OPTIONAL], [])
    shown = client.get(PAGE).content.decode()
    assert "?template=csv" in shown
    assert "apparel, footwear" in shown
    assert "not_enrollable" in shown
    assert client_of(world.person("advisor")).get(f"{PAGE}?template=csv").status_code == 403


def test_ignored_columns_are_named_with_errors_too(world, client_of):
    client = client_of(world.person("team_leader"))
    content = b"bw_id,name,country,sectors,Remarks\nKH-1,,KH,apparel,x\n"
    shown = client.post(PAGE, {"file": SimpleUploadedFile("f.csv", content)}).content.decode()
    assert "sectors, Remarks" in shown
    assert "“sectors” meant as “sector”" in shown


def test_a_list_of_places_has_no_ids(world):
    with (LISTS / "facility-list-1.csv").open("rb") as places:
        outcome = plan_factories(by=world.person("team_leader"), file=places)
    assert "bw_id" in outcome.problems[0].message
    assert "Better Work ID" in outcome.problems[0].message


@pytest.mark.parametrize("persona", ["advisor", "manager_a", "brand_a_manager", "constituent", "outsider", "operator"])
def test_others_may_not(world, persona):
    with pytest.raises(PermissionDenied):
        import_factories(by=world.person(persona), file=file(NEW))


def test_what_changed_since_the_preview_stops_it(world):
    by = world.person("team_leader")
    promise = plan_factories(by=by, file=file(NEW)).promise()
    import_factories(by=by, file=file(NEW))
    with pytest.raises(FactoriesChanged):
        import_factories(by=by, file=file(NEW), promise=promise)


@pytest.mark.parametrize(
    ("persona", "status"),
    [
        ("team_leader", 200),
        ("global_staff", 200),
        ("advisor", 403),
        ("manager_a", 403),
        ("brand_a_manager", 404),
        ("constituent", 404),
        ("outsider", 404),
        ("anonymous", 302),
    ],
)
def test_who_sees_the_page(world, client_of, persona, status):
    client = client_of(world.people[persona])
    assert client.get(PAGE).status_code == status
    assert client.post(PAGE, {"file": SimpleUploadedFile("f.csv", file(NEW).read())}).status_code == status
    assert client.post(f"{PAGE}confirm/", {"upload": "x"}).status_code == (302 if status == 200 else status)
    assert not Factory.objects.filter(bw_id="KH-0100").exists()


def test_upload_preview_confirm(world, client_of):
    client = client_of(world.person("team_leader"))
    response = client.post(PAGE, {"file": SimpleUploadedFile("f.csv", file(NEW, CHANGED).read())})
    assert "KH-0100" in response.content.decode()
    assert not Factory.objects.filter(bw_id="KH-0100").exists()
    token = response.context["token"]
    stranger = client_of(world.person("programme_manager"))
    stranger.post(f"{PAGE}confirm/", {"upload": token})
    assert not Factory.objects.filter(bw_id="KH-0100").exists()
    client.post(f"{PAGE}confirm/", {"upload": token})
    assert Factory.objects.filter(bw_id="KH-0100").count() == 1
    again = client.post(f"{PAGE}confirm/", {"upload": token}, follow=True)
    assert "This preview has expired" in again.content.decode()


def test_a_stale_preview_is_shown_again(world, client_of):
    client = client_of(world.person("team_leader"))
    response = client.post(PAGE, {"file": SimpleUploadedFile("f.csv", file(NEW).read())})
    import_factories(by=world.person("team_leader"), file=file(NEW))
    assert client.post(f"{PAGE}confirm/", {"upload": response.context["token"]}).status_code == 409


def test_errors_are_on_the_page(world, client_of):
    client = client_of(world.person("team_leader"))
    response = client.post(PAGE, {"file": SimpleUploadedFile("f.csv", file("KH-1,<b>,Atlantis,,,,,,,,\n").read())})
    assert response.status_code == 400
    assert "Nothing was imported" in response.content.decode()


def test_the_command(world, tmp_path, capsys):
    path = tmp_path / "factories.csv"
    path.write_bytes(file(NEW).read())
    call_command("import_factories", str(path), by="team.leader@test.example", check=True)
    assert not Factory.objects.filter(bw_id="KH-0100").exists()
    call_command("import_factories", str(path), by="team.leader@test.example")
    assert "Imported: 1 new" in capsys.readouterr().out
    path.write_bytes(file("KH-1,Name,Atlantis,,,,,,,,\n").read())
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_factories", str(path), by="team.leader@test.example")
