"""The index of visibility agrees with grants and reports, whoever writes to them; and it opens nothing by itself."""

import random
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from assessments.models import Assessment
from assessments.publication.services import take_step
from assessments.reading.listing import LISTED, SharedRows, listed
from brands.roles import BRAND
from portal.accounts.services import add_member, create_integration_token
from sharing.grants.services.revoking import revoke_access
from sharing.models import CycleReport, Visibility
from sharing.visibility import comparing as visibility_index
from tests.tampering import trigger_off
from tests.together import eight_writers, is_taken
from tests.world import World


def rows(world: World) -> set[tuple[int, str]]:
    """The cycles and scopes that the index proposes to brand A."""
    return set(Visibility.objects.filter(brand=world.brand_a).values_list("report__cycle", "scope"))


@pytest.mark.django_db
def test_a_grant_a_publication_and_their_ends_keep_the_index(world: World) -> None:
    grant = world.grant(cycles="from", cycle_numbers=[2])
    assert rows(world) == {(2, "report")}
    take_step(by=world.person("team_leader"), assessment=world.assessments["a3"], name="publish")
    assert rows(world) == {(2, "report"), (3, "report")}
    published = Assessment.objects.get(pk=world.assessments["a2"].pk)
    take_step(by=world.person("team_leader"), assessment=published, name="withdraw", reason="Wrong factory")
    assert rows(world) == {(3, "report")}
    revoke_access(by=world.person("manager_a"), grant=grant)
    assert rows(world) == set()
    assert visibility_index.compare() == (0, 0)


@pytest.mark.django_db
def test_a_row_that_no_grant_stands_behind_opens_nothing(world: World) -> None:
    """The index proposes, the grant disposes."""
    member, report = world.person("brand_a_member"), world.assessments["a2"].report
    grant = world.grant(world.brand_b)
    Visibility.objects.create(
        grant=grant, report=report, brand=world.brand_a, scope="report",
        opens_at=timezone.now() - timedelta(days=9), until=timezone.now() + timedelta(days=9),
    )  # fmt: skip
    assert list(listed(member)) == []
    assert SharedRows(member)(LISTED, None, 26) == []
    assert SharedRows(member).count() == 0
    with pytest.raises(CommandError, match="1 too many"):
        call_command("check_sharing")


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_eight_threads_of_raw_sql_on_both_sources_leave_no_difference(world: World) -> None:
    """As the owner, without a service or a lock of ours: grants made, confirmed, ended; reports out and withdrawn."""
    by, brands = world.person("manager_a").pk, [world.brand_a.pk, world.brand_b.pk]
    taken = eight_writers(lambda dice: _write(dice, world.factory_a.pk, brands, by), visibility_index.compare)

    last = world.grant(factory=world.factory_b)
    assert sum(taken) > len(taken) / 2
    assert visibility_index.compare() == (0, 0)
    assert Visibility.objects.filter(grant=last).exists()


def _write(dice: random.Random, factory: int, brands: list[int], by: int) -> bool:
    grant = """INSERT INTO sharing_sharinggrant (id, factory_id, brand_id, scope, cycles, valid_from, purpose,
            hold_days, granted_by_id, granted_for, consent_document, created_at, needs_confirmation, end_reason)
        VALUES (gen_random_uuid(), %s, %s, %s, 'all', now(), '', %s, %s, '', '', now(), %s, '')
        ON CONFLICT DO NOTHING"""
    brand, scope = dice.choice(brands), dice.choice(["report", "step1"])
    waits = dice.random() < 0.3
    confirm = """UPDATE sharing_sharinggrant SET confirmed_at = clock_timestamp(), confirmed_by_id = %s
        WHERE needs_confirmation AND confirmed_at IS NULL AND ended_at IS NULL AND brand_id = %s AND scope = %s"""
    end = """UPDATE sharing_sharinggrant SET ended_at = clock_timestamp(), ended_by_id = %s
        WHERE ended_at IS NULL AND brand_id = %s AND scope = %s"""
    publish = """INSERT INTO sharing_cyclereport (factory_id, cycle, first_published_at) VALUES (%s, %s, now())
        ON CONFLICT DO NOTHING"""
    withdraw = (
        "UPDATE sharing_cyclereport SET withdrawn_at = clock_timestamp() WHERE withdrawn_at IS NULL AND cycle = %s"
    )
    cycle = dice.randint(5, 9)
    statement = dice.choice(
        [
            (grant, [factory, brand, scope, dice.choice([0, 7]), by, waits]),
            (grant, [factory, brand, scope, 0, by, False]),
            (confirm, [by, brand, scope]),
            (end, [by, brand, scope]),
            (publish, [factory, cycle]),
            (publish, [factory, cycle]),
            (withdraw, [cycle]),
        ]
    )
    return is_taken(statement)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("table", ["sharing_sharinggrant", "sharing_cyclereport"])
def test_without_one_of_the_triggers_the_check_finds_the_difference(world: World, table: str) -> None:
    with trigger_off(table, "_indexes_visibility_"):
        world.grant()
        CycleReport.objects.create(factory=world.factory_a, cycle=9, first_published_at=timezone.now())
    assert sum(visibility_index.compare()) > 0
    with pytest.raises(CommandError, match="lacks"):
        call_command("check_sharing")
    call_command("check_sharing", "--rebuild")
    assert visibility_index.compare() == (0, 0)


@pytest.mark.django_db(databases=["default", "owner"])
@pytest.mark.parametrize("table", ["sharing_sharinggrant", "sharing_cyclereport", "sharing_visibility"])
def test_truncate_is_refused_even_to_the_owner(table: str) -> None:
    with pytest.raises(DatabaseError, match="never truncated"), transaction.atomic(using="owner"):
        connections["owner"].cursor().execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.django_db(databases=["default", "owner"])
def test_a_report_keeps_its_facts_and_is_never_deleted_even_by_the_owner(world: World) -> None:
    reports = CycleReport.objects.filter(pk=world.assessments["a2"].report_id)
    facts = {"cycle": 9, "first_published_at": timezone.now()}
    without_versions = CycleReport.objects.create(factory=world.factory_a, **facts)
    owners = CycleReport.objects.using("owner").create(factory_id=world.factory_b.pk, **facts)
    for spoil, refusal in (
        (lambda: reports.update(first_published_at=timezone.now()), "A report keeps its factory"),
        (lambda: reports.update(cycle=7), "A report keeps its factory"),
        (without_versions.delete, "permission denied"),
        (lambda: owners.delete(using="owner"), "Cannot delete rows from sharing_cyclereport table"),
    ):
        with pytest.raises(DatabaseError, match=refusal), transaction.atomic(), transaction.atomic(using="owner"):
            spoil()


@pytest.mark.django_db
def test_a_report_is_listed_once_whatever_number_of_scopes_and_brands_open_it(world: World) -> None:
    member = world.person("brand_a_member")
    add_member(by=None, kind=BRAND, organisation=world.brand_b, member=world.person("outsider"), role="member")
    BRAND.group(world.brand_a, "member").user_set.add(world.person("outsider"))
    world.grant(world.brand_b)
    for scope in ("report", "step1"):
        world.grant(scope=scope)
    for person in (member, world.person("outsider")):
        found = SharedRows(person)(LISTED, None, 26)
        assert sorted(one.cycle for one in found) == [1, 2]
        assert all(one.open_scopes and set(one.open_scopes) == {"report", "step1"} for one in found)
    only_step1 = create_integration_token(
        by=world.person("brand_a_manager"), kind=BRAND, organisation=world.brand_a, name="PLM",
        roles=["integration_step1"], days=30,
    )[0].user  # fmt: skip
    found = SharedRows(only_step1)(LISTED, None, 26)
    assert [set(one.open_scopes) for one in found] == [{"step1"}] * 2


@pytest.mark.django_db
def test_the_compiled_gate_says_what_the_queryset_says(world: World) -> None:
    """`has_perm` runs a statement that was prepared once; for everybody and everything it is `visible_to`."""
    world.grant()
    world.grant(world.brand_b, scope="step1", cycles="only", cycle_numbers=[2])
    answers = set()
    for name, person in world.people.items():
        if person is None or name == "operator":  # Django asks no backend about a superuser; no reader of data is one
            continue
        fresh = type(person).objects.get(pk=person.pk)
        for scope in ("report", "step1"):
            seen = set(Assessment.objects.visible_to(person, scope).values_list("pk", flat=True))
            for assessment in world.assessments.values():
                is_seen = assessment.pk in seen
                asked = (person, assessment, scope)
                assert fresh.has_perm(f"assessments.view_{scope}", assessment) == is_seen, asked
                answers.add(is_seen)
    assert answers == {True, False}
