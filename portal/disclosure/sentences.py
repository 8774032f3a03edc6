"""What a decision does, in a sentence: who can read which cycles, from when, until when; then what opens later."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.days import in_words, written
from portal.core.listing import listed
from portal.disclosure.previews import Difference, Line
from sharing.models import SharingGrant


def decision_in_a_sentence(difference: Difference, terms: SharingGrant) -> str:
    """Return what the brand can read on these terms (a grant, maybe unsaved, with its factory), and what opens later.

    Where it can read nothing yet, what opens first takes that place.
    """
    begins_later = terms.valid_from > timezone.now()
    now = _cycles([*difference.opens, *difference.stays])
    if begins_later and difference.waits:
        now = []  # what stays is open through other access
    later = _later(difference, terms, now)
    start = in_words(terms.valid_from, terms.factory) if begins_later else ""
    if not now and later:
        start, now = later.pop(0)
    words = {
        "brand": difference.brand.name,
        "cycles": listed(now),
        "start": _start(start, is_confirmed=not difference.needs_confirmation),
        "day": written(terms.last_day) if terms.last_day else "",
    }
    count, has_end = len(now), bool(terms.last_day)
    first = (_once_confirmed if difference.needs_confirmation else _sentence)(count, has_end=has_end)
    return " ".join([first % words, *(_also(day, cycles) for day, cycles in later)])


def _cycles(lines: Iterable[Line]) -> list[int]:
    return sorted({line.report.cycle for line in lines})


def _later(difference: Difference, terms: SharingGrant, now: list[int]) -> list[tuple[str, list[int]]]:
    """Return the days on which cycles open that are not open `now`, the soonest first, each with these cycles."""
    first: dict[int, datetime] = {}
    for line in [*difference.waits, *difference.still_waits]:
        if line.at is not None and line.report.cycle not in now:
            first[line.report.cycle] = min(line.at, first.get(line.report.cycle, line.at))
    days: dict[str, list[int]] = {}
    for cycle, moment in sorted(first.items(), key=lambda one: (one[1], one[0])):
        days.setdefault(in_words(moment, terms.factory), []).append(cycle)
    return [(day, sorted(cycles)) for day, cycles in days.items()]


def _start(day: str, *, is_confirmed: bool) -> str:
    if day:
        return _("from %(day)s") % {"day": day}
    return _("from today") if is_confirmed else _("from that day")


def _sentence(count: int, *, has_end: bool) -> str:
    """Return the sentence about `count` cycles, to be filled in."""
    if count and has_end:
        return ngettext(
            "%(brand)s can read cycle %(cycles)s %(start)s until %(day)s.",
            "%(brand)s can read cycles %(cycles)s %(start)s until %(day)s.",
            count,
        )
    if count:
        return ngettext(
            "%(brand)s can read cycle %(cycles)s %(start)s, with no end date.",
            "%(brand)s can read cycles %(cycles)s %(start)s, with no end date.",
            count,
        )
    if has_end:
        return _("%(brand)s can read nothing today. It can read new reports until %(day)s.")
    return _("%(brand)s can read nothing today. It can read new reports, with no end date.")


def _once_confirmed(count: int, *, has_end: bool) -> str:
    """Return the same sentence where a second person confirms the access first."""
    if count and has_end:
        return ngettext(
            "Once the access is confirmed, %(brand)s can read cycle %(cycles)s %(start)s until %(day)s.",
            "Once the access is confirmed, %(brand)s can read cycles %(cycles)s %(start)s until %(day)s.",
            count,
        )
    if count:
        return ngettext(
            "Once the access is confirmed, %(brand)s can read cycle %(cycles)s %(start)s, with no end date.",
            "Once the access is confirmed, %(brand)s can read cycles %(cycles)s %(start)s, with no end date.",
            count,
        )
    if has_end:
        return _(
            "%(brand)s can read nothing today. Once the access is confirmed, this brand can read new reports until "
            "%(day)s."
        )
    return _(
        "%(brand)s can read nothing today. Once the access is confirmed, this brand can read new reports, with no end "
        "date."
    )


def _also(day: str, cycles: list[int]) -> str:
    text = ngettext(
        "It can also read cycle %(cycles)s from %(day)s.",
        "It can also read cycles %(cycles)s from %(day)s.",
        len(cycles),
    )
    return text % {"cycles": listed(cycles), "day": day}
