"""The demo's factories: invented names, real towns, and what sets each apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from random import Random

from portal.core.days import Zone, day_of, end_of, zone_named, zone_of_country
from portal.demo.accounts import ACCOUNTS
from portal.demo.places import COUNTRIES, Country
from portal.demo.plan import before, dice
from portal.demo.plan.names import Names
from portal.demo.trade import PRODUCTS

WOMEN = {
    "PK": 0.35,
    "BD": 0.56,
    "EG": 0.52,
    "HT": 0.63,
    "NI": 0.58,
    "JO": 0.74,
    "VN": 0.78,
    "ID": 0.8,
    "KH": 0.82,
}
MIGRANTS = {"JO": 0.9, "EG": 0.1, "KH": 0.1}
UNIONS = {"KH": 0.9, "VN": 1.0, "JO": 1.0, "ID": 0.75, "NI": 0.7, "HT": 0.7, "BD": 0.35, "PK": 0.4, "EG": 0.3}
DORMITORIES = {"JO": 0.95, "VN": 0.2, "KH": 0.15, "PK": 0.3, "EG": 0.2}
# Factories that are not simply enrolled: number within the country -> status, reason.
EXCEPTIONS = {
    ("KH", 20): ("suspended", "Export licence under review by the authority."),
    ("KH", 24): ("left", "Production moved to another site."),
    ("KH", 31): ("pending", ""),
    ("VN", 18): ("left", "Left at its own request."),
    ("VN", 27): ("obsolete", "Merged with another enrolled factory."),
    ("VN", 29): ("not_enrollable", "Makes furniture covers only: outside the sector of the programme."),
    ("BD", 14): ("suspended", "No access for two unannounced visits."),
    ("BD", 22): ("obsolete", "Closed after the lease of the building ended."),
    ("BD", 25): ("pending", ""),
    ("ID", 11): ("left", "Left at its own request."),
    ("ID", 19): ("pending", ""),
    ("JO", 12): ("left", "Closed."),
    ("PK", 11): ("pending", ""),
    ("HT", 6): ("suspended", "Roads to the industrial park are closed."),
    ("NI", 7): ("not_enrollable", "The country team has no capacity to assess before next year."),
}
NEVER_ASSESSED = frozenset({"pending", "not_enrollable"})


@dataclass(frozen=True)
class FactoryPlan:
    """One factory. `burden` multiplies its non-compliance; `traits` answer the questions that open others."""

    index: int
    place: Country
    bw_id: str
    name: str
    local_name: str
    address: str
    city: str
    latitude: float
    longitude: float
    sector: str
    products: str
    women: int
    men: int
    os_hub_id: str
    contact: str
    phone: str
    status: str
    reason: str
    enrolled_on: date | None
    left_on: date | None
    is_obsolete: bool
    cycles: int
    burden: float
    traits: dict[str, bool]

    @property
    def workers(self) -> int:
        """Women and men together."""
        return self.women + self.men

    @property
    def women_in_100(self) -> int:
        """Women among a hundred workers."""
        return round(100 * self.women / self.workers)

    @property
    def is_assessed(self) -> bool:
        """True when it has assessments."""
        return self.cycles > 0

    def end_of_day(self, moment: datetime) -> datetime:
        """Return the end of the day of a moment where the factory is, as the portal's forms store an end."""
        place = Zone(zone_named(zone_of_country(self.place.code)))
        return end_of(day_of(moment, place), place)


def factories(today: date) -> tuple[FactoryPlan, ...]:
    """Return all 160, by country; the first two of Cambodia are factory A and factory B."""
    return tuple(_factories(today))


def _factories(today: date) -> Iterator[FactoryPlan]:
    index = 0
    for place in COUNTRIES:
        names = Names(place)
        for number in range(place.factories):
            yield _factory(place, number, index, today, names)
            index += 1


def _names(place: Country, number: int) -> tuple[str, str, str]:
    """Return name, name in the local script, sector."""
    row, column = divmod(number, len(place.first))[::-1]
    first, second = place.first[row], place.second[(row + column) % len(place.second)]
    kind = 2 if number % 7 == 6 else number % 2
    name = place.company[kind].format(name=f"{first[0]} {second[0]}")
    if not place.local_company[kind]:
        return name, name, _sector(kind, number)
    joined = ("" if place.language == "km" else " ").join((first[1], second[1]))
    return name, place.local_company[kind].format(name=joined), _sector(kind, number)


def _sector(kind: int, number: int) -> str:
    if kind == 2:
        return "footwear"
    return "accessories" if number % 13 == 9 else "apparel"


def _factory(place: Country, number: int, index: int, today: date, names: Names) -> FactoryPlan:
    own = dice("factory", place.code, number)
    name, local_name, sector = _names(place, number)
    town = place.towns[number % len(place.towns)]
    status, reason = EXCEPTIONS.get((place.code, number), ("enrolled", ""))
    cycles = 0 if status in NEVER_ASSESSED else _cycles(place, number, own)
    women, men = _workers(place, own)
    enrolled_on, left_on = _dates(status, cycles, own, today)
    return FactoryPlan(
        index=index,
        place=place,
        bw_id=f"{COUNTRIES.index(place) + 2}{number + 1:04d}",
        name=name,
        local_name=local_name,
        address=own.choice(place.streets).format(n=own.randrange(2, 190)),
        city=town.name,
        latitude=round(town.latitude + own.uniform(-0.06, 0.06), 6),
        longitude=round(town.longitude + own.uniform(-0.06, 0.06), 6),
        sector=sector,
        products=own.choice(PRODUCTS[sector]),
        women=women,
        men=men,
        os_hub_id="" if number % 9 == 8 else f"{place.code}0000DEMO{index + 1:04d}",
        contact=_contact(index, names.with_given(own.choice(place.given))),
        phone="" if number % 11 == 10 else f"{place.dialling} 555 {index + 1:04d}",
        status="left" if status == "obsolete" else status,
        reason=reason,
        enrolled_on=enrolled_on,
        left_on=left_on,
        is_obsolete=status == "obsolete",
        cycles=cycles,
        burden=min(2.4, max(0.35, own.lognormvariate(0, 0.45))),
        traits=_traits(place, own),
    )


def _contact(index: int, otherwise: str) -> str:
    """Return the manager's name: the demo account of factory A and B, else the invented one."""
    key = {0: "manager_a", 1: "manager_b"}.get(index)
    return next((account.name for account in ACCOUNTS if account.key == key), otherwise)


def _cycles(place: Country, number: int, own: Random) -> int:
    """Return how many cycles it has: three to five; factory A has five, and the youngest programme three."""
    if place.code == "KH" and number < 2:
        return 5 - number
    return 3 if place.since >= 2023 else own.choices((3, 4, 5), (35, 40, 25))[0]


def _workers(place: Country, own: Random) -> tuple[int, int]:
    total = int(min(7200, max(120, own.lognormvariate(6.9, 0.7))))
    women = int(total * min(0.95, max(0.1, own.gauss(WOMEN[place.code], 0.06))))
    return women, total - women


def _dates(status: str, cycles: int, own: Random, today: date) -> tuple[date | None, date | None]:
    if status in NEVER_ASSESSED:
        return None, None
    enrolled = before(today, 365 * cycles + 250 + own.randrange(180))
    gone = status in {"left", "obsolete"}
    return enrolled, before(today, own.randrange(20, 90)) if gone else None


def _traits(place: Country, own: Random) -> dict[str, bool]:
    """Return whether each question that opens others (by its key in cat.csv) is answered yes."""
    union = own.random() < UNIONS[place.code]
    return {
        "1001": own.random() < 0.15,
        "4001": union,
        "4061": union and own.random() < 0.7,
        "5001": own.random() < 0.6,
        "5041": own.random() < 0.35,
        "6021": own.random() < 0.45,
        "6022": own.random() < MIGRANTS.get(place.code, 0.04),
        "7121": own.random() < DORMITORIES.get(place.code, 0.05),
    }
