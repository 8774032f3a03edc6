"""Reading over the API: what each persona sees, by the same gate as `visible_to`."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments.models import Assessment
from brands.models import Brand
from factories.models import CountryProgramme, Factory
from sharing.grants.services.revoking import revoke_access
from sharing.models import AccessRecord, SharingGrant
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db
V1 = "/api/v1/"
PERSONAS = [
    "brand_a_member",
    "brand_a_manager",
    "brand_b_member",
    "manager_a",
    "member_a",
    "manager_b",
    "advisor",
    "team_leader",
    "programme_manager",
    "vietnam_manager",
    "global_staff",
    "constituent",
    "outsider",
    "operator",
]
GATES: dict[str, Any] = {
    "assessments": Assessment.objects.visible_to,
    "factories": Factory.objects.visible_to,
    "brands": Brand.objects.visible_to,
    "grants": SharingGrant.objects.visible_to,
    "programmes": CountryProgramme.objects.visible_to,
}
MODELS: dict[str, Any] = {
    "assessments": Assessment,
    "factories": Factory,
    "brands": Brand,
    "grants": SharingGrant,
    "programmes": CountryProgramme,
}


@pytest.mark.parametrize("resource", list(GATES))
def test_list_and_detail_agree_with_the_gate_for_everybody(world: World, api_of: Any, all_ids: Any, resource: str):
    world.grant()
    world.grant(brand=world.brand_b, scope="step1")
    everything = [str(pk) for pk in MODELS[resource]._default_manager.values_list("pk", flat=True)]
    for persona in PERSONAS:
        user = world.person(persona)
        client = api_of(user)
        listed = [str(pk) for pk in all_ids(client.get(f"{V1}{resource}/"))]
        visible = {str(pk) for pk in GATES[resource](user).values_list("pk", flat=True)}
        opened = {pk for pk in everything if client.get(f"{V1}{resource}/{pk}/").status_code == 200}

        assert sorted(listed) == sorted(visible), persona
        assert opened == visible, persona


def test_shared_lists_what_the_brand_was_granted_and_nothing_else(world: World, api_of: Any, all_ids: Any):
    world.grant()
    for persona in PERSONAS:
        listed = all_ids(api_of(world.person(persona)).get(f"{V1}shared/"))
        expected = ["a2", "a1"] if persona in {"brand_a_member", "brand_a_manager"} else []
        assert listed == [str(world.assessments[name].pk) for name in expected], persona


def test_nobody_is_told_to_sign_in(world: World, api_of: Any):
    response = api_of(None).get(f"{V1}shared/")

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Token"


def test_me_says_what_one_may_do(world: World, api_of: Any, django_assert_num_queries: Any):
    client = api_of(world.person("manager_a"))
    with django_assert_num_queries(5):  # session, user, one for each kind of organisation
        me = client.get(f"{V1}me/").json()

    assert me["email"] == "manager.a@test.example"
    assert me["organisations"] == [
        {
            "kind": "factory",
            "id": world.factory_a.pk,
            "name": "Tonle Lotus Garments",
            "roles": ["manager"],
            "permissions": ["edit_profile", "manage_members", "manage_sharing", "view_data"],
        }
    ]
    assert api_of(world.person("operator")).get(f"{V1}me/").json()["organisations"] == []


# Findings


def findings(client: Any, assessment: Assessment, scope: str, **query: str) -> Any:
    return client.get(f"{V1}assessments/{assessment.pk}/findings/", {"scope": scope, **query})


def test_findings_are_the_document_that_the_file_holds(world: World, api_of: Any):
    world.grant()
    document = findings(api_of(world.person("brand_a_member")), world.assessments["a2"], "report").json()

    assert document["total"]["points_nc"] == 3
    points = {point["name"]: point for cluster in document["clusters"] for point in cluster["points"]}
    assert points["Overtime Wages"]["status"] == "nc"
    assert points["Overtime Wages"]["findings"][0]["note"] == "Evidence for 1010 in cycle 2"
    assert points["Leave"]["findings"][0]["value"] == "14"


@pytest.mark.parametrize("granted", ["report", "step1"])
def test_a_scope_that_was_not_granted_is_not_found(world: World, api_of: Any, granted: str):
    world.grant(scope=granted)
    client = api_of(world.person("brand_a_member"))
    for scope in ("report", "step1"):
        response = findings(client, world.assessments["a2"], scope)
        assert response.status_code == (200 if scope == granted else 404)


def test_r15_step_1_holds_step_1_questions_only(world: World, api_of: Any):
    world.grant(scope="step1")
    document = findings(api_of(world.person("brand_a_member")), world.assessments["a2"], "step1").json()
    found = {
        row["ext_id"] for cluster in document["clusters"] for point in cluster["points"] for row in point["findings"]
    }

    assert found == {"1000", "1001", "1010", "1020", "1022"}


def test_r12_nothing_says_which_questionnaire_or_reference_it_is(world: World, api_of: Any):
    world.grant()
    world.grant(scope="step1")
    client, pk = api_of(world.person("brand_a_member")), world.assessments["a2"].pk
    addresses = ["shared/", "assessments/", f"assessments/{pk}/", "grants/", "me/"]
    addresses += [
        f"assessments/{pk}/{page}/?scope={scope}" for page in ("findings", "explain") for scope in ("report", "step1")
    ]
    for address in addresses:
        response = client.get(V1 + address)
        assert response.status_code == 200
        for secret in (b"REF-", b"CAF", b"CAT", b"SLCP", b"slcp", b"Cambodia CAT", b'"step"', b"reference"):
            assert secret not in response.content, (address, secret)


def test_the_wording_comes_in_the_language_asked_for(world: World, api_of: Any):
    client = api_of(world.person("manager_a"))
    assert findings(client, world.assessments["a2"], "report", language="fr").json()["language"] == "fr"
    assert findings(client, world.assessments["a2"], "report").json()["language"] == "en"


@pytest.mark.parametrize("persona", ["brand_a_member", "team_leader"])
def test_reading_findings_is_written_down_and_a_list_is_not(world: World, api_of: Any, persona: str):
    world.grant()
    client = api_of(world.person(persona))
    client.get(f"{V1}shared/")
    client.get(f"{V1}assessments/")
    assert not AccessRecord.objects.exists()

    findings(client, world.assessments["a2"], "report")
    written = AccessRecord.objects.get()

    assert (written.person, written.action, written.scope, written.cycle) == (world.person(persona), "api", "report", 2)
    assert written.brand == (world.brand_a if persona == "brand_a_member" else None)


def test_opening_one_assessment_is_written_down_for_each_open_scope(world: World, api_of: Any):
    world.grant()
    world.grant(scope="step1")
    api_of(world.person("brand_a_member")).get(f"{V1}assessments/{world.assessments['a1'].pk}/")

    assert set(AccessRecord.objects.values_list("scope", "action")) == {("report", "api"), ("step1", "api")}


def test_what_is_refused_is_not_written_down(world: World, api_of: Any):
    findings(api_of(world.person("brand_b_member")), world.assessments["a2"], "report")

    assert not AccessRecord.objects.exists()


def test_r47_a_factory_does_not_meet_its_planned_assessment(world: World, api_of: Any):
    client, planned = api_of(world.person("manager_a")), world.assessments["a4"]
    everything = client.get(f"{V1}assessments/").content + client.get(f"{V1}factories/{world.factory_a.pk}/").content

    assert str(planned.pk).encode() not in everything
    assert planned.start_date.isoformat().encode() not in everything
    assert client.get(f"{V1}assessments/{planned.pk}/").status_code == 404


# Explain


def test_explain_names_the_grant_that_decided_or_the_missing_one(world: World, api_of: Any):
    grant = world.grant()
    client, address = api_of(world.person("brand_a_member")), f"{V1}assessments/{world.assessments['a2'].pk}/explain/"
    allowed, refused = (client.get(address, {"scope": scope}).json() for scope in ("report", "step1"))

    assert allowed == {
        "allowed": True,
        "reason": "grant",
        "sentence": allowed["sentence"],
        "grant": str(grant.pk),
    }
    assert "Aster & Oak" in allowed["sentence"]
    assert (refused["allowed"], refused["reason"], refused["grant"]) == (False, "no_grant", None)
    assert api_of(world.person("brand_b_member")).get(address, {"scope": "report"}).status_code == 404


# Revoke


def test_a_revoke_is_true_on_the_next_call_for_a_session_and_a_token(world: World, api_of: Any, token_client: Any):
    grant = world.grant()
    session, token = api_of(world.person("brand_a_member")), token_client("integration_report")
    pk = world.assessments["a2"].pk
    addresses = [
        f"assessments/{pk}/",
        f"assessments/{pk}/findings/?scope=report",
        f"assessments/{pk}/explain/?scope=report",
    ]
    for client in (session, token):
        assert [client.get(V1 + address).status_code for address in addresses] == [200, 200, 200]

    revoke_access(by=world.person("manager_a"), grant=grant)

    for client in (session, token):
        assert [client.get(V1 + address).status_code for address in addresses] == [404, 404, 404]
        assert client.get(f"{V1}shared/").json()["results"] == []
        assert client.get(f"{V1}assessments/").json()["results"] == []


# Filters and pages


@pytest.fixture
def many(world: World) -> World:
    """Factory A shares everything with brand A; factory B its reports."""
    world.grant()
    world.grant(factory=world.factory_b)
    return world


NARROWED: list[tuple[dict[str, str], list[str]]] = [
    ({}, ["b1", "a2", "a1"]),
    ({"country": "KH"}, ["b1", "a2", "a1"]),
    ({"country": "VN"}, []),
    ({"cycle": "1"}, ["b1", "a1"]),
    ({"cluster": "Compensation"}, ["b1", "a2", "a1"]),
    ({"cluster": "Child Labour"}, []),
    ({"search": "lotus"}, ["a2", "a1"]),
    ({"search": "ឈូក"}, ["a2", "a1"]),
    ({"search": "kh-0002"}, ["b1"]),
    ({"search": "%"}, []),
]


def test_shared_can_be_narrowed(many: World, api_of: Any, all_ids: Any):
    client = api_of(many.person("brand_a_member"))
    for query, expected in NARROWED:
        listed = all_ids(client.get(f"{V1}shared/", query))
        assert listed == [str(many.assessments[name].pk) for name in expected], query


def test_shared_can_be_narrowed_by_factory_and_year(many: World, api_of: Any, all_ids: Any):
    client, a2 = api_of(many.person("brand_a_member")), many.assessments["a2"]
    assert len(all_ids(client.get(f"{V1}shared/", {"factory": many.factory_b.pk}))) == 1
    found = all_ids(client.get(f"{V1}shared/", {"year": a2.start_date.year, "cycle": 2}))
    assert found == [str(a2.pk)]


def test_a_filter_finds_nothing_that_is_hidden(many: World, api_of: Any):
    client = api_of(many.person("brand_b_member"))
    for query in ({"factory": many.factory_a.pk}, {"search": "lotus"}, {"cluster": "Compensation"}, {"cycle": 2}):
        assert client.get(f"{V1}assessments/", query).json() == {"next": None, "previous": None, "results": []}


def test_a_step_1_reader_is_not_told_of_findings_outside_it(world: World, api_of: Any, all_ids: Any):
    """Question 1012 belongs to no Step; its compliance point is non-compliant for those who read the report."""
    lonely = make_assessment(world, world.factory_b, 7, "published", published_days_ago=20)
    world.grant(scope="step1", factory=world.factory_b)
    client = api_of(world.person("brand_a_member"))
    row = client.get(f"{V1}assessments/{lonely.pk}/").json()

    assert row["scopes"] == ["step1"]
    assert (row["points_non_compliant"], row["points_assessed"]) == (2, 4)
    world.grant(factory=world.factory_b)
    row = client.get(f"{V1}assessments/{lonely.pk}/").json()
    assert (row["points_non_compliant"], row["points_assessed"]) == (3, 5)


def test_staff_narrow_by_state_and_lateness(world: World, api_of: Any, all_ids: Any):
    client = api_of(world.person("team_leader"))
    found = all_ids(client.get(f"{V1}assessments/", {"state": "factory_review"}))
    assert found == [str(world.assessments["a3"].pk)]
    late = make_assessment(world, world.factory_b, 9, "internal_review", published_days_ago=60)
    assert all_ids(client.get(f"{V1}assessments/", {"late": "true"})) == [str(late.pk)]


def test_factories_brands_and_grants_can_be_narrowed(world: World, api_of: Any):
    world.grant()
    staff = api_of(world.person("global_staff"))

    def found(address: str, **query: Any) -> list[str]:
        return [row["name"] for row in staff.get(V1 + address, query).json()["results"]]

    assert found("factories/", country="VN") == ["Sông Xanh Textile"]
    assert found("factories/", search="heron", sector="apparel", enrolment_status="enrolled") == [
        "Mekong Heron Apparel"
    ]
    assert found("brands/", kind="participant") == ["Bluefinch"]
    assert found("brands/", search="aster") == ["Aster & Oak"]
    manager = api_of(world.person("manager_a"))
    for query, number in (
        ({"open": "true"}, 1),
        ({"open": "false"}, 0),
        ({"scope": "step1"}, 0),
        ({"brand": world.brand_a.pk}, 1),
    ):
        assert len(manager.get(f"{V1}grants/", query).json()["results"]) == number


def test_pages_meet_without_gap_or_overlap_in_both_directions(world: World, api_of: Any, all_ids: Any):
    world.grant()
    for cycle in range(10, 17):
        make_assessment(world, world.factory_a, cycle, "published", published_days_ago=100 - cycle)
    client = api_of(world.person("brand_a_member"))
    everything = all_ids(client.get(f"{V1}shared/"))
    walked, page = [], client.get(f"{V1}shared/", {"page_size": 4})
    while True:
        walked += all_ids(page)
        if page.json()["next"] is None:
            break
        page = client.get(page.json()["next"])

    assert walked == everything
    assert len(walked) == 9
    back = client.get(page.json()["previous"])
    assert all_ids(back) == everything[4:8]


def test_lists_cost_the_same_whatever_their_length(
    world: World, api_of: Any, token_client: Any, decisions_are_settled: None
):
    """Brand list: session, user, brands, rows. By token: token in place of session and user.

    Everything readable: session, user, sides, brands, rows.
    """
    world.grant()
    session, token = api_of(world.person("brand_a_member")), token_client("integration_report")
    token.get(f"{V1}me/")

    def cost(client: Any, address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(V1 + address).status_code == 200
        return len(queries)

    few = [cost(session, "shared/"), cost(token, "shared/"), cost(session, "assessments/"), cost(session, "grants/")]
    for cycle in range(10, 30):
        make_assessment(world, world.factory_a, cycle, "published", published_days_ago=100 - cycle)
    many = [cost(session, "shared/"), cost(token, "shared/"), cost(session, "assessments/"), cost(session, "grants/")]

    assert many == few == [4, 3, 5, 3]
    assert (
        cost(session, "shared/?cluster=Compensation&country=KH&search=lotus&year=2026") == 4 + 2
    )  # who-saw-what, and whether the search uses what was shared just now
    staff = api_of(world.person("global_staff"))
    lists = ("assessments/", "factories/", "brands/", "grants/", "programmes/")
    assert [cost(staff, address) for address in lists] == [4, 3, 4, 3, 3]


def test_one_document_costs_the_same_whatever_its_length(
    world: World, api_of: Any, decisions_are_settled: None, django_assert_max_num_queries: Any
):
    world.grant()
    client = api_of(world.person("brand_a_member"))
    with django_assert_max_num_queries(8):
        assert findings(client, world.assessments["a2"], "report").status_code == 200


def test_suppliers_are_for_the_brands_people_alone(world: World, api_of: Any, token_client: Any):
    world.brand_a.suppliers.create(name="Mill One", country="KH")
    address = f"{V1}brands/{world.brand_a.pk}/suppliers/"

    assert [row["name"] for row in api_of(world.person("brand_a_member")).get(address).json()["results"]] == [
        "Mill One"
    ]
    assert api_of(world.person("brand_a_member")).get(address, {"search": "two"}).json()["results"] == []
    for persona in ("brand_b_manager", "manager_a", "global_staff", "outsider"):
        assert api_of(world.person(persona)).get(address).status_code == 404
    assert token_client("integration_report").get(address).status_code == 403


def test_the_visitor_without_account_sees_no_rows() -> None:
    for gate in GATES.values():
        assert not gate(AnonymousUser()).exists()
