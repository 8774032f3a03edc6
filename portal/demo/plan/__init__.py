"""The content of the demo programme, as plain values: no Django, no database.

Everything follows from `SEED` and one date, the anchor: the same date gives the same programme, and the board
of assessments looks alive whenever it is loaded. Each factory has random numbers of its own (`dice`), so that
a change in one place leaves the rest as it was.
"""

import random
from datetime import UTC, date, datetime, time, timedelta

SEED = "portal-demo-1"


def dice(*names: object) -> random.Random:
    """Return random numbers that depend on `names` alone."""
    return random.Random(":".join([SEED, *map(str, names)]))


def moment(day: date, dice: random.Random) -> datetime:
    """Return a time in the working hours (UTC) of `day`."""
    return datetime.combine(day, time(1 + dice.randrange(9), dice.randrange(60), dice.randrange(60)), UTC)


def before(today: date, days: float) -> date:
    """Return the day `days` before `today`."""
    return today - timedelta(days=days)
