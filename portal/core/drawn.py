"""Ids that other organisations see: drawn, not counted, so that two of them tell nothing of how many lie between.

A draw that was made before is refused by the primary key: one in many thousands for tables of a programme's size, and
whoever meets it tries again. What grows by the thousand in one go is drawn from a larger urn.
"""

import secrets

NINE_DIGITS, FIFTEEN_DIGITS = 10**8, 10**14


def nine_digits() -> int:
    """Return an id for accounts and organisations: it fits the addresses and filters that name them."""
    return NINE_DIGITS + secrets.randbelow(9 * NINE_DIGITS)


def fifteen_digits() -> int:
    """Return an id for rows that come by the thousand; JavaScript, too, keeps it whole."""
    return FIFTEEN_DIGITS + secrets.randbelow(9 * FIFTEEN_DIGITS)
