"""The reason why a grant ended: a code, named in the reader's language when it is shown, beside what a person wrote."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class End(models.TextChoices):
    """The reason why a grant ended. What a person wrote about it is stored separately, in their own words."""

    STOPPED = "stopped", _("Stopped by the factory")
    REFUSED = "refused", _("Refused by the second person")
    CHANGED = "changed", _("Changed")
    EXPIRED = "expired", _("Period expired")
    DROPPED = "dropped", _("Request ended")
    UNDONE = "undone", _("Undone by the factory")


def end_in_words(code: str, written: str) -> str:
    """Return why a grant ended, in the reader's language: the code's label, then what a person wrote, as they wrote it.

    An end from before there were codes (`code` is empty) shows what was stored with it.
    """
    known = [str(End(code).label)] if code in End.values else []
    return gettext(": ").join([*known, *([written] if written else [])])
