"""The roles of groups in factories and country programmes, and the triggers that keep the index of roles up to date."""

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from factories.models.factories import Factory, FactoryQuerySet
from factories.models.programmes import CountryProgramme
from portal.accounts.models import RoleGroup, User
from portal.accounts.role_index import (
    Source,
    content_type_trigger,
    membership_trigger,
    named_permission_trigger,
    permission_triggers,
)
from portal.accounts.roles import GroupObjectPermissionBase


class FactoryRole(RoleGroup):
    """A role in one factory."""

    organisation = models.ForeignKey(Factory, on_delete=models.PROTECT, related_name="roles")

    class Meta(RoleGroup.Meta):
        constraints = [models.UniqueConstraint(fields=["organisation", "role"], name="factories_factoryrole_once")]


class ProgrammeRole(RoleGroup):
    """A role in one country programme, or in the global one."""

    organisation = models.ForeignKey(CountryProgramme, on_delete=models.PROTECT, related_name="roles")

    class Meta(RoleGroup.Meta):
        constraints = [models.UniqueConstraint(fields=["organisation", "role"], name="factories_programmerole_once")]


class FactoryGroupObjectPermission(GroupObjectPermissionBase):
    """A permission of a role's group on one factory."""

    content_object = models.ForeignKey(Factory, on_delete=models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        triggers = permission_triggers(
            Source("factory", "factories_factorygroupobjectpermission", "factories", "factory")
        )


class ProgrammeGroupObjectPermission(GroupObjectPermissionBase):
    """A permission of a role's group in one country programme."""

    content_object = models.ForeignKey(CountryProgramme, on_delete=models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        triggers = permission_triggers(
            Source("programme", "factories_programmegroupobjectpermission", "factories", "countryprogramme")
        )


class FactoryMembership(User.groups.through):  # type: ignore[name-defined,misc] # made by Django
    """The membership of people in groups, with triggers for their permissions on factories and country programmes."""

    class Meta:
        proxy = True
        triggers = [membership_trigger("factory"), membership_trigger("programme")]


class FactoryPermission(Permission):
    """Django's permissions, with triggers for what roles may do in factories and country programmes."""

    class Meta:
        proxy = True
        triggers = [named_permission_trigger("factory"), named_permission_trigger("programme")]


class FactoryContentType(ContentType):
    """Django's content types: those of factories and country programmes decide which permissions count for them."""

    class Meta:
        proxy = True
        triggers = [content_type_trigger("factory"), content_type_trigger("programme")]


def with_managers(factories: FactoryQuerySet, *numbers: int) -> FactoryQuerySet:
    """Return the factories among `factories` whose number of active managers is one of `numbers`."""
    roles = FactoryRole.objects.filter(organisation=OuterRef("pk"), role="manager", group__user__is_active=True)
    counted = roles.order_by().values("organisation").annotate(count=Count("group__user")).values("count")
    return factories.alias(manager_count=Coalesce(Subquery(counted), 0)).filter(manager_count__in=numbers)
