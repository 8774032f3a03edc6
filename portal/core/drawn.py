"""Ids that other organisations see: drawn, not counted, so that two of them tell nothing of how many lie between.

Of 100,000 rows two would draw the same one in 200,000 times; the primary key refuses it, and whoever meets it tries
again. JavaScript keeps such a number whole.
"""

import secrets

LEAST = 10**14
MAX_ID = 10**15 - 1
ID = "[1-9][0-9]{0,14}"  # as it stands in an address: drawn, or counted before ids were drawn


def drawn_id() -> int:
    """Return an id of fifteen digits."""
    return LEAST + secrets.randbelow(9 * LEAST)
