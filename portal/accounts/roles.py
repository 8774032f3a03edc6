"""Roles inside organisations: the only module that touches django-guardian.

An organisation (factory, brand, country programme) has one Django group for each role. The role's permissions on
that one object are rows in the object's own permission table (guardian's direct foreign keys). Triggers flatten both
into one index (`portal.accounts.role_index`): asking "which factories may this person manage sharing for" reads one
range of it. Changing a role adds or removes a person from a group, and the next query sees it.

The kinds of organisation register themselves here (`register`), because this layer is below them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import BigIntegerField, Exists, Model, OuterRef, QuerySet
from guardian.models import GroupObjectPermissionBase

from portal.accounts.models import AccountHistory, HeldPermission, Invitation, MembershipPeriod, RoleGroup, User
from portal.core.compiled import Compiled, Parameter, prepared_once

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Visitor = User | AnonymousUser

__all__ = [
    "GroupObjectPermissionBase",
    "OrganisationKind",
    "Role",
    "Visitor",
    "has_general_permission",
    "has_permission",
    "holders",
    "kinds",
    "permitted_ids",
]


@dataclass(frozen=True)
class Role:
    """A role: its name, its label, what it may do on its organisation, and in general (`app.codename`).

    `summary` is one sentence on screen on what its holder may do; every role to which one can be invited has one.
    `applies(organisation)` says whether that organisation has the role at all. `side` names the kind of organisation
    whose people hold the role, where that is another one.
    """

    name: str
    label: "StrOrPromise"
    permissions: frozenset[str]
    general: frozenset[str] = frozenset()
    is_manager: bool = False
    is_invitable: bool = True
    applies: Callable[[Any], bool] = lambda _organisation: True
    side: str = ""
    summary: "StrOrPromise" = ""


@dataclass(frozen=True)
class OrganisationKind:
    """A kind of organisation and its roles.

    `may_manage_members(user, organisation)` also includes the programme's staff where the kind allows it; `may_oversee`
    says who else reads the list of members; `is_decided(organisation, invitation)`, whether an invitation is valid
    although its sender does not manage members; `on_leave(organisation, member)` ends what depended on a role that a
    member just lost; `on_join` does what follows when somebody accepted an invitation. With fewer active managers than
    `managers_wanted` the page of its people asks for another one. Holders of the permission `news` are mailed the
    organisation's news.
    """

    name: str
    label: "StrOrPromise"
    model: type[Model]
    role_model: type[Any]  # a RoleGroup with a foreign key named `organisation`
    permission_model: type[Any]  # a GroupObjectPermissionBase with a foreign key named `content_object`
    roles: Mapping[str, Role]
    visible_to: Callable[[Visitor], QuerySet[Model]]
    may_manage_members: Callable[[Visitor, Any], bool]
    may_oversee: Callable[[Visitor, Any], bool] = lambda _user, _organisation: False
    is_decided: Callable[[Any, Invitation], bool] = lambda _organisation, _invitation: False
    on_leave: Callable[[Any, User], None] = lambda _organisation, _member: None
    news: str = ""
    on_join: Callable[[Any, User], None] = lambda _organisation, _member: None
    managers_wanted: int = 1

    def roles_of(self, organisation: Model) -> list[Role]:
        """Return the roles that this organisation has."""
        return [role for role in self.roles.values() if role.applies(organisation)]

    def invitable_roles(self, organisation: Model) -> dict[str, Role]:
        """Return the roles that an invitation or a change of role may give, by their name."""
        return {role.name: role for role in self.roles_of(organisation) if role.is_invitable}

    def role_groups(self, organisation: Model) -> QuerySet[RoleGroup]:
        """Return the role rows of one organisation."""
        return self.role_model._default_manager.filter(organisation=organisation)

    def group(self, organisation: Model, role: str) -> Group:
        """Return the group of one role. Raises `KeyError` for a role this kind does not have."""
        self.roles[role]
        return self.role_groups(organisation).select_related("group").get(role=role).group

    def given(self, codenames: Sequence[str]) -> QuerySet[Model]:
        """Return the rows that give groups one of `codenames` (another model's permission gives nothing)."""
        return self.permission_model._default_manager.filter(
            permission__codename__in=codenames,
            permission__content_type__app_label=self.model._meta.app_label,
            permission__content_type__model=self.model._meta.model_name,
        )

    def permissions_of(self, user: Visitor) -> set[str]:
        """Return the permissions that `user` holds on any organisation of this kind."""
        return {codename for (codename,) in _held_anywhere(self.name).rows(user=user.pk or 0)}

    def permission_ids(self) -> dict[str, int]:
        """Return the keys of the model's permissions by their codenames."""
        content_type = ContentType.objects.get_for_model(self.model)
        return dict(Permission.objects.filter(content_type=content_type).values_list("codename", "pk"))

    def event_field(self) -> str:
        """Return the column of an event that names this kind's organisation."""
        return f"{self.name}_id"


kinds: dict[str, OrganisationKind] = {}


def register(kind: OrganisationKind) -> OrganisationKind:
    """Make a kind of organisation known to the pages for people and invitations."""
    kinds[kind.name] = kind
    return kind


def create_role_groups(kind: OrganisationKind, organisation: Model) -> None:
    """Make (or bring up to date) the groups of an organisation and their permissions on it. Idempotent.

    It takes a few queries whatever the number of roles: a country enrols its factories by the hundred.
    """
    roles = {role.name: role for role in kind.roles_of(organisation)}
    groups = {row.role: row.group for row in kind.role_groups(organisation).select_related("group")}
    missing = [name for name in roles if name not in groups]
    made = Group.objects.bulk_create(Group(name=f"{kind.name}:{organisation.pk}:{name}") for name in missing)
    groups |= dict(zip(missing, made, strict=True))
    kind.role_model._default_manager.bulk_create(
        kind.role_model(organisation=organisation, role=name, group=groups[name]) for name in missing
    )
    _sync_object_permissions(kind, organisation, {groups[name]: role for name, role in roles.items()})
    _sync_general_permissions({groups[name]: role for name, role in roles.items()})


def create_role_groups_in_bulk(kind: OrganisationKind, organisations: Sequence[Model]) -> None:
    """Make the same for organisations that were only just created, in a few queries whatever their number."""
    wanted = [(one, role) for one in organisations for role in kind.roles_of(one)]
    groups = Group.objects.bulk_create(
        (Group(name=f"{kind.name}:{one.pk}:{role.name}") for one, role in wanted), batch_size=2000
    )
    made = list(zip(wanted, groups, strict=True))
    kind.role_model._default_manager.bulk_create(
        (kind.role_model(organisation=one, role=role.name, group=group) for (one, role), group in made),
        batch_size=2000,
    )
    ids = kind.permission_ids()
    kind.permission_model._default_manager.bulk_create(
        (
            kind.permission_model(content_object=one, group=group, permission_id=ids[codename])
            for (one, role), group in made
            for codename in role.permissions
        ),
        batch_size=2000,
    )
    general = _general_permissions({name for _one, role in wanted for name in role.general})
    Group.permissions.through._default_manager.bulk_create(
        (
            Group.permissions.through(group_id=group.pk, permission_id=general[name])
            for (_one, role), group in made
            for name in role.general
        ),
        batch_size=2000,
    )


def sync_roles() -> int:
    """Give every organisation the roles its kind has today; return how many were behind. For `manage.py sync_roles`."""
    behind = [(kind, one) for kind in kinds.values() for one in _out_of_date(kind)]
    for kind, organisation in behind:
        create_role_groups(kind, organisation)
    return len(behind)


def _out_of_date(kind: OrganisationKind) -> list[Model]:
    """Return the organisations of a kind that lack a role or a permission, or hold one too many."""
    groups: dict[int, dict[str, int]] = {}
    for organisation, role, group in kind.role_model.objects.values_list("organisation_id", "role", "group_id"):
        groups.setdefault(organisation, {})[role] = group
    held: dict[int, set[tuple[int, int]]] = {}
    rows = kind.permission_model._default_manager.values_list("content_object_id", "group_id", "permission_id")
    for organisation, group, permission in rows:
        held.setdefault(organisation, set()).add((group, permission))
    ids = kind.permission_ids()
    return [
        one
        for one in kind.model._default_manager.order_by("pk")
        if _expected(kind.roles_of(one), groups.get(one.pk, {}), ids) != held.get(one.pk, set())
    ]


def _expected(roles: list[Role], groups: Mapping[str, int], ids: Mapping[str, int]) -> set[tuple[int, int]]:
    return {(groups.get(role.name, 0), ids[codename]) for role in roles for codename in role.permissions}


def _sync_object_permissions(kind: OrganisationKind, organisation: Model, roles: Mapping[Group, Role]) -> None:
    ids = kind.permission_ids()
    wanted = {(group.pk, ids[codename]) for group, role in roles.items() for codename in role.permissions}
    rows = kind.permission_model._default_manager.filter(content_object=organisation)
    _sync(rows, wanted, content_object=organisation)


def _sync_general_permissions(roles: Mapping[Group, Role]) -> None:
    ids = _general_permissions({name for role in roles.values() for name in role.general})
    wanted = {(group.pk, ids[name]) for group, role in roles.items() for name in role.general}
    _sync(Group.permissions.through._default_manager.filter(group__in=list(roles)), wanted)


def _sync(rows: QuerySet[Model], wanted: set[tuple[int, int]], **values: object) -> None:
    """Add and delete rows until they are of the wanted groups and permissions; `values` are those of added rows."""
    held = set(rows.values_list("group_id", "permission_id"))
    rows.bulk_create(
        rows.model(group_id=group, permission_id=permission, **values) for group, permission in wanted - held
    )
    for group, permission in held - wanted:
        rows.filter(group_id=group, permission_id=permission).delete()


def _general_permissions(names: Collection[str]) -> dict[str, int]:
    """Return the keys of permissions written as `app.codename`."""
    found = Permission.objects.filter(codename__in=[name.split(".")[1] for name in names])
    rows = found.select_related("content_type")
    return {f"{row.content_type.app_label}.{row.codename}": row.pk for row in rows}


def permitted_ids(
    user: Visitor, kind: str, codename: str | Sequence[str], at: datetime | None = None
) -> "QuerySet[Model, int]":
    """Return the ids of the organisations of `kind` on which `user` holds `codename`, or one of several.

    This is what every gate asks first. Nobody anonymous or inactive holds anything. With a moment: held then, by what
    roles may do today. An organisation comes once for each role that gives the permission.
    """
    person, names = user.pk or 0, [codename] if isinstance(codename, str) else list(codename)
    if at is None:
        rows = HeldPermission.objects.filter(user=person, user__is_active=True, kind=kind, codename__in=names)
        return rows.values_list("organisation_id", flat=True)
    groups = memberships_at(at).filter(user=person).values("group_id")
    return kinds[kind].given(names).filter(group__in=groups).values_list("content_object_id", flat=True)


def memberships_at(moment: datetime | None = None) -> QuerySet[Model]:
    """Return who (`user`) is in which role's group (`group`), with an active account; with a moment: who was then."""
    if moment is None:
        return User.groups.through._default_manager.filter(user__is_active=True)
    active = AccountHistory.objects.at(moment).filter(user=OuterRef("user"), is_active=True)
    return MembershipPeriod.objects.at(moment).filter(Exists(active))


def has_permission(user: Visitor, kind: str, codename: str, organisation: int) -> bool:
    """Return whether `user` holds `codename` on the organisation of `kind` with this key, asked afresh."""
    return _held_on(kind, codename).is_any(user=user.pk or 0, organisation=organisation)


@prepared_once
def _held_on(kind: str, codename: str) -> "Compiled[HeldPermission, HeldPermission]":
    person, organisation = (Parameter(name, BigIntegerField()) for name in ("user", "organisation"))
    rows = HeldPermission.objects.filter(user=person, user__is_active=True, kind=kind, codename=codename)
    return Compiled(rows.filter(organisation_id=organisation).order_by())


@prepared_once
def _held_anywhere(kind: str) -> "Compiled[HeldPermission, str]":
    rows = HeldPermission.objects.filter(user=Parameter("user", BigIntegerField()), user__is_active=True, kind=kind)
    return Compiled(rows.order_by().values_list("codename", flat=True))


def has_general_permission(user: Visitor, permission: str) -> bool:
    """Return whether one of the person's roles carries the general permission `app.codename`, asked afresh.

    Superusers get no shortcut here: an operator runs the machine and reads nobody's data.
    """
    return _giving(permission).is_any(user=user.pk or 0)


@prepared_once
def _giving(permission: str) -> "Compiled[Permission, Permission]":
    app, codename = permission.split(".")
    person = Parameter("user", BigIntegerField())
    rows = Permission.objects.filter(
        content_type__app_label=app, codename=codename, group__user__id=person, group__user__is_active=True
    )
    return Compiled(rows.order_by())


def role_of(user: Visitor, kind: OrganisationKind, organisation: Model) -> list[str]:
    """Return the names of the roles that `user` holds in one organisation (mostly one; integrations may hold more)."""
    rows = kind.role_groups(organisation).filter(group__user__id=user.pk or 0)
    return list(rows.order_by("role").values_list("role", flat=True))


def manages(kind: OrganisationKind, organisation: Model, member: User) -> bool:
    """Return whether `member` holds a manager's role in the organisation itself."""
    return any(kind.roles[role].is_manager for role in role_of(member, kind, organisation))


def has_active_manager(kind: OrganisationKind, organisation: Model, *, besides: User | None = None) -> bool:
    """Return whether an organisation has an active manager (other than `besides`)."""
    manager_roles = [role.name for role in kind.roles.values() if role.is_manager]
    groups = kind.role_groups(organisation).filter(role__in=manager_roles).values("group_id")
    managers = User.objects.filter(groups__in=groups, is_active=True)
    return (managers.exclude(pk=besides.pk) if besides else managers).exists()


def count_active_managers(kind: OrganisationKind, organisation: Model) -> int:
    """Return how many active people manage an organisation."""
    manager_roles = [role.name for role in kind.roles.values() if role.is_manager]
    groups = kind.role_groups(organisation).filter(role__in=manager_roles).values("group_id")
    return User.objects.filter(groups__in=groups, is_active=True).distinct().count()


def kinds_of(user: User) -> set[str]:
    """Return the kinds of organisation that a person belongs to; a factory's advisor belongs to the programme."""
    return {
        kind.roles[role].side or name
        for name, kind in kinds.items()
        for role in kind.role_model.objects.filter(group__user=user).values_list("role", flat=True)
    }


def memberships(user: Visitor, kind: OrganisationKind) -> QuerySet[Any]:
    """Return the role rows that `user` holds in organisations of this kind, with their organisation."""
    rows = kind.role_model._default_manager.filter(group__user__id=user.pk or 0, group__user__is_active=True)
    return rows.select_related("organisation").order_by("organisation_id", "role")


def holders(kind: OrganisationKind, organisation_id: int, codename: str) -> QuerySet[User]:
    """Return the active people who hold `codename` on one organisation, each once; integrations are not people."""
    groups = kind.given([codename]).filter(content_object=organisation_id).values("group_id")
    in_groups = User.groups.through._default_manager.filter(user_id=OuterRef("pk"), group_id__in=groups)
    return User.objects.filter(Exists(in_groups), is_active=True, is_integration=False)


def members(kind: OrganisationKind, organisation: Model) -> QuerySet[User]:
    """Return the active people of one organisation, each once, by name; integrations are not people."""
    groups = kind.role_groups(organisation).values("group_id")
    in_groups = User.groups.through._default_manager.filter(user_id=OuterRef("pk"), group_id__in=groups)
    return User.objects.filter(Exists(in_groups), is_active=True, is_integration=False).order_by("name", "pk")
