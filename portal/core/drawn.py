"""Ids that other organisations see: random, not counted, so that two of them do not reveal how many lie between.

With 100,000 rows the risk that two get the same one is 1 in 200,000; the primary key then refuses it, and the caller
tries again. JavaScript represents such a number exactly.
"""

import secrets

LEAST = 10**14
MAX_ID = 10**15 - 1
ID = "[1-9][0-9]{0,14}"  # as it occurs in an address: random, or counted before ids were random


def drawn_id() -> int:
    """Return a random id of fifteen digits."""
    return LEAST + secrets.randbelow(9 * LEAST)
