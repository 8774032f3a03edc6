"""The country office: whom a factory's people write to or call, from the settings of its country programme."""

from dataclasses import dataclass

from factories.models import CountryProgramme, Factory
from portal.accounts.roles import Visitor


@dataclass(frozen=True)
class CountryOffice:
    """How to reach the programme's staff in one country. Address and number are empty where the staff gave none."""

    name: str
    email: str
    phone: str

    @property
    def is_reachable(self) -> bool:
        """True when there is an address or a number."""
        return bool(self.email or self.phone)


def office_of(programme: CountryProgramme) -> CountryOffice:
    """Return the office of one country programme."""
    return CountryOffice(programme.name_in_words(), programme.contact_email, programme.contact_phone)


def own_offices(user: Visitor) -> list[CountryOffice]:
    """Return the offices of the countries in which `user` belongs to a factory, by name. One query."""
    own = Factory.objects.where(user, "view_data").values("programme")
    return [office_of(programme) for programme in CountryProgramme.objects.filter(pk__in=own).order_by("name")]
