"""Display tags shared by every page: icons, badges, dates, country names, form fields.

They only format what a view passes to them; none reads the database or decides who may see what. The words for
states and findings are those of docs/words.md and do not reveal where a finding came from (R12).
"""

import datetime
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple, Protocol

from django import template
from django.forms import BoundField, Widget
from django.forms.widgets import CheckboxInput, Select, Textarea
from django.templatetags.static import static
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext_lazy as _

from portal.core import countries, listing
from portal.core.days import (
    Place,
    at_place,
    day_of,
    days_left_in_words,
    is_place_chosen,
    shown_place,
    written,
    zone_in_words,
)
from portal.ui.percent import in_percent
from portal.ui.returning import page_to_return_to

register = template.Library()


class Mark(NamedTuple):
    """The look of one state or finding: its words, the tone of its colours, its sign, and a variant."""

    label: str | Promise
    tone: str
    icon: str
    variant: str = ""


FINDINGS = {
    "nc": Mark(_("Non-compliant"), "nc", "cross"),
    "compliant": Mark(_("Compliant"), "ok", "check"),
    "not_applicable": Mark(_("Not applicable"), "mute", "minus"),
    "not_assessed": Mark(_("Not assessed"), "mute", "circle", "mark-outline"),
    "nc_national_law": Mark(_("Non-compliant due to national law"), "law", "scales"),
    "info": Mark(_("For information"), "calm", "info"),
}
STATES = {
    # assessments
    "planned": Mark(_("Planned"), "mute", "calendar", "mark-outline"),
    "in_progress": Mark(_("In progress"), "calm", "pencil"),
    "internal_review": Mark(_("Internal review"), "wait", "eye"),
    "factory_review": Mark(_("Factory review"), "law", "building"),
    "published": Mark(_("Published"), "ok", "check", "mark-solid"),
    "superseded": Mark(_("Replaced by a correction"), "mute", "archive"),
    "withdrawn": Mark(_("Withdrawn"), "nc", "stop"),
    # jobs
    "queued": Mark(_("Waiting"), "mute", "clock", "mark-outline"),
    "running": Mark(_("Running"), "calm", "clock"),
    "done": Mark(_("Done"), "ok", "check"),
    "failed": Mark(_("Failed"), "nc", "alert"),
    "cancelled": Mark(_("Cancelled"), "mute", "stop"),
    # grants and invitations
    "live": Mark(_("Active"), "ok", "check"),
    "upcoming": Mark(_("Not yet started"), "mute", "calendar", "mark-outline"),
    "expired": Mark(_("Expired"), "mute", "clock"),
    "ended": Mark(_("Ended"), "mute", "stop"),
    "revoked": Mark(_("Revoked"), "nc", "stop"),
    "pending": Mark(_("Pending"), "wait", "clock"),
    "accepted": Mark(_("Accepted"), "ok", "check"),
    # enrolment
    "enrolled": Mark(_("Enrolled"), "ok", "check"),
    "suspended": Mark(_("Suspended"), "wait", "alert"),
    "left": Mark(_("Left the programme"), "mute", "archive"),
    "not_enrollable": Mark(_("Could not be enrolled"), "mute", "stop"),
    # anything that can be switched on and off
    "active": Mark(_("Active"), "ok", "check"),
    "inactive": Mark(_("Inactive"), "mute", "stop"),
    "late": Mark(_("Late"), "nc", "alert", "mark-solid"),
}
TONES_OF_MESSAGES = {
    "success": ("ok", "check"),
    "warning": ("wait", "alert"),
    "error": ("nc", "alert"),
    "info": ("calm", "info"),
    "debug": ("mute", "info"),
}
OWN_NAMES = {"km": "ភាសាខ្មែរ", "vi": "Tiếng Việt", "ar": "العربية"}  # where Django's level names differ
MIRRORED = {"next", "previous"}
DJANGO_ROWS = "10"  # Django's default for a text area


@register.simple_tag
@lru_cache(maxsize=128)  # a report draws one for each of its 250 answers; there are some thirty
def icon(name: str) -> str:
    """Return the drawing `name` of icons.svg, hidden from screen readers, mirrored where direction matters."""
    extra = " icon-flip" if name in MIRRORED else ""
    return format_html(
        '<svg class="icon icon-{}{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        name,
        extra,
        static("portal/icons.svg"),
        name,
    )


def _badge(mark: Mark) -> str:
    return format_html(
        '<span class="mark tone-{} {}">{}{}</span>', mark.tone, mark.variant, icon(mark.icon), mark.label
    )


@register.simple_tag
def state_badge(state: str, label: str = "") -> str:
    """Return a badge for a workflow state; `label` replaces its words. An unknown state shows its own name, in grey."""
    known = STATES.get(str(state), Mark(str(state), "mute", "circle", "mark-outline"))
    return _badge(known._replace(label=label) if label else known)


@register.simple_tag
def finding_badge(finding: str, label: str = "") -> str:
    """Return a badge for a finding: sign, words and colour say the same; `label` replaces its words."""
    known = FINDINGS.get(str(finding), Mark(str(finding), "mute", "circle", "mark-outline"))
    return _badge(known._replace(label=label) if label else known)


@register.simple_tag
def badge(label: str, tone: str = "mute", sign: str = "info") -> str:
    """Return a badge with words of your own. Tones: nc, ok, law, wait, calm, mute. `sign` is an icon's name."""
    return _badge(Mark(label, tone, sign))


@register.filter
def finding_tone(finding: str) -> str:
    """Return the tone (part of a class name, `tone-...`) of a finding."""
    return FINDINGS[finding].tone if finding in FINDINGS else "mute"


register.filter(listing.listed)


@register.filter
def lookup(mapping: Mapping[str, str], key: str) -> str:
    """Return `mapping[key]`, or nothing: for keys that are put together in a template."""
    return mapping.get(key, "")


@register.filter
def message_tone(level: str) -> str:
    """Return the tone of one of Django's message levels."""
    return TONES_OF_MESSAGES.get(level, TONES_OF_MESSAGES["info"])[0]


@register.filter
def message_icon(level: str) -> str:
    """Return the icon of one of Django's message levels."""
    return TONES_OF_MESSAGES.get(level, TONES_OF_MESSAGES["info"])[1]


@register.filter
def joined(values: Iterable[object]) -> str:
    """Return several values in one line, with the comma of the reader's language."""
    return listing.joined(values)


@register.filter
def country_name(code: str | None) -> str:
    """Return the country's name in the reader's language, from its two-letter code."""
    return countries.country_name(code or "")


@register.filter
def language_name(code: str) -> str:
    """Return a language's name in that language, capitalised where the script has capitals."""
    return OWN_NAMES.get(code) or capfirst(get_language_info(code)["name_local"])


@register.filter
def day(value: datetime.date | datetime.datetime | None, place: Place | None = None) -> str:
    """Return a date as readers of the language write it (3 Mar 2026) inside <time>; a dash where there is none.

    A moment's day is that of `place`; without one, that of the place whose days the page shows (R54).
    """
    if value is None:
        return "–"
    local = _local_day(value, place)
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), written(local))


@register.filter
def days_left(last: datetime.date, place: Place) -> str:
    """Return how many days are left at a place until a last day, in words."""
    return days_left_in_words(last, place)


@register.filter
def plain_day(value: datetime.date | datetime.datetime, place: Place | None = None) -> str:
    """Return the text of `day` without an element: for an option, a badge, and other places that hold text alone."""
    return written(_local_day(value, place))


@register.filter
def month(value: datetime.date) -> str:
    """Return the month and year of a date as readers of the language write them (March 2026)."""
    return written(value, "YEAR_MONTH_FORMAT")


def _local_day(value: datetime.date | datetime.datetime, place: Place | None) -> datetime.date:
    return day_of(value, place or shown_place()) if isinstance(value, datetime.datetime) else value


@register.filter
def moment(value: datetime.datetime | None, place: Place | None = None) -> str:
    """Return a date with its time (3 Mar 2026, 14:05 UTC) inside <time>, at a place as in `day`; a dash for None."""
    if value is None:
        return "–"
    local = at_place(value, place or shown_place())
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), written(local, "DATETIME_FORMAT"))


@register.filter
def clock(value: datetime.datetime) -> str:
    """Return the time of day of a moment (14:05) inside <time>, at the place whose days the page shows and names."""
    local = at_place(value, shown_place())
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), written(local, "TIME_FORMAT"))


@register.simple_tag
def present_moment() -> datetime.datetime:
    """Return the moment at which the page is made, to the minute."""
    return timezone.now().replace(second=0, microsecond=0)


@register.simple_tag
def shown_zone() -> str:
    """Return the time zone whose days and times the page shows; empty where it chose none: times then say UTC."""
    return zone_in_words(shown_place()) if is_place_chosen() else ""


@register.simple_tag
def language_of(code: str) -> str:
    """Return the attributes, after a blank, that mark a text in another language than the page's for screen readers."""
    if code == get_language():
        return ""
    return format_html(' lang="{}" dir="{}"', code, "rtl" if get_language_info(code)["bidi"] else "ltr")


@register.filter
def percent(part: float | None, whole: float | None = None) -> str:
    """Return `part` as a whole per cent of `whole` (alone: already per cent); a dash where nothing was counted."""
    if part is None or (whole is not None and not whole):
        return "–"
    return in_percent(part if whole is None else 100 * part / whole)


def _css_class(widget: Widget) -> str:
    if isinstance(widget, CheckboxInput) or getattr(widget, "input_type", "") in {"checkbox", "radio"}:
        return "form-check-input"
    return "form-select" if isinstance(widget, Select) else "form-control"


@register.simple_tag
def field_widget(field: BoundField) -> str:
    """Return the field's control with our classes, bound to its help and errors for screen readers."""
    widget = field.field.widget
    attrs: dict[str, str | bool] = {"class": f"{widget.attrs.get('class', '')} {_css_class(widget)}".strip()}
    if isinstance(widget, Textarea):
        rows = str(widget.attrs.get("rows", DJANGO_ROWS))
        attrs["rows"] = "4" if rows == DJANGO_ROWS else rows
    return field.as_widget(attrs=attrs)


@register.filter
def field_kind(field: BoundField) -> str:
    """Return which layout a field needs: hidden, checkbox, choices (radios, many checkboxes) or plain."""
    widget = field.field.widget
    if widget.is_hidden:
        return "hidden"
    if isinstance(widget, CheckboxInput):
        return "checkbox"
    return "choices" if widget.use_fieldset and hasattr(widget, "choices") else "plain"


class Held(Protocol):
    """A grant's terms, with their words."""

    def hold_in_words(self, published: Collection[int]) -> str:
        """Return when later reports open."""


@register.filter
def hold_beside(terms: Held, published: Collection[int]) -> str:
    """Return when later reports open on these terms, beside the cycles whose report is published; empty: none does."""
    return terms.hold_in_words(published)


@register.simple_tag
def hidden_inputs(pairs: Iterable[tuple[str, object]] | None) -> str:
    """Return hidden inputs for (name, value) pairs."""
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs or ())


@register.simple_tag(takes_context=True, name="page_to_return_to")
def address_to_return_to(context: template.Context) -> str:
    """Return the address to which the form that switches the language leads back."""
    return page_to_return_to(context["request"])
