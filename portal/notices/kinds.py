"""The words of the kinds of notices."""

from enum import StrEnum


class NoticeName(StrEnum):
    """The word of a kind of notice. Each app has one enum of this base, in its `notice_names.py`."""


def notice_names() -> list[NoticeName]:
    """Return the word of every kind of notice that there is, app by app."""
    return [name for app in NoticeName.__subclasses__() for name in app]
