"""Names of the demo's people: nobody works for two factories, or in two roles of one country."""

from collections.abc import Collection

from portal.demo.places import Country


class Names:
    """Deals out names as they are common in one country, each of them once."""

    def __init__(self, place: Country, taken: Collection[str] = ()) -> None:
        self._free = {given: _names(place, number, taken) for number, given in enumerate(place.given)}

    def with_given(self, given: str) -> str:
        """Return a name that nobody has yet, with this given name. Raises IndexError when there is none left."""
        return self._free[given].pop(0)


def _names(place: Country, number: int, taken: Collection[str]) -> list[str]:
    """Return the names with the given name of a number, each list beginning with another family."""
    start = 2 * number % len(place.families)
    families = place.families[start:] + place.families[:start]
    names = [place.person.format(given=place.given[number], family=family) for family in families]
    return [name for name in names if name not in taken]
