"""The access decision: three directions, one rule (docs/rules.md)."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.utils import timezone

from assessments.models import Assessment
from sharing import access
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.models import SharingGrant
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db
SCOPES = ("report", "step1")


def names(world: World, persona: str, scope: str | None = None) -> set[str]:
    """The assessments of the world that a persona sees, by their names."""
    visible = set(
        Assessment.objects.visible_to(world.people[persona] or AnonymousUser(), scope).values_list("pk", flat=True)
    )
    return {name for name, assessment in world.assessments.items() if assessment.pk in visible}


@pytest.mark.parametrize(
    ("persona", "expected"),
    [
        ("anonymous", set()),
        ("outsider", set()),
        ("operator", set()),
        ("inactive", set()),
        ("constituent", set()),
        ("brand_a_manager", set()),
        ("brand_b_member", set()),
        ("manager_a", {"a1_old", "a1", "a2", "a3"}),
        ("member_a", {"a1_old", "a1", "a2", "a3"}),
        ("manager_b", {"b1"}),
        ("advisor", {"a1_old", "a1", "a2", "a3", "a4"}),
        ("team_leader", {"a1_old", "a1", "a2", "a3", "a4", "b1", "b2"}),
        ("programme_manager", {"a1_old", "a1", "a2", "a3", "a4", "b1", "b2"}),
        ("vietnam_manager", set()),
        ("global_staff", {"a1_old", "a1", "a2", "a3", "a4", "b1", "b2"}),
    ],
)
def test_without_any_grant_each_persona_sees_exactly(world: World, persona: str, expected: set[str]) -> None:
    for scope in (None, *SCOPES):
        assert names(world, persona, scope) == expected


def test_a_grant_opens_its_scope_to_its_brand_and_to_nobody_else(world: World) -> None:
    world.grant(scope="report")

    assert names(world, "brand_a_member", "report") == {"a1", "a2"}
    assert names(world, "brand_a_member", "step1") == set()
    assert names(world, "brand_b_member") == set()
    assert names(world, "inactive") == set()


def test_the_improvement_plan_scope_opens_no_assessment(world: World) -> None:
    world.grant(scope="improvement_plan")

    assert names(world, "brand_a_member") == set()


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"cycles": "from", "cycle_numbers": [2]}, {"a2"}),
        ({"cycles": "only", "cycle_numbers": [1]}, {"a1"}),
        ({"cycles": "only", "cycle_numbers": [3]}, set()),
        ({"cycles": "only", "cycle_numbers": [3, 1]}, {"a1"}),
        ({"cycles": "only", "cycle_numbers": [2, 1]}, {"a1", "a2"}),
    ],
)
def test_a_grant_covers_its_cycles_only(world: World, terms: dict, expected: set[str]) -> None:
    world.grant(**terms)

    assert names(world, "brand_a_member") == expected


def test_r51_a_brand_reads_the_reports_that_a_grant_names_and_no_later_one(world: World) -> None:
    for cycle in (5, 6, 7):
        make_assessment(world, world.factory_a, cycle, "published", published_days_ago=1)
    member = world.person("brand_a_member")

    def read() -> list[int]:
        return sorted(Assessment.objects.visible_to(member).values_list("cycle", flat=True))

    grant = world.grant(cycles="only", cycle_numbers=[5, 7, 2])
    assert (read(), grant.cycles_in_words()) == ([2, 5, 7], "Cycles 2, 5 and 7 only")
    make_assessment(world, world.factory_a, 8, "published", published_days_ago=1)
    assert read() == [2, 5, 7]
    fewer = change_grant(by=world.person("manager_a"), grant=grant, terms=Terms(cycles="only", cycle_numbers=[7, 2]))
    assert (read(), fewer.cycle_numbers) == ([2, 7], [2, 7])
    change_grant(by=world.person("manager_a"), grant=fewer, terms=Terms(cycles="from", cycle_numbers=[6]))
    assert read() == [6, 7, 8]


def test_a_grant_opens_neither_before_its_start_nor_from_its_end_on(world: World) -> None:
    now = timezone.now()
    grant = world.grant(valid_from=now + timedelta(days=1), expires_at=now + timedelta(days=3))
    brand_member = world.person("brand_a_member")

    def seen(at):
        return Assessment.objects.visible_to(brand_member, at=at).count()

    assert seen(now) == 0
    assert grant.expires_at is not None
    assert seen(grant.valid_from) == 2
    assert seen(grant.expires_at - timedelta(microseconds=1)) == 2
    assert seen(grant.expires_at) == 0


def test_a_hold_keeps_a_new_report_back_for_its_days(world: World) -> None:
    world.grant(hold_days=7)
    fresh = make_assessment(world, world.factory_a, 5, "published", published_days_ago=0)
    member = world.person("brand_a_member")

    assert not Assessment.objects.visible_to(member).filter(pk=fresh.pk).exists()
    assert access.decide(member, fresh, "report").reason == "hold"
    assert fresh.published_at is not None
    opened = fresh.published_at + timedelta(days=7)
    assert Assessment.objects.visible_to(member, at=opened).filter(pk=fresh.pk).exists()


def test_r7_a_revoke_holds_from_the_next_query_on(world: World) -> None:
    grant = world.grant()
    member = world.person("brand_a_member")
    waiting = Assessment.objects.visible_to(member)
    assert waiting.count() == 2

    revoke_access(by=world.person("manager_a"), grant=grant, reason="Season over")

    assert waiting.count() == 0
    assert not member.has_perm("assessments.view_report", world.assessments["a2"])
    assert access.decide(member, world.assessments["a2"], "report").reason == "ended"


def test_the_three_directions_agree_for_everyone(world: World) -> None:
    world.grant(scope="report", cycles="from", cycle_numbers=[2])
    world.grant(scope="step1", cycles="only", cycle_numbers=[1])
    world.grant(world.brand_b, scope="step1", factory=world.factory_b)

    personas = [
        "member_a",
        "manager_b",
        "brand_a_member",
        "brand_b_member",
        "inactive",
        "advisor",
        "team_leader",
        "operator",
    ]
    for scope in SCOPES:
        for name, assessment in world.assessments.items():
            readers = set(access.readers(assessment, scope).values_list("pk", flat=True))
            for persona in personas:
                user = world.person(persona)
                listed = Assessment.objects.visible_to(user, scope).filter(pk=assessment.pk).exists()
                decision = access.decide(user, assessment, scope)
                told = (persona, name, scope, decision.reason)
                assert bool(decision) == listed, told
                assert (user.pk in readers) == listed, told
                assert (scope in access.openings(user, assessment)) == listed, told
                if persona != "operator":
                    assert user.has_perm(f"assessments.view_{scope}", assessment) == listed, told


@pytest.mark.parametrize(
    ("reason", "terms"),
    [
        ("cycle", {"cycles": "only", "cycle_numbers": [1]}),
        ("waiting", {"valid_from": timezone.now() + timedelta(days=2)}),
        ("grant", {}),
    ],
)
def test_the_decision_names_the_grant_or_the_missing_condition(world: World, reason: str, terms: dict) -> None:
    grant = world.grant(**terms)

    decision = access.decide(world.person("brand_a_member"), world.assessments["a2"], "report")

    assert decision.reason == reason
    assert decision.grant == grant
    assert decision.sentence


def test_the_decision_tells_a_brand_nothing_of_others(world: World) -> None:
    world.grant(world.brand_b)

    decision = access.decide(world.person("brand_a_member"), world.assessments["a2"], "report")

    assert decision.reason == "no_grant"
    assert decision.grant is None
    assert "Bluefinch" not in decision.sentence


def test_an_integration_reads_only_the_scopes_of_its_token(world: World) -> None:
    from brands.roles import BRAND
    from portal.accounts.services import create_integration_token

    world.grant(scope="report")
    world.grant(scope="step1")
    token, _ = create_integration_token(
        by=world.person("brand_a_manager"),
        kind=BRAND,
        organisation=world.brand_a,
        name="PLM",
        roles=["integration_step1"],
        days=30,
    )

    assert Assessment.objects.visible_to(token.user, "step1").count() == 2
    assert Assessment.objects.visible_to(token.user, "report").count() == 0


def test_a_brand_that_is_closed_reads_nothing(world: World) -> None:
    world.grant()
    world.brand_a.is_active = False
    world.brand_a.save()

    assert names(world, "brand_a_member") == set()
    assert SharingGrant.objects.live().count() == 1


def test_r47_the_factory_does_not_learn_from_the_log_that_staff_prepare_an_assessment(world: World) -> None:
    from sharing.models import AccessRecord
    from sharing.records.services import record_access

    for name in ("a4", "a3"):
        record_access(
            by=world.person("team_leader"), assessment=world.assessments[name], openings={"report": None}, action="view"
        )

    def cycles(persona: str) -> set[int]:
        return set(AccessRecord.objects.visible_to(world.person(persona)).values_list("cycle", flat=True))

    assert cycles("manager_a") == {3}
    assert cycles("team_leader") == {3, 4}
    assert cycles("brand_a_manager") == cycles("advisor") == set()


def test_a_grant_cannot_begin_in_the_past(world: World) -> None:
    with pytest.raises(ValidationError, match="cannot start in the past"):
        world.grant(valid_from=timezone.now() - timedelta(days=30))
