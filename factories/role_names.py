"""The names of the roles in factories and country programmes; `factories.roles` says what each may do."""

from enum import StrEnum


class FactoryRoleName(StrEnum):
    """The roles in a factory; advisors are the programme's people who are assigned to it."""

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
