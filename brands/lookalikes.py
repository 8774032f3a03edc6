"""Checks for brand names that a person cannot tell apart: a factory consents to a name, so no two may look alike.

Staff type the names, and somebody may talk them into one that passes for another brand's. Two names look alike if they
differ only in case, spaces, punctuation, accents, or letters of other alphabets that have the same shape. Each word of
a name keeps to one alphabet, and a name contains no invisible character.
"""

import unicodedata

# Alphabets whose letters can be mistaken for each other's. Words of other scripts can be told apart as they are.
ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "COPTIC", "CHEROKEE"})
JOINERS = frozenset("\u200c\u200d")  # some scripts cannot be written without them
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
ACCENTS = 200  # from this combining class on, marks are accents
# Greek capital letters that look like Latin ones, while their small letters do not.
CAPITALS = str.maketrans(
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7", "ABEZHIKMNOPTYX"
)
# Small letters, digits and signs, and the Latin letter that each can be mistaken for.
SHAPES = str.maketrans(
    "\u0430\u0432\u0433\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u044c\u0455\u0456\u0458\u0501\u04bb\u051b\u051d\u04cf\u04af"
    "\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03c9\u0585\u057d\u0570\u0578\u0566\u0131\u0142\u00f8"
    "il01|5",
    "abrekmhopctyxbsljdhqwlyabenlkuvoptuxwouhnqllollolls",
)


def tidied(name: str) -> str:
    """Return the name as it is stored: one space between words, letters and their accents in one form."""
    return unicodedata.normalize("NFC", " ".join(name.split()))


def is_plain(name: str) -> bool:
    """Return whether each word keeps to one alphabet and contains nothing invisible."""
    return all(_is_plain(word) for word in name.split())


def _is_plain(word: str) -> bool:
    scripts = {unicodedata.name(letter, "").split(" ")[0] for letter in word if letter.isalpha()}
    unseen = {letter for letter in word if unicodedata.category(letter) in UNSEEN}
    return len(scripts & ALIKE) <= 1 and (not unseen or (unseen <= JOINERS and bool(scripts) and not scripts & ALIKE))


def shape(name: str) -> str:
    """Return the name without the differences that the eye does not see: names of the same shape look alike."""
    plain = unicodedata.normalize("NFKC", name).translate(CAPITALS).casefold().replace("&", "and")
    kept = (one for one in unicodedata.normalize("NFKD", plain) if _is_distinguished_by(one))
    return "".join(kept).translate(SHAPES).replace("rn", "m").replace("vv", "w")


def _is_distinguished_by(sign: str) -> bool:
    """Return whether `sign` is a letter, a digit, a vowel sign or a bar; not an accent above or below a letter."""
    is_vowel_sign = unicodedata.category(sign).startswith("M") and unicodedata.combining(sign) < ACCENTS
    return sign.isalnum() or is_vowel_sign or sign == "|"
