"""Several values in one line, with the comma and the "and" of the reader's language.

In a language that is written from right to left, the list runs so, too, whatever it is put into: a sentence gives each
value the direction of its first letter (`devtools.catalogues.entries`), which would turn a list of numbers or Latin
names around. Each value keeps its own direction inside the list.
"""

from collections.abc import Iterable

from django.utils.translation import get_language_bidi, gettext

FROM_RIGHT, AS_IT_IS, ENDS = "\u2067", "\u2068", "\u2069"


def joined(values: Iterable[object], between: str | None = None) -> str:
    """Return the values as text, joined by the translated comma or by `between`."""
    texts = [str(value) for value in values]
    comma = gettext(", ") if between is None else between
    if len(texts) < 2 or not get_language_bidi():
        return comma.join(texts)
    return f"{FROM_RIGHT}{comma.join(f'{AS_IT_IS}{text}{ENDS}' for text in texts)}{ENDS}"


def listed(values: Iterable[object]) -> str:
    """Return values in one phrase of a sentence: "1", "2 and 4", "1, 2 and 4"; empty for none."""
    *others, last = [str(value) for value in values] or [""]
    return gettext("%(one)s and %(other)s") % {"one": joined(others), "other": last} if others else last
