"""The roles of factories and country programmes (docs/rules.md)."""

from collections.abc import Callable

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from factories.events import FactoryEvent
from factories.models import (
    CountryProgramme,
    Factory,
    FactoryGroupObjectPermission,
    FactoryRole,
    Handover,
    ProgrammeGroupObjectPermission,
    ProgrammeRole,
)
from factories.rights import may_in_programme, member_may, staff_may
from factories.role_names import FactoryRoleName, ProgrammeRoleName
from portal.accounts.models import Invitation, User
from portal.accounts.roles import OrganisationKind, Role, Visitor, has_active_manager, register
from portal.accounts.sides import Side
from portal.core.events import record

SEES_BRANDS = frozenset({"brands.view_all_brands"})
LEADS = frozenset(
    {
        "assess_country",
        "view_assessments",
        "import_assessments",
        "review_assessments",
        "release_assessments",
        "manage_enrolment",
        "record_consent",
    }
)


def is_country(programme: CountryProgramme) -> bool:
    """Return whether a programme is a country's, not the global one."""
    return not programme.is_global


def may_manage_factory_members(user: Visitor, factory: Factory) -> bool:
    """Return whether `user` may manage the factory's members.

    Its managers may; the country's staff may only while it has no manager, to bring in the first one. Otherwise staff
    could act for the factory and consent in its name.
    """
    if member_may(user, "manage_members", factory.pk):
        return True
    return not has_active_manager(FACTORY, factory) and may_oversee_factory(user, factory)


def may_oversee_factory(user: Visitor, factory: Factory) -> bool:
    """Return whether `user` is one of the staff who enrol factories in its country."""
    return staff_may(user, "manage_enrolment", factory.pk)


def may_manage_staff(user: Visitor, programme: CountryProgramme) -> bool:
    """Return whether `user` is the programme's manager or global staff."""
    return may_in_programme(user, "manage_programme", programme.pk)


def is_new_manager(factory: Factory, invitation: Invitation) -> bool:
    """Return whether the invitation is to the new manager for whom a completed handover waits.

    It must come from staff who enrol factories here, and the leaving manager must be the only one.
    """
    handover = Handover.objects.waiting_for(invitation.email).filter(factory=factory).select_related("leaving").first()
    return (
        handover is not None
        and may_oversee_factory(invitation.invited_by, factory)
        and not has_active_manager(FACTORY, factory, besides=handover.leaving)
    )


def is_first_staff(programme: CountryProgramme, invitation: Invitation) -> bool:
    """Return whether `create_staff` sent it, in the invited person's own name, and there are no global staff yet."""
    is_own = invitation.invited_by.email == invitation.email
    return is_own and programme.is_global and not has_active_manager(PROGRAMME, programme)


def active_in_role(factory: Factory, role: str) -> QuerySet[User]:
    """Return the active people who hold a role in a factory, by name."""
    groups = FACTORY.role_groups(factory).filter(role=role).values("group")
    return User.objects.filter(groups__in=groups, is_active=True, is_integration=False).order_by("name", "pk")


JOINED: list[Callable[[Factory, User], None]] = []  # what follows when somebody joins a factory


def after_joining(factory: Factory, member: User) -> None:
    """Call what is registered in `JOINED`: who joins a factory may be the manager for whom a handover waits."""
    for follow in JOINED:
        follow(factory, member)


def end_assignments(programme: CountryProgramme, member: User) -> None:
    """End the assignments to the country's factories of somebody who is no longer an Enterprise Advisor there."""
    assigned = FactoryRole.objects.filter(
        organisation__programme=programme, role=FactoryRoleName.ADVISOR, group__user=member
    )
    ended = list(assigned.order_by("organisation_id"))
    member.groups.remove(*(role.group_id for role in ended))
    for role in ended:
        record(FactoryEvent.ADVISOR_UNASSIGNED, by=None, factory_id=role.organisation_id, subject=member.pk)


FACTORY = register(
    OrganisationKind(
        name="factory",
        label=_("Factory"),
        model=Factory,
        role_model=FactoryRole,
        permission_model=FactoryGroupObjectPermission,
        visible_to=Factory.objects.visible_to,
        may_manage_members=may_manage_factory_members,
        may_oversee=may_oversee_factory,
        is_decided=is_new_manager,
        news="view_data",
        on_join=after_joining,
        managers_wanted=2,
        roles={
            FactoryRoleName.MANAGER: Role(
                FactoryRoleName.MANAGER,
                _("Factory manager"),
                frozenset({"view_data", "edit_profile", "manage_sharing", "manage_members"}),
                SEES_BRANDS,
                is_manager=True,
                summary=_(
                    "Decides which brands can read the factory's data, edits its profile, and manages its members."
                ),
            ),
            FactoryRoleName.MEMBER: Role(
                FactoryRoleName.MEMBER,
                _("Factory member"),
                frozenset({"view_data"}),
                summary=_("Reads the factory's reports and sees which brands have access. Cannot decide about access."),
            ),
            FactoryRoleName.WORKER_REPRESENTATIVE: Role(
                FactoryRoleName.WORKER_REPRESENTATIVE,
                _("Worker representative"),
                frozenset({"view_data", "confirm_sharing"}),
                summary=_(
                    "Reads the factory's reports and sees which brands have access. Confirms new access where a second "
                    "person is required."
                ),
            ),
            # Assigned by the country's staff; advisors hold it besides their role in the programme.
            FactoryRoleName.ADVISOR: Role(
                FactoryRoleName.ADVISOR,
                _("Assigned Enterprise Advisor"),
                frozenset({"assess"}),
                is_invitable=False,
                side=Side.PROGRAMME,
            ),
        },
    )
)

PROGRAMME = register(
    OrganisationKind(
        name="programme",
        label=_("Country programme"),
        model=CountryProgramme,
        role_model=ProgrammeRole,
        permission_model=ProgrammeGroupObjectPermission,
        visible_to=CountryProgramme.objects.visible_to,
        may_manage_members=may_manage_staff,
        is_decided=is_first_staff,
        on_leave=end_assignments,
        news="view_assessments",
        roles={
            ProgrammeRoleName.PROGRAMME_MANAGER: Role(
                ProgrammeRoleName.PROGRAMME_MANAGER,
                _("Programme manager"),
                LEADS | {"manage_programme"},
                SEES_BRANDS,
                is_manager=True,
                applies=is_country,
                summary=_("Does what a team leader does, changes the country's settings, and manages its staff."),
            ),
            ProgrammeRoleName.TEAM_LEADER: Role(
                ProgrammeRoleName.TEAM_LEADER,
                _("Team leader"),
                LEADS,
                SEES_BRANDS,
                applies=is_country,
                summary=_("Enrols factories, imports assessments, and reviews and publishes reports."),
            ),
            ProgrammeRoleName.ENTERPRISE_ADVISOR: Role(
                ProgrammeRoleName.ENTERPRISE_ADVISOR,
                _("Enterprise Advisor"),
                frozenset({"assess_country"}),
                applies=is_country,
                summary=_("Works on the assessments of the factories assigned to them."),
            ),
            ProgrammeRoleName.CONSTITUENT: Role(
                ProgrammeRoleName.CONSTITUENT,
                _("Constituent"),
                frozenset({"view_statistics"}),
                applies=is_country,
                summary=_("Reads consolidated figures. Cannot see any single factory."),
            ),
            ProgrammeRoleName.GLOBAL_STAFF: Role(
                ProgrammeRoleName.GLOBAL_STAFF,
                _("Global staff"),
                LEADS | {"manage_programme", "view_statistics"},
                SEES_BRANDS | {"brands.manage_brands"},
                is_manager=True,
                applies=lambda programme: programme.is_global,
                summary=_("Does what staff of a country do, in every country, and admits countries and brands."),
            ),
        },
    )
)
