"""Short codes, which a person types or scans to reach a decision, on another device, after signing in.

A code is the random part of a row's id, 60 bits in Crockford's base 32 (no I, L, O, U): nothing is stored, and it
cannot be guessed. It names a row and opens nothing: whoever uses it gets what their own rights open, or "not found".
"""

from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
_READ_AS = str.maketrans("OIL", "011")
_AS_DIGITS = str.maketrans(ALPHABET, "0123456789ABCDEFGHIJKLMNOPQRSTUV")  # Python's, to base 32


def short_code(row_id: UUID) -> str:
    """Return the code of a row with a random (version 4) id, in groups of four for people to type."""
    number = int(row_id.hex[:12] + row_id.hex[13:16], 16)
    letters = ""
    for _position in range(LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        letters = ALPHABET[rest] + letters
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def id_range(code: str) -> tuple[UUID, UUID] | None:
    """Return the lowest and the highest id that a code may name; None for a text that is not a code.

    Case, spaces and dashes do not matter, and what is easily mistaken (O for 0, I or L for 1) is read as meant.
    """
    letters = "".join(code.upper().split()).replace("-", "").translate(_READ_AS)
    if len(letters) != LENGTH or any(letter not in ALPHABET for letter in letters):
        return None
    digits = f"{int(letters.translate(_AS_DIGITS), len(ALPHABET)):015x}"
    start = f"{digits[:12]}4{digits[12:]}"
    return UUID(start + "0" * 16), UUID(start + "f" * 16)
