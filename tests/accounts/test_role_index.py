"""The index of roles says what django-guardian's tables say, whoever writes to them, however many at once."""

import itertools
import random
from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from brands.models import Brand, brands_where, own_brands
from brands.reads import ANY_READ
from factories.models import CountryProgramme, Factory, FactoryGroupObjectPermission
from factories.models.factories import factories_inside
from factories.models.programmes import programmes_where
from factories.roles import FACTORY
from portal.accounts import role_index
from portal.accounts.models import HeldPermission, User
from portal.accounts.roles import holders, kinds, memberships_at, permitted_ids, sync_roles
from tests.tampering import trigger_off
from tests.together import eight_writers, is_taken
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
                rows = kind.given([codename]).filter(group__in=groups)
                expected = sorted(rows.values_list("content_object_id", flat=True))
                assert sorted(permitted_ids(person or AnonymousUser(), kind.name, codename)) == expected, (
                    person,
                    codename,
                )
                found |= {(kind.name, codename)} if expected else set()
    assert len(found) > 10, "nobody in the world holds anything: this proves nothing"
    assert role_index.compare() == (0, 0)


@pytest.mark.django_db
def test_the_gates_say_what_their_parts_say(world: World) -> None:
    """Nobody's brand that is closed, every country for who is staff of them all, and the factories in those."""
    Brand.objects.filter(pk=world.brand_b.pk).update(is_active=False)
    found = set()
    for persona, person in world.people.items():
        visitor = person or AnonymousUser()
        staff = set(permitted_ids(visitor, "programme", "view_assessments"))
        countries = set(_keys(CountryProgramme)) if world.global_programme.pk in staff else staff
        assert set(programmes_where(visitor, "view_assessments").values_list("pk", flat=True)) == countries, persona
        inside = set(permitted_ids(visitor, "factory", "view_data")) | set(_keys(Factory, programme__in=countries))
        assert {row["pk"] for row in factories_inside(visitor)} == inside, persona
        reads = {name: set(permitted_ids(visitor, "brand", name)) - {world.brand_b.pk} for name in ANY_READ}
        for name, brands in reads.items():
            assert set(brands_where(visitor, name).values_list("pk", flat=True)) == brands, (persona, name)
        assert set(own_brands(visitor).values_list("pk", flat=True)) == set.union(*reads.values()), persona
        found |= {bool(staff), countries == staff, bool(inside), bool(reads["read_report"])}
    assert found == {True, False}


def _keys(model: Any, **narrowed: Any) -> Any:
    return model.objects.filter(**narrowed).values_list("pk", flat=True)


@pytest.mark.django_db
def test_two_roles_with_the_same_permission_are_two_rows_and_one_may_go(world: World) -> None:
    member = world.person("member_a")
    FACTORY.group(world.factory_a, "manager").user_set.add(member)
    assert list(permitted_ids(member, "factory", "view_data")) == [world.factory_a.pk] * 2
    FACTORY.group(world.factory_a, "member").user_set.remove(member)
    assert list(permitted_ids(member, "factory", "view_data")) == [world.factory_a.pk]
    assert role_index.compare() == (0, 0)


@pytest.mark.django_db
def test_whether_an_account_is_active_is_asked_each_time(world: World) -> None:
    member = world.person("brand_a_member")
    reads = permitted_ids(member, "brand", "read_report")
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
    assert list(permitted_ids(outsider, "factory", "view_data")) == [world.factory_a.pk]
    FactoryGroupObjectPermission.objects.filter(group=group).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM auth_group WHERE id = %s", [group.pk])
    assert list(permitted_ids(outsider, "factory", "view_data")) == []
    assert role_index.compare() == (0, 0)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_eight_threads_of_raw_sql_on_every_source_leave_no_difference(world: World) -> None:
    """As the owner, without a service or a lock of ours: joins, leaves, permissions given and taken, groups deleted.

    And now and then a permission is made another model's, which locks the tables that the others write to.
    """
    users = list(User.objects.order_by("pk").values_list("pk", flat=True))[:6]
    groups = list(Group.objects.order_by("pk").values_list("pk", flat=True))[:8]
    passing = [Group.objects.create(name=f"passing:{number}").pk for number in range(40)]
    permissions = [
        (table, organisation.pk, Permission.objects.get(codename=codename, content_type__app_label=app).pk)
        for table, organisation, codename, app in (
            ("factories_factorygroupobjectpermission", world.factory_b, "view_data", "factories"),
            ("factories_programmegroupobjectpermission", world.cambodia, "view_assessments", "factories"),
            ("brands_brandgroupobjectpermission", world.brand_b, "read_report", "brands"),
        )
    ]

    def write(dice: random.Random) -> bool:
        group = dice.choice([*groups, dice.choice(passing)])
        chosen = dice.choice(permissions)
        done = [*_writings(dice.choice(users), group, chosen), _deletion(dice.choice(passing))]
        if dice.random() < 0.1:
            return is_taken(*_moved(chosen[2], dice.choice(OWN_MODELS)), *dice.choice(done))
        return is_taken(*itertools.chain.from_iterable(dice.sample(done, 2)))

    try:
        taken = eight_writers(write, role_index.compare)
    finally:
        for (_table, _key, permission), model in zip(permissions, OWN_MODELS, strict=True):
            assert is_taken(*_moved(permission, model))

    assert sum(taken) > len(taken) / 2
    assert Group.objects.filter(pk__in=passing).count() < len(passing)
    assert HeldPermission.objects.exists()


TABLE = "factories_factorygroupobjectpermission"


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_permission_of_another_model_gives_nothing_and_takes_nothing(world: World) -> None:
    """Factories and brands have a permission with the same codename; guardian asks for the organisation's own."""
    manager, member = world.person("manager_a"), world.person("member_a")
    foreign = Permission.objects.get(codename="manage_members", content_type__app_label="brands")
    given = f"INSERT INTO {TABLE} (content_object_id, group_id, permission_id) VALUES (%s, %s, %s)"
    groups = [FACTORY.group(world.factory_a, role).pk for role in ("manager", "member")]
    assert is_taken(*[(given, (world.factory_a.pk, group, foreign.pk)) for group in groups])

    assert role_index.compare() == (0, 0)
    call_command("check_roles", "--rebuild")
    for moment in (None, timezone.now()):
        assert list(permitted_ids(member, "factory", "manage_members", moment)) == []
    assert list(holders(FACTORY, world.factory_a.pk, "manage_members")) == [manager]

    assert is_taken((f"DELETE FROM {TABLE} WHERE permission_id = %s AND group_id = %s", (foreign.pk, groups[0])))
    assert list(permitted_ids(manager, "factory", "manage_members")) == [world.factory_a.pk]
    assert role_index.compare() == (0, 0)
    assert (sync_roles(), sync_roles()) == (1, 0)


OWN = "(SELECT id FROM django_content_type WHERE (app_label, model) = ('factories', 'factory'))"
BRANDS = "(SELECT id FROM django_content_type WHERE (app_label, model) = ('brands', 'brand'))"
VIEW = f"(SELECT id FROM auth_permission WHERE codename = 'view_data' AND content_type_id = {OWN})"
GONE = f"DELETE FROM {TABLE} WHERE permission_id NOT IN (SELECT id FROM auth_permission)"
# In the order that a careless hand would take: the foreign keys are asked only at the end. And what is still held.
CHANGES: dict[str, tuple[list[str], set[str]]] = {
    "deleted before what gives it": ([f"DELETE FROM auth_permission WHERE id = {VIEW}", GONE], set()),
    "deleted by what gives it": (
        [f"DELETE FROM {TABLE} WHERE permission_id = {VIEW}", f"DELETE FROM auth_permission WHERE id = {VIEW}"],
        set(),
    ),
    "made again under its key with another codename": (
        [
            "CREATE TEMPORARY TABLE gone ON COMMIT DROP AS SELECT * FROM auth_permission WHERE codename = 'view_data'",
            "DELETE FROM auth_permission WHERE codename = 'view_data'",
            "INSERT INTO auth_permission (id, name, content_type_id, codename)"
            " SELECT id, name, content_type_id, 'look_at_data' FROM gone",
        ],
        {"look_at_data"},
    ),
    "under another key": (
        [
            f"UPDATE auth_permission SET id = -7 WHERE id = {VIEW}",
            f"UPDATE {TABLE} SET permission_id = -7 WHERE permission_id NOT IN (SELECT id FROM auth_permission)",
        ],
        {"view_data"},
    ),
    "made another model's": (
        [f"UPDATE auth_permission SET content_type_id = {BRANDS} WHERE id = {VIEW}"],
        set(),
    ),
    "of a model that is renamed": (["UPDATE django_content_type SET model = 'mill' WHERE model = 'factory'"], set()),
    "of a model that is renamed and back": (
        [
            "UPDATE django_content_type SET model = 'mill' WHERE model = 'factory'",
            "UPDATE django_content_type SET model = 'factory' WHERE model = 'mill'",
        ],
        {"view_data"},
    ),
    "of a model that is deleted": (
        [
            "DELETE FROM django_content_type WHERE model = 'factory'",
            "DELETE FROM auth_permission WHERE content_type_id NOT IN (SELECT id FROM django_content_type)",
            GONE,
        ],
        set(),
    ),
}


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize(("statements", "left"), CHANGES.values(), ids=CHANGES)
def test_the_index_follows_a_permission(world: World, statements: Sequence[str], left: set[str]) -> None:
    """Raw SQL of the owner, who may change Django's own tables; nothing of it stays."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            assert role_index.compare("owner") == (0, 0), statement
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        member = HeldPermission.objects.using("owner").filter(user=world.person("member_a").pk, kind="factory")
        assert set(member.values_list("codename", flat=True)) == left
        role_index.rebuild("owner")
        assert set(member.values_list("codename", flat=True)) == left
        transaction.set_rollback(True, using="owner")
    assert role_index.compare() == (0, 0)
    assert ContentType.objects.filter(model="factory").exists()


Statements = list[tuple[str, tuple[Any, ...]]]


def _writings(user: int, group: int, permission: tuple[str, int, int]) -> list[Statements]:
    table, organisation, codename = permission
    member = "INSERT INTO accounts_user_groups (user_id, group_id) VALUES (%s, %s) ON CONFLICT DO NOTHING"
    given = (
        f"INSERT INTO {table} (content_object_id, group_id, permission_id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
    )
    return [
        [(member, (user, group))],
        [("DELETE FROM accounts_user_groups WHERE user_id = %s AND group_id = %s", (user, group))],
        [(given, (organisation, group, codename))],
        [(f"DELETE FROM {table} WHERE content_object_id = %s AND group_id = %s", (organisation, group))],
        [("UPDATE accounts_user_groups SET group_id = group_id WHERE user_id = %s", (user,))],
    ]


def _deletion(group: int) -> Statements:
    """A group goes with what it holds; the database refuses it when somebody was ever in it."""
    sources = ("accounts_user_groups", *(table for table in SOURCES if table.endswith("permission")))
    return [(f"DELETE FROM {table} WHERE group_id = %s", (group,)) for table in sources] + [
        ("DELETE FROM auth_group WHERE id = %s", (group,))
    ]


OWN_MODELS = ("factory", "countryprogramme", "brand")


def _moved(permission: int, model: str) -> Statements:
    """A permission is made that model's."""
    own = "(SELECT id FROM django_content_type WHERE app_label IN ('factories', 'brands') AND model = %s)"
    return [(f"UPDATE auth_permission SET content_type_id = {own} WHERE id = %s", (model, permission))]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize(("table", "trigger"), [(table, one) for table, names in SOURCES.items() for one in names])
def test_without_one_of_the_triggers_the_check_finds_the_difference(world: World, table: str, trigger: str) -> None:
    with trigger_off(table, f"_{trigger}_") as cursor:
        cursor.execute(f"DELETE FROM {table}")
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
