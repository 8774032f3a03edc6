"""Messages for a form that repeats an action: who had done it already, and that what was typed now was not saved.

An action that is requested twice is done once and returns what is recorded. Its view compares that with what was
typed: after a double click it reports only success; for an old page with other text it says that the text was not
saved, and shows it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.core.days import Place, moment_in_words


class Person(Protocol):
    """The person who had done it already."""

    @property
    def name(self) -> str:
        """The name, as shown to others."""


def unsaved(typed: Iterable[object], recorded: Iterable[object] = ()) -> str:
    """Return a sentence with the typed text that is not recorded, to be copied; empty where nothing is lost."""
    known = {str(one) for one in recorded}
    lost = [text for one in typed if (text := str(one).strip()) and text not in known]
    quoted = " ".join(_("“%(text)s”") % {"text": text} for text in lost)
    return _("Your text was not saved: %s") % quoted if lost else ""


def warn_done_already(
    request: HttpRequest, lost: str, *, by: Person | None, at: datetime, place: Place, prefix: object = ""
) -> bool:
    """Warn who had done it before and that `lost` (from `unsaved`) is lost; return whether there was a warning."""
    if lost:
        day = moment_in_words(at, place)
        done = (
            _("%(who)s had already done this on %(day)s.") % {"who": by.name, "day": day}
            if by
            else (_("This was already done on %s.") % day)
        )
        messages.warning(request, " ".join(filter(None, [f"{prefix}:" if prefix else "", done, lost])))
    return bool(lost)
