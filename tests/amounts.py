"""How much of what could go on for ever a run does: little in the ordinary one, much in `./dev test --long`.

The ordinary run is for each change; the long one is for each night and each release.
"""

import os

IS_LONG = (
    os.environ.get("PORTAL_TEST_LONG") == "1"
)  # set by pytest's option --long, for the processes of pytest-xdist too


def amount(*, ordinary: int, long: int) -> int:
    """Return the number for this run."""
    return long if IS_LONG else ordinary


RACES = amount(ordinary=2, long=100)  # how often a race is run whose order is left to chance
SEQUENCES = int(os.environ.get("PORTAL_PROPERTY_EXAMPLES", amount(ordinary=60, long=5_000)))  # in each half
REQUESTS = amount(ordinary=3, long=100)  # that are made up for each operation of the API
READS_AFTER_REVOKES = amount(ordinary=100, long=100_000)  # asked by eight readers while grants flip
READS_OF_A_REVOKE = amount(ordinary=8, long=400)  # before the next grant
SURFACES_SKIPPED = amount(ordinary=8, long=1)  # an end is tried on every n-th surface, others with each seed
