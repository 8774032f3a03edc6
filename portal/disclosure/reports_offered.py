"""The reports of a factory as choices of a form, in place of a cycle number to type."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext as _

from assessments.models import Assessment
from factories.models import Factory
from portal.accounts.roles import Visitor
from portal.core.days import written
from portal.disclosure.previews import reports_of
from portal.ui.forms import NOT_OFFERED, conditional
from sharing.access.publication import ReportState

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def offer_reports(
    form: forms.Form, user: Visitor, factory: Factory, reports: Sequence[Assessment] | None = None
) -> None:
    """Let a form of terms offer the factory's reports, the newest first, the next one, and the cycle chosen so far.

    `reports`: those of the factory, where they were read already.
    """
    newest: dict[int, Assessment] = {}
    for report in reports_of(user, factory) if reports is None else reports:
        newest.setdefault(report.cycle, report)
    choices: dict[int, StrOrPromise] = {cycle: report_in_words(report) for cycle, report in newest.items()}
    choices.setdefault(max(choices, default=0) + 1, _not_there_yet(max(choices, default=0) + 1))
    chosen = form.initial.get("cycle_number")
    if chosen is not None:
        choices.setdefault(chosen, _not_there_yet(chosen))
    form.fields["cycle_number"] = conditional(
        forms.TypedChoiceField(
            label=_("Report"),
            coerce=int,
            empty_value=None,
            required=False,
            choices=[("", _("Choose a report")), *sorted(choices.items(), reverse=True)],
            error_messages={"invalid_choice": NOT_OFFERED},
        )
    )


def report_in_words(report: Assessment) -> str:
    """Return a report as people name it: cycle, month, and whether it was corrected or is still in factory review."""
    month = written(report.start_date, "YEAR_MONTH_FORMAT")
    parts = [_("Cycle %(cycle)s") % {"cycle": report.cycle}, month]
    if report.state != ReportState.PUBLISHED:
        parts.append(_("not published yet"))
    elif report.version > 1:
        parts.append(_("corrected"))
    return " · ".join(parts)


def _not_there_yet(cycle: int) -> str:
    return " · ".join([_("Cycle %(cycle)s") % {"cycle": cycle}, _("not published yet")])
