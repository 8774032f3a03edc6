"""Answers to the questions for general information only: numbers and a few words, never a finding."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from portal.demo.plan.factories import FactoryPlan

UNION_NAMES: Final = (
    "Union of the Paper Lanterns",
    "Needle and Thread Union",
    "United Loom Workers",
    "Kite Union",
)
TOPICS: Final = (
    "Meal allowance; extra day of leave for long service",
    "Yearly skill bonus; transport at night",
    "Time off for union officers; joint safety rounds",
    "Bonus before the main holiday; school allowance for workers' children",
)
CORRECTIONS: Final = (
    "Workers tell the line clerk; most corrections are paid with the next wages.",
    "At a desk open each pay day; corrections take three to five days.",
    "Through the union or the human resources office, usually within the month.",
)
REASONS: Final = (
    "Family matters and moving back to the home village",
    "A better paid job nearby; the long way to work",
    "Marriage, birth of a child, care of parents",
    "End of the high season",
)
TARGETS: Final = (
    "Needle injuries down by half; no blocked exits in monthly checks",
    "First-aiders in every line and shift",
    "All chemicals labelled by the middle of the year",
    "No target has been set",
)
MAINTENANCE: Final = (
    "Weekly by the mechanics' team; the head mechanic signs a card on each machine",
    "On breakdown only; the line leader notes it in a book",
    "Monthly plan by machine type, signed by the maintenance manager",
)
PLANNING: Final = (
    "Minutes per piece are compared with the hours of the lines each Monday",
    "The merchandiser asks the production manager; there is no written check",
    "A planning sheet shows free capacity by line for ten weeks",
)


@dataclass(frozen=True)
class Site:
    """The facts on which a value depends."""

    factory: FactoryPlan
    had_strike: bool
    dice: Random


Value = Callable[[Site], str]


def _yes_no(key: str) -> Value:
    return lambda site: "yes" if site.factory.traits[key] else "no"


def _supervisors(site: Site) -> str:
    total = max(4, site.factory.workers // 35)
    women = round(total * site.dice.uniform(0.2, 0.7))
    return f"women: {women}; men: {total - women}"


def _unions(site: Site) -> str:
    if not site.factory.traits["4001"]:
        return "none"
    names = site.dice.sample(UNION_NAMES, site.dice.randint(1, 2))
    return "; ".join(f"{name} ({int(site.factory.workers * site.dice.uniform(0.08, 0.45))})" for name in names)


def _strikes(site: Site) -> str:
    return f"1 stoppage; {site.dice.randrange(20, 120)} workers" if site.had_strike else "none"


def _pick(texts: tuple[str, ...]) -> Value:
    return lambda site: site.dice.choice(texts)


def _number(first: int, last: int) -> Value:
    return lambda site: str(site.dice.randint(first, last))


VALUES: Final[dict[str, Value]] = {
    **{key: _yes_no(key) for key in ("1001", "4001", "4061", "5001", "5041", "6021", "6022", "7121")},
    "2051": _supervisors,
    "4006": _unions,
    "4068": _pick(TOPICS),
    "4084": _strikes,
    "5086": _pick(CORRECTIONS),
    "6049": _pick(REASONS),
    "6072": _number(0, 12),
    "7009": _pick(TARGETS),
    "7052": _pick(MAINTENANCE),
    "7067": _number(27, 37),
    "7153": _number(2, 9),
    "8008": _pick(PLANNING),
    "8027": _number(14, 58),
}


def value_of(key: str, site: Site) -> str:
    """Return the value of the general-information question `key` (its id in cat.csv)."""
    return VALUES[key](site)
