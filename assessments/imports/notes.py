"""Notes of a preview about a table, as the batch stores them: a code and names, put into words for each reader."""

from collections.abc import Sequence
from typing import TypedDict

from django.db import models
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

SAMPLE = 20  # names in a note
Named = str | dict[str, str | int]


class Note(models.TextChoices):
    """Facts that a person should know before deciding; the names are filled into the sentence."""

    RENAMED = "renamed", _("These factories have a different name in the portal, which is kept: %s")
    REPLACED = "replaced", _("These assessments match an older version, so importing them changes nothing: %s.")
    OTHER_TAGS = "other_tags", _("These assessments keep their tags, which are different in the table: %s")
    REWORDED = "reworded", _("These questions (%s) are worded differently in the portal, which keeps its wording.")


class StoredNote(TypedDict):
    """A note as the batch stores it: `more` names are left out."""

    code: str
    names: Sequence[Named]
    more: int


def note(code: Note, names: Sequence[Named]) -> StoredNote:
    """Return a note as the batch stores it. For a replaced version the name is a dict: `quest_id`, `old`, `new`."""
    return {"code": code.value, "names": names[:SAMPLE], "more": max(len(names) - SAMPLE, 0)}


def note_in_words(kept: StoredNote | str) -> str:
    """Return the sentence of a note; one that was stored in words, before there were codes, stays as it is."""
    if isinstance(kept, str):
        return kept
    shown = ", ".join(map(_shown, kept["names"]))
    if more := kept["more"]:
        shown += ngettext(" and %(count)s more", " and %(count)s more", more) % {"count": more}
    return str(Note(kept["code"]).label) % shown


def _shown(name: Named) -> str:
    if isinstance(name, str):
        return name
    return gettext("Quest ID %(quest_id)s (version %(old)s; version %(new)s is in force)") % name
