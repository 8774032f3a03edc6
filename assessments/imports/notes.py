"""What else a preview says of a table, as the batch keeps it: a code and names, put into words for each reader."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

SAMPLE = 20  # names in a note


class Note(models.TextChoices):
    """What a person should know before deciding; the names fill the place in its sentence."""

    RENAMED = "renamed", _("These factories have another name here; the portal's name stays: %s")
    REWORDED = "reworded", _("These questions are worded differently here; the portal's wording stays: %s.")


def note(code: Note, names: list[str]) -> dict[str, Any]:
    """Return a note as the batch keeps it."""
    return {"code": code.value, "names": names[:SAMPLE], "more": max(len(names) - SAMPLE, 0)}


def note_in_words(kept: Any) -> str:
    """Return the sentence of a note; one that was kept in words before there were codes stays as it is."""
    if isinstance(kept, str):
        return kept
    shown = ", ".join(kept["names"])
    if more := kept["more"]:
        shown += ngettext(" and %(count)s more", " and %(count)s more", more) % {"count": more}
    return str(Note(kept["code"]).label) % shown
