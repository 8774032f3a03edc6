"""Roles inside organisations: exactly what each may do on its own organisation, and on no other."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.db import ProgrammingError, connection, transaction

from brands.models import BrandGroupObjectPermission
from brands.roles import BRAND
from factories.models import FactoryGroupObjectPermission, ProgrammeGroupObjectPermission
from factories.roles import FACTORY, PROGRAMME
from portal.accounts.models import User
from portal.accounts.roles import (
    create_role_groups,
    has_general_permission,
    has_permission,
    kinds,
    members,
    permitted_ids,
    role_of,
    sync_roles,
)
from portal.accounts.services import add_member, change_role, remove_member
from tests.world import World

pytestmark = pytest.mark.django_db
OWN = {"view_data"}
LEADS = {
    "assess_country",
    "view_assessments",
    "import_assessments",
    "review_assessments",
    "release_assessments",
    "manage_enrolment",
    "record_consent",
}
READS = {"read_report", "read_step1", "read_improvement_plan"}
EXPECTED = {
    ("factory", "member"): OWN,
    ("factory", "manager"): OWN | {"edit_profile", "manage_sharing", "manage_members"},
    ("factory", "worker_representative"): OWN | {"confirm_sharing"},
    ("factory", "advisor"): {"assess"},
    ("brand", "member"): READS,
    ("brand", "manager"): READS | {"manage_members", "edit_suppliers"},
    ("brand", "integration_report"): {"read_report"},
    ("brand", "integration_step1"): {"read_step1"},
    ("brand", "integration_improvement_plan"): {"read_improvement_plan"},
    ("programme", "programme_manager"): LEADS | {"manage_programme"},
    ("programme", "team_leader"): LEADS,
    ("programme", "enterprise_advisor"): {"assess_country"},
    ("programme", "constituent"): {"view_statistics"},
    ("programme", "global_staff"): LEADS | {"manage_programme", "view_statistics"},
}


def organisations(world: World) -> list[tuple]:
    return [
        (FACTORY, world.factory_a, FactoryGroupObjectPermission),
        (BRAND, world.brand_a, BrandGroupObjectPermission),
        (PROGRAMME, world.cambodia, ProgrammeGroupObjectPermission),
        (PROGRAMME, world.global_programme, ProgrammeGroupObjectPermission),
    ]


def test_each_role_holds_exactly_its_permissions_on_its_own_organisation(world: World):
    found = {}
    for kind, organisation, model in organisations(world):
        for row in kind.role_groups(organisation):
            given = model.objects.filter(group=row.group)
            assert set(given.values_list("content_object", flat=True)) <= {organisation.pk}
            found[kind.name, row.role] = set(given.values_list("permission__codename", flat=True))

    assert found == EXPECTED


def test_the_global_programme_has_no_country_roles_and_a_country_no_global_staff(world: World):
    assert {row.role for row in PROGRAMME.role_groups(world.global_programme)} == {"global_staff"}
    assert "global_staff" not in {row.role for row in PROGRAMME.role_groups(world.cambodia)}


@pytest.mark.parametrize(
    ("persona", "sees_brands", "manages_brands"),
    [
        ("manager_a", True, False),
        ("member_a", False, False),
        ("brand_a_manager", False, False),
        ("advisor", False, False),
        ("constituent", False, False),
        ("team_leader", True, False),
        ("programme_manager", True, False),
        ("global_staff", True, True),
        ("outsider", False, False),
        ("operator", False, False),
        ("inactive", False, False),
    ],
)
def test_general_permissions(world: World, persona, sees_brands, manages_brands):
    person = world.person(persona)

    assert has_general_permission(person, "brands.view_all_brands") == sees_brands
    assert has_general_permission(person, "brands.manage_brands") == manages_brands


def test_nobody_anonymous_or_inactive_and_no_operator_holds_anything(world: World):
    for person in (AnonymousUser(), world.person("inactive"), world.person("operator")):
        for kind, _organisation, _model in organisations(world):
            for codename in set().union(*EXPECTED.values()):
                assert not permitted_ids(person, kind.name, codename).exists()


def test_a_change_of_role_counts_on_the_next_question(world: World):
    manager, member = world.person("manager_a"), world.person("member_a")

    def manages() -> bool:
        return has_permission(member, "factory", "manage_sharing", world.factory_a.pk)

    assert not manages()
    change_role(by=manager, kind=FACTORY, organisation=world.factory_a, member=member, role="manager")
    assert manages()
    assert not has_permission(member, "factory", "manage_sharing", world.factory_b.pk)
    remove_member(by=manager, kind=FACTORY, organisation=world.factory_a, member=member)
    assert not manages()
    assert role_of(member, FACTORY, world.factory_a) == []


def test_making_the_groups_again_changes_nothing_and_mends_what_was_bent(world: World):
    rows = FactoryGroupObjectPermission.objects.filter(content_object=world.factory_a)
    before = set(rows.values_list("group", "permission"))
    create_role_groups(FACTORY, world.factory_a)
    assert set(rows.values_list("group", "permission")) == before

    group = FACTORY.group(world.factory_a, "member")
    extra = Permission.objects.get(codename="manage_sharing", content_type__app_label="factories")
    rows.create(content_object=world.factory_a, group=group, permission=extra)
    rows.filter(group=group, permission__codename="view_data").delete()
    create_role_groups(FACTORY, world.factory_a)
    assert set(rows.values_list("group", "permission")) == before


def test_members_are_people_each_once(world: World):
    integration = User.objects.create_user("x@integrations.invalid", name="X", is_integration=True)
    integration.groups.add(BRAND.group(world.brand_a, "integration_report"))
    member = world.person("brand_a_member")
    member.groups.add(BRAND.group(world.brand_a, "manager"))

    found = list(members(BRAND, world.brand_a))

    assert found == [world.person("brand_a_manager"), member]


def test_every_kind_knows_its_manager_and_may_not_invite_what_is_assigned(world: World):
    for kind in kinds.values():
        assert any(role.is_manager for role in kind.roles.values())
    assert set(FACTORY.invitable_roles(world.factory_a)) == {"manager", "member", "worker_representative"}
    assert set(BRAND.invitable_roles(world.brand_a)) == {"manager", "member"}
    assert "global_staff" not in PROGRAMME.invitable_roles(world.cambodia)


@pytest.mark.parametrize("table", ["guardian_userobjectpermission", "guardian_groupobjectpermission"])
def test_the_libraries_generic_tables_cannot_be_written(world: World, table):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"DELETE FROM {table}")


def test_an_unknown_role_cannot_be_given(world: World):
    with pytest.raises(KeyError):
        add_member(
            by=None,
            kind=FACTORY,
            organisation=world.factory_a,
            member=world.person("outsider"),
            role="owner",
        )


def test_an_upgrade_gives_old_organisations_the_roles_of_today(world: World):
    role = FACTORY.role_groups(world.factory_a).get(role="worker_representative")
    FactoryGroupObjectPermission.objects.filter(group=role.group).delete()
    ProgrammeGroupObjectPermission.objects.filter(permission__codename="record_consent").delete()
    group = FACTORY.group(world.factory_b, "worker_representative")
    FACTORY.role_groups(world.factory_b).filter(group=group).delete()
    Group.objects.filter(pk=group.pk).update(name="of an older version")

    assert sync_roles() == 5  # two factories, two countries and the global programme

    given = FactoryGroupObjectPermission.objects.filter(group=role.group)
    assert set(given.values_list("permission__codename", flat=True)) == EXPECTED["factory", "worker_representative"]
    assert FACTORY.role_groups(world.factory_b).filter(role="worker_representative").exists()
    assert sync_roles() == 0
