"""Rules of docs/rules.md that belong to no single page or app. The other rules are tested beside their modules."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.urls import reverse

from assessments.models import Assessment
from assessments.publication.services import start_correction, take_step
from portal.core.models import Event
from sharing import access
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.models import AccessRecord
from tests.world import World
from tests.written import written

pytestmark = pytest.mark.django_db


def test_r4_consent_here_touches_nothing_but_consent_here(world: World) -> None:
    """Two consents, never one: sharing with a brand writes the grant, its event and its index, and no third thing."""
    before = written()
    grant = world.grant()
    revoke_access(by=world.person("manager_a"), grant=grant)
    changed = {table for table, count in written().items() if count != before.get(table, 0)}
    of_consent = {"sharing_sharinggrant", "sharing_visibility", "sharing_receipt"}
    assert changed <= of_consent | {"core_event", "notices_notice", "core_signingkey"}


def test_r6_without_a_grant_no_brand_reads_anything(world: World) -> None:
    for persona in ("brand_a_manager", "brand_a_member", "brand_b_manager", "brand_b_member"):
        assert not Assessment.objects.visible_to(world.person(persona)).exists()


def test_r16_step_1_data_is_open_to_the_brand_that_holds_its_grant(world: World, api_of: Any, client_of: Any) -> None:
    a2 = world.assessments["a2"]
    findings = reverse("api:findings", args=[a2.pk])
    member = world.person("brand_a_member")
    assert api_of(member).get(findings, {"scope": "step1"}).status_code == 404
    world.grant(scope="step1")
    document = api_of(member).get(findings, {"scope": "step1"}).json()
    asked = {f["ext_id"] for cluster in document["clusters"] for point in cluster["points"] for f in point["findings"]}
    assert asked == {"1000", "1001", "1010", "1020", "1022"}
    assert b"Overtime is paid at the wrong rate" in client_of(member).get(reverse("assessment", args=[a2.pk])).content
    assert api_of(world.person("brand_b_member")).get(findings, {"scope": "step1"}).status_code == 404


def test_r43_a_published_report_stays_until_the_next_one_is_published(world: World) -> None:
    """While a correction is prepared, reviewed and read by the factory, the brand reads the published version."""
    world.grant()
    leader, member = world.person("team_leader"), world.person("brand_a_member")
    old = world.assessments["a2"]
    new = start_correction(by=leader, assessment=old, note="Wages")

    def readable() -> dict[Any, str]:
        cycle = Assessment.objects.visible_to(member).filter(cycle=2)
        return dict(cycle.values_list("pk", "state"))

    assert readable() == {old.pk: "published"}
    take_step(by=leader, assessment=new, name="send_to_factory")
    assert readable() == {old.pk: "published"}
    take_step(by=leader, assessment=new, name="publish")
    assert readable() == {old.pk: "superseded", new.pk: "published"}


def test_r43_two_reports_of_one_cycle_are_never_current_at_once(world: World) -> None:
    current = Assessment.objects.filter(state="published").values_list("factory", "cycle")
    assert len(current) == len(set(current))


def test_r50_consent_publication_and_access_are_in_a_log_that_nobody_rewrites(world: World) -> None:
    manager, leader, a3 = world.person("manager_a"), world.person("team_leader"), world.assessments["a3"]
    grant = change_grant(by=manager, grant=world.grant(), terms=Terms(cycles="from", cycle_numbers=[2]))
    take_step(by=leader, assessment=a3, name="publish")
    take_step(by=leader, assessment=a3, name="withdraw", reason="Wrong factory")
    revoke_access(by=manager, grant=grant, reason="Ended")
    told = Event.objects.filter(factory_id=world.factory_a.pk).values_list("kind", "actor__email")
    assert [
        ("grant.created", manager.email),
        ("grant.replaced", manager.email),
        ("grant.changed", manager.email),
        ("assessment.published", leader.email),
        ("assessment.withdrawn", leader.email),
        ("grant.revoked", manager.email),
    ] == [row for row in told.order_by("pk") if not row[0].startswith(("factories.", "people."))]
    for table in ("core_event", "sharing_accessrecord"):
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
            with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)


def test_r50_every_opening_by_a_brand_is_a_line_for_the_factory(world: World, client_of: Any, api_of: Any) -> None:
    world.grant(scope="report")
    world.grant(scope="step1")
    member, a2 = world.person("brand_a_member"), world.assessments["a2"]
    client_of(member).get(reverse("assessment", args=[a2.pk]))
    api_of(member).get(reverse("api:findings", args=[a2.pk]), {"scope": "step1"})
    lines = AccessRecord.objects.visible_to(world.person("member_a")).order_by("pk")
    assert [(line.person, line.brand, line.action, line.scope) for line in lines] == [
        (member, world.brand_a, "view", "report"),
        (member, world.brand_a, "view", "step1"),
        (member, world.brand_a, "api", "step1"),
    ]


def test_r50_who_could_see_what_on_a_day_is_answered_from_the_grants(world: World) -> None:
    """The past stays what it was: before the grant nothing, then something, after its end nothing."""
    member, a2 = world.person("brand_a_member"), world.assessments["a2"]
    grant = world.grant()
    ended = revoke_access(by=world.person("manager_a"), grant=grant)
    assert ended.ended_at is not None

    def seen_at(moment: Any) -> bool:
        return Assessment.objects.visible_to(member, at=moment).filter(pk=a2.pk).exists()

    assert not access.decide(member, a2, "report")
    assert seen_at(grant.valid_from)
    assert not seen_at(ended.ended_at)
    assert a2.published_at is not None
    assert not seen_at(a2.published_at)
