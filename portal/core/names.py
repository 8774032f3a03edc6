"""Names as they are stored: on one line, in the order in which they are read, each letter in one form.

A name is shown in mails, forms, receipts and lists that other organisations read. A line break in it would write
paragraphs of its own into the portal's mails, and a bidirectional control would let it pass for another name. Invisible
characters, and letters that are one character here and two there, would make two names of one.
"""

import re
import unicodedata

# Unicode's "default ignorable" characters: nothing is shown for them. Not the joiners, without which some scripts are
# not written.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_NEEDLESS_JOINERS = re.compile("(?<![\u0590-\u10ff\u1200-\u1cff\ua840-\uabff])[\u200c\u200d]+")
# Marks above and below letters of the Latin, Greek and Cyrillic alphabets, and letters that have no other form
# without theirs. `portal.core.search` asks the database for the same.
MARKS = "\u0300-\u036f"
STROKED, PLAIN = "đøłħŧı", "dolhti"
_MARKS = re.compile(f"[{MARKS}]")


def one_line(name: str) -> str:
    """Return the name as it is stored: no line breaks or unseen characters, one blank between words, in NFC."""
    seen = _NEEDLESS_JOINERS.sub("", _INVISIBLE.sub("", name))
    return unicodedata.normalize("NFC", " ".join(_CONTROLS.sub(" ", seen).split()))


def unmarked(text: str) -> str:
    """Return the text as a search compares it: lower case, without the marks above and below letters."""
    letters = _MARKS.sub("", unicodedata.normalize("NFKD", one_line(text))).lower()
    return letters.translate(str.maketrans(STROKED, PLAIN))
