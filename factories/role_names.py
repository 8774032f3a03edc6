"""The words of the roles in factories and country programmes; what each may do is in `factories.roles`."""

from enum import StrEnum


class FactoryRoleName(StrEnum):
    """The roles in a factory; the programme's advisors are assigned to it."""

    MANAGER = "manager"
    MEMBER = "member"
    WORKER_REPRESENTATIVE = "worker_representative"
    ADVISOR = "advisor"


class ProgrammeRoleName(StrEnum):
    """The roles in a country's programme, and in the global one."""

    PROGRAMME_MANAGER = "programme_manager"
    TEAM_LEADER = "team_leader"
    ENTERPRISE_ADVISOR = "enterprise_advisor"
    CONSTITUENT = "constituent"
    GLOBAL_STAFF = "global_staff"
