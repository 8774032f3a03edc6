"""The demo's people and their roles."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password

from brands.models import Brand, BrandRole
from factories.events import FactoryEvent
from factories.models import CountryProgramme, Factory, FactoryRole, ProgrammeRole
from portal.accounts.events import AccountEvent
from portal.accounts.models import MembershipPeriod, User
from portal.demo.accounts import ACCOUNTS, PASSWORD, Account
from portal.demo.load.rows import History
from portal.demo.plan import dice, moment
from portal.demo.plan.factories import FactoryPlan
from portal.demo.plan.people import PersonPlan, advisor_emails, people, staff_email


@dataclass
class Organisations:
    """The organisations to which people belong, by name (factories also by `bw_id`)."""

    programmes: dict[str, CountryProgramme]
    brands: dict[str, Brand]
    factories: dict[str, Factory]

    def find(self, kind: str, name: str) -> CountryProgramme | Brand | Factory:
        """Return the organisation of one kind with this name."""
        if kind == "programme":
            return self.programmes[name]
        return self.brands[name] if kind == "brand" else self.factories[name]


def load_people(
    plans: tuple[FactoryPlan, ...], places: Organisations, history: History, at: datetime
) -> dict[str, User]:
    """Write everybody; return them by e-mail address. The accounts share one password; the others cannot sign in."""
    others = list(people(plans))
    users = {user.email: user for user in [*_accounts(at), *(_person(plan, at) for plan in others)]}
    User.objects.bulk_create(users.values())
    groups = _Groups()
    members: list[Account | PersonPlan] = [*(account for account in ACCOUNTS if account.kind), *others]
    for member in members:
        organisation, key = places.find(member.kind, member.organisation), users[member.email].pk
        when = _joined(organisation, at)
        groups.add(users[member.email], member.kind, organisation.pk, member.role, when)
        ids = {f"{member.kind}_id": organisation.pk}
        history.add(when, AccountEvent.MEMBER_JOINED, by=None, subject=key, role=member.role, **ids)
    _assign_advisors(plans, places, users, groups, history, at)
    groups.write()
    return users


def _accounts(at: datetime) -> Iterable[User]:
    password = make_password(PASSWORD)
    for account in ACCOUNTS:
        yield User(
            email=account.email,
            name=account.name,
            language=account.language,
            password=password,
            is_active=account.is_active,
            is_staff=account.is_operator,
            is_superuser=account.is_operator,
            date_joined=at,
        )


def _person(plan: PersonPlan, at: datetime) -> User:
    return User(email=plan.email, name=plan.name, language=plan.language, password=make_password(None), date_joined=at)


def _joined(organisation: CountryProgramme | Brand | Factory, at: datetime) -> datetime:
    enrolled = getattr(organisation, "enrolled_on", None)
    return moment(enrolled, dice("joined", organisation)) if enrolled else at


class _Groups:
    """Memberships, gathered and written at once."""

    def __init__(self) -> None:
        roles: dict[str, Any] = {"factory": FactoryRole, "brand": BrandRole, "programme": ProgrammeRole}
        self._groups = {
            (kind, organisation, role): group
            for kind, model in roles.items()
            for organisation, role, group in model._default_manager.values_list("organisation_id", "role", "group_id")
        }
        self._rows: dict[tuple[int, int], datetime] = {}

    def add(self, user: User, kind: str, organisation: int, role: str, since: datetime) -> None:
        self._rows[user.pk, self._groups[kind, organisation, role]] = since

    def write(self) -> None:
        through = User.groups.through
        through._default_manager.bulk_create(through(user_id=user, group_id=group) for user, group in self._rows)
        # The database recorded that they begin now; the years before are recorded as a period of their own.
        MembershipPeriod.objects.bulk_create(
            MembershipPeriod(user_id=now.user_id, group_id=now.group_id, since=since, until=now.since)
            for now in MembershipPeriod.objects.filter(until=None)
            if (since := self._rows.get((now.user_id, now.group_id), now.since)) < now.since
        )


def _assign_advisors(
    plans: tuple[FactoryPlan, ...],
    places: Organisations,
    users: dict[str, User],
    groups: _Groups,
    history: History,
    at: datetime,
) -> None:
    """Assign one of the country's three Enterprise Advisors to each assessed factory; A gets the demo account."""
    for number, plan in enumerate(plans):
        if not plan.is_assessed:
            continue
        emails = advisor_emails(plan.place.name)
        advisor, factory = users[emails[number % 3]], places.factories[plan.bw_id]
        when = _joined(factory, at)
        groups.add(advisor, "factory", factory.pk, "advisor", when)
        by = users[staff_email(plan.place.name, "programme_manager")].pk
        history.add(when, FactoryEvent.ADVISOR_ASSIGNED, by=by, factory_id=factory.pk, subject=advisor.pk)
