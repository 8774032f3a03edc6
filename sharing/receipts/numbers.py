"""Numbers of receipts: random, not sequential, so that two of them do not show how many lie between.

Fifteen letters and digits and one check digit (Luhn, base 32), in groups of four. The alphabet (Crockford's) leaves out
I, L, O and U; if typed, they are read as 1, 1, 0 and V.
"""

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DRAWN = 15
MEANT = str.maketrans("ILOU", "110V")


def draw_number() -> str:
    """Return a new number, as it is shown: 75 random bits, so that it is new and nobody can guess it."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(DRAWN))
    return _grouped(drawn + check_digit(drawn))


def check_digit(drawn: str) -> str:
    """Return the check digit, which reveals any single wrong character, and nearly any swapped pair."""
    total = 0
    for place, letter in enumerate(reversed(drawn)):
        value = ALPHABET.index(letter) * (2 if place % 2 == 0 else 1)
        total += value // len(ALPHABET) + value % len(ALPHABET)
    return ALPHABET[-total % len(ALPHABET)]


def normalised(typed: str) -> str:
    """Return the number that somebody typed, as it is shown; empty when it cannot be one."""
    letters = re.sub(r"[\s-]", "", typed[:60]).upper().translate(MEANT)
    if len(letters) != DRAWN + 1 or not set(letters) <= set(ALPHABET):
        return ""
    return _grouped(letters) if check_digit(letters[:-1]) == letters[-1] else ""


def _grouped(letters: str) -> str:
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
