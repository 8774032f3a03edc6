"""The calendar of planned visits: by advisor and by week, with the workload and the closure days of the factories."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from assessments.models import Assessment
from assessments.visits.queries import assessors_of_country, closures_around_plans, plans_visible_to
from factories.models import ClosureDays, CountryProgramme
from factories.rights import may_in_programme
from portal.accounts.models import User
from portal.core.days import today

WEEKS_SHOWN = 8
WEEK = timedelta(days=7)


@dataclass
class Week:
    """A week, from Monday on, with what one person (or everybody) has in it."""

    monday: date
    visits: list[Assessment] = field(default_factory=list)
    closures: list[ClosureDays] = field(default_factory=list)

    @property
    def sunday(self) -> date:
        """The last day of the week."""
        return self.monday + WEEK - timedelta(days=1)


@dataclass
class Row:
    """A person's weeks; without a person, the visits that nobody was chosen for."""

    person: User | None
    weeks: list[Week]

    @property
    def days(self) -> int:
        """The workload: the days of the visits that begin in these weeks."""
        return sum(visit.planned_days for week in self.weeks for visit in week.visits)


@dataclass
class Calendar:
    """Some weeks of a country, for one reader."""

    rows: list[Row]
    weeks: list[Week]

    @property
    def earlier(self) -> date:
        """The Monday with which the weeks before these begin."""
        return self.weeks[0].monday - WEEKS_SHOWN * WEEK

    @property
    def later(self) -> date:
        """The Monday with which the weeks after these begin."""
        return self.weeks[-1].monday + WEEK


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def this_week(programme: CountryProgramme) -> date:
    """Return the Monday of this week in a country."""
    return monday_of(today(programme))


def calendar_of(reader: User, programme: CountryProgramme, monday: date) -> Calendar:
    """Return the weeks from a Monday on. Who sees the country's plans sees a row for each advisor; others, their own.

    It takes five queries, whatever the number of visits.
    """
    mondays = [monday + number * WEEK for number in range(WEEKS_SHOWN)]
    visits = _visits(reader, programme, monday, mondays[-1] + WEEK)
    closures = _closures(reader, visits, monday, mondays[-1] + WEEK)
    people = _people(reader, programme)
    of_person: dict[int, list[Assessment]] = defaultdict(list)
    for visit in visits:
        for assessor in visit.assessors.all():
            people.setdefault(assessor.person_id, assessor.person)
            of_person[assessor.person_id].append(visit)
    rows = [Row(person, _weeks(mondays, of_person[key], closures)) for key, person in people.items()]
    if nobodys := [visit for visit in visits if not visit.assessors.all()]:
        rows.append(Row(None, _weeks(mondays, nobodys, closures)))
    return Calendar(rows, _weeks(mondays, visits, closures))


def _visits(reader: User, programme: CountryProgramme, first: date, end: date) -> list[Assessment]:
    found = plans_visible_to(reader).filter(factory__programme=programme, start_date__gte=first, start_date__lt=end)
    found = found.exclude(state=Assessment.State.WITHDRAWN).select_related("factory")
    return list(found.prefetch_related("assessors__person").order_by("start_date", "pk"))


def _people(reader: User, programme: CountryProgramme) -> dict[int, User]:
    if may_in_programme(reader, "view_assessments", programme.pk):
        return {person.pk: person for person in assessors_of_country(programme)}
    return {reader.pk: reader}


def _closures(
    reader: User, visits: Iterable[Assessment], first: date, end: date
) -> Mapping[int, Sequence[ClosureDays]]:
    """Return the closure days of the visits' factories, by factory."""
    found: dict[int, list[ClosureDays]] = defaultdict(list)
    keys = {visit.factory_id for visit in visits}
    rows = closures_around_plans(reader).filter(factory__in=keys).within(first, end - timedelta(days=1))
    for closure in rows.select_related("factory").order_by("first_day", "pk"):
        found[closure.factory_id].append(closure)
    return found


def _weeks(
    mondays: Sequence[date], visits: Iterable[Assessment], closures: Mapping[int, Sequence[ClosureDays]]
) -> list[Week]:
    """Return the weeks with these visits, and with the closure days of their factories."""
    weeks = [Week(monday) for monday in mondays]
    seen: set[int] = set()
    for visit in visits:
        weeks[(visit.start_date - mondays[0]).days // WEEK.days].visits.append(visit)
        if visit.factory_id not in seen:
            seen.add(visit.factory_id)
            for closure in closures.get(visit.factory_id, ()):
                for week in weeks:
                    if closure.first_day <= week.sunday and closure.last_day >= week.monday:
                        week.closures.append(closure)
    return weeks
