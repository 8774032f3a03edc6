"""What a decision does, in one sentence: who can read which cycles, from when, until when."""

from django.utils.translation import gettext as _

from portal.core.days import in_words, written
from portal.disclosure.previews import Difference
from sharing.models import SharingGrant
from sharing.terms import Status


def decision_in_a_sentence(difference: Difference, terms: SharingGrant) -> str:
    """Return what the brand can read on these terms (an unsaved grant, with its factory), from when and until when.

    Where it can read nothing yet, it is what opens next, if all of that opens on one day.
    """
    lines, day = [*difference.opens, *difference.stays], _first_day(terms)
    if not lines and len(days := {in_words(line.at, terms.factory) for line in difference.waits}) == 1:
        lines, day = difference.waits, days.pop()
    cycles = sorted({line.report.cycle for line in lines}, reverse=True)
    words = {
        "brand": difference.brand.name,
        "cycles": _(", ").join(str(cycle) for cycle in cycles),
        "start": _("from %(day)s") % {"day": day} if day else _("from today"),
        "day": written(terms.last_day) if terms.last_day else "",
    }
    return _sentence(has_cycles=bool(cycles), has_end=bool(terms.last_day)) % words


def _first_day(terms: SharingGrant) -> str:
    """Return the day on which the terms begin to apply, in words; empty for today."""
    return in_words(terms.valid_from, terms.factory) if terms.status() is Status.WAITING else ""


def _sentence(*, has_cycles: bool, has_end: bool) -> str:
    if has_cycles and has_end:
        return _("%(brand)s can read these cycles %(start)s until %(day)s: %(cycles)s.")
    if has_cycles:
        return _("%(brand)s can read these cycles %(start)s, with no end date: %(cycles)s.")
    if has_end:
        return _("%(brand)s can read nothing today. It can read new reports until %(day)s.")
    return _("%(brand)s can read nothing today. It can read new reports, with no end date.")
