import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.world import make_assessment
pytestmark = pytest.mark.django_db
def dump(client, url):
    with CaptureQueriesContext(connection) as q:
        client.get(url)
    print("\n#####", url, len(q))
    for one in q.captured_queries:
        print("  -", one["sql"][:170].replace("\n", " "), "...", one["sql"][-120:].replace("\n"," "))
def test_q(world, client_of, api_of):
    world.grant(); world.grant(scope="step1")
    b = client_of(world.person("brand_a_member"))
    dump(b, reverse("shared_list")); 
    for cycle in range(5, 12):
        make_assessment(world, world.factory_a, cycle, "published", published_days_ago=40)
    dump(b, reverse("shared_list")); dump(b, "/"); dump(b, f"/assessments/{world.assessments['a2'].pk}/")
    for p in ("manager_a", "team_leader"):
        dump(client_of(world.person(p)), f"/assessments/{world.assessments['a2'].pk}/")
    for u in ("/api/v1/shared/", "/api/v1/assessments/", "/api/v1/grants/"):
        dump(api_of(world.person("brand_a_member")), u)
    assert 0
