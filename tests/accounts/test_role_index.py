"""The index of roles says what django-guardian's tables say, whoever writes to them, however many at once."""

import random
import threading
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection, connections, transaction

from factories.models import FactoryGroupObjectPermission
from factories.roles import FACTORY
from portal.accounts import role_index
from portal.accounts.models import HeldPermission, User
from portal.accounts.roles import held, kinds, memberships_at
from tests.world import World

SOURCES = {
    "accounts_user_groups": ["flattens_factory_roles", "flattens_brand_roles", "flattens_programme_roles"],
    "factories_factorygroupobjectpermission": ["flattens_roles"],
    "factories_programmegroupobjectpermission": ["flattens_roles"],
    "brands_brandgroupobjectpermission": ["flattens_roles"],
}


@pytest.mark.django_db
def test_what_somebody_holds_is_what_guardians_tables_say(world: World) -> None:
    found = set()
    for kind in kinds.values():
        codenames = {codename for role in kind.roles.values() for codename in role.permissions}
        for person in world.people.values():
            groups = memberships_at().filter(user=person.pk if person else 0).values("group_id")
            for codename in sorted(codenames):
                rows = kind.permission_model._default_manager.filter(permission__codename=codename, group__in=groups)
                expected = sorted(rows.values_list("content_object_id", flat=True))
                assert sorted(held(person or AnonymousUser(), kind.name, codename)) == expected, (person, codename)
                found |= {(kind.name, codename)} if expected else set()
    assert len(found) > 10, "nobody in the world holds anything: this proves nothing"
    assert role_index.compare() == (0, 0)


@pytest.mark.django_db
def test_two_roles_with_the_same_permission_are_two_rows_and_one_may_go(world: World) -> None:
    member = world.person("member_a")
    FACTORY.group(world.factory_a, "manager").user_set.add(member)
    assert list(held(member, "factory", "view_data")) == [world.factory_a.pk] * 2
    FACTORY.group(world.factory_a, "member").user_set.remove(member)
    assert list(held(member, "factory", "view_data")) == [world.factory_a.pk]
    assert role_index.compare() == (0, 0)


@pytest.mark.django_db
def test_whether_an_account_is_active_is_asked_each_time(world: World) -> None:
    member = world.person("brand_a_member")
    reads = held(member, "brand", "read_report")
    assert list(reads) == [world.brand_a.pk]
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert list(reads.all()) == []


@pytest.mark.django_db
def test_a_deleted_group_leaves_nothing_behind(world: World) -> None:
    """Nobody was ever in it: who was is kept, and such a group stays. A row that should not be there goes with it."""
    group = Group.objects.create(name="passing")
    view = Permission.objects.get(codename="view_data", content_type__app_label="factories")
    FactoryGroupObjectPermission.objects.create(content_object=world.factory_a, group=group, permission=view)
    outsider = world.person("outsider")
    HeldPermission.objects.create(
        user=outsider, group=group, kind="factory", organisation_id=world.factory_a.pk, codename="view_data"
    )
    assert list(held(outsider, "factory", "view_data")) == [world.factory_a.pk]
    FactoryGroupObjectPermission.objects.filter(group=group).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM auth_group WHERE id = %s", [group.pk])
    assert list(held(outsider, "factory", "view_data")) == []
    assert role_index.compare() == (0, 0)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_eight_threads_of_raw_sql_on_every_source_leave_no_difference(world: World) -> None:
    """As the owner, without a service or a lock of ours: joins, leaves, permissions given and taken, groups deleted."""
    users = list(User.objects.order_by("pk").values_list("pk", flat=True))[:6]
    groups = list(Group.objects.order_by("pk").values_list("pk", flat=True))[:8]
    view = Permission.objects.get(codename="view_data", content_type__app_label="factories").pk
    failures: list[BaseException] = []

    def work(seed: int) -> None:
        dice = random.Random(seed)
        try:
            for _turn in range(40):
                _write(dice, users, groups, world.factory_b.pk, view)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)
        finally:
            connections["owner"].close()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert role_index.compare() == (0, 0)
    assert HeldPermission.objects.exists()


def _write(dice: random.Random, users: list[int], groups: list[int], factory: int, permission: int) -> None:
    user, group = dice.choice(users), dice.choice(groups)
    member = "INSERT INTO accounts_user_groups (user_id, group_id) VALUES (%s, %s) ON CONFLICT DO NOTHING"
    given = (
        "INSERT INTO factories_factorygroupobjectpermission (content_object_id, group_id, permission_id) "
        "VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
    )
    statements: list[tuple[str, tuple[Any, ...]]] = [
        (member, (user, group)),
        ("DELETE FROM accounts_user_groups WHERE user_id = %s AND group_id = %s", (user, group)),
        (given, (factory, group, permission)),
        ("DELETE FROM factories_factorygroupobjectpermission WHERE content_object_id = %s AND group_id = %s",
         (factory, group)),
        ("UPDATE accounts_user_groups SET group_id = group_id WHERE user_id = %s", (user,)),
    ]  # fmt: skip
    # Where two of them lock two groups crosswise, one is refused, and nothing of it is half done.
    with (
        suppress(OperationalError),
        transaction.atomic(using="owner"),
        connections["owner"].cursor() as cursor,
    ):
        for statement in dice.sample(statements, 2):
            cursor.execute(*statement)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize(("table", "trigger"), [(table, one) for table, names in SOURCES.items() for one in names])
def test_without_one_of_the_triggers_the_check_finds_the_difference(world: World, table: str, trigger: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", [table])
        (name,) = (row[0] for row in cursor.fetchall() if f"_{trigger}_" in row[0])
        cursor.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{name}"')
        try:
            cursor.execute(f"DELETE FROM {table}")
        finally:
            cursor.execute(f'ALTER TABLE {table} ENABLE TRIGGER "{name}"')
    lacks, surplus = role_index.compare()
    assert lacks == 0
    assert surplus > 0
    with pytest.raises(CommandError, match="too many"):
        call_command("check_roles")
    call_command("check_roles", "--rebuild")
    assert role_index.compare() == (0, 0)


@pytest.mark.django_db(databases=["default", "owner"])
@pytest.mark.parametrize("table", [*SOURCES, "accounts_heldpermission"])
def test_truncate_is_refused_even_to_the_owner(table: str) -> None:
    with pytest.raises(DatabaseError, match="never truncated"), transaction.atomic(using="owner"):
        connections["owner"].cursor().execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.django_db
def test_a_permission_keeps_its_codename() -> None:
    with pytest.raises(DatabaseError, match="keeps its codename"), transaction.atomic():
        Permission.objects.filter(codename="view_data").update(codename="look_at_data")


@pytest.mark.django_db
def test_the_app_may_not_change_a_row_of_the_index(world: World) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_heldpermission SET organisation_id = 0")
