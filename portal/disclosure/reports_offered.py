"""The reports of a factory as boxes to tick on a form, in place of cycle numbers to type."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessments.models import Assessment
from factories.models import Factory
from portal.accounts.roles import Visitor
from portal.core.days import written
from portal.disclosure.previews import reports_of
from portal.ui.forms import NOT_OFFERED, conditional
from sharing.access.publication import ReportState
from sharing.models import SharingGrant
from sharing.terms import MOST_CYCLES, Cycles, Misnamed, covers, in_order

WHICH = [
    (Cycles.ALL.value, _("All reports, including later ones")),
    (Cycles.ONLY.value, _("Only the reports ticked below")),
    (Cycles.FROM.value, _("From one report on, including later ones")),
]

NO_WIDER = {
    Cycles.ALL: {Cycles.ALL, Cycles.FROM, Cycles.ONLY},
    Cycles.FROM: {Cycles.FROM, Cycles.ONLY},
    Cycles.ONLY: {Cycles.ONLY},
}


class ReportChoice(forms.TypedMultipleChoiceField):
    """Reports to tick, in place of cycle numbers to type."""

    widget = forms.CheckboxSelectMultiple
    default_error_messages = {
        "invalid_choice": NOT_OFFERED,
        Misnamed.NO_CYCLE.value: NOT_OFFERED,
        Misnamed.NONE.value: _("Tick at least one report."),
        Misnamed.NOT_ONE.value: _("Tick one report: the first of those that you share."),
        Misnamed.TOO_MANY.value: lazy(lambda: gettext("Tick up to %s reports.") % MOST_CYCLES, str)(),
    }

    def clean(self, value: Any) -> list[int]:
        """Return the cycles in order, each once."""
        return in_order(super().clean(value))


def offer_reports(
    form: forms.Form,
    user: Visitor,
    factory: Factory,
    reports: Sequence[Assessment] | None = None,
    asked: SharingGrant | None = None,
    named: Iterable[int] = (),
) -> None:
    """Let a form of terms offer the factory's reports, the newest first, the next one, and those chosen so far.

    `reports`: those of the factory, where they were read already. `asked`: nothing beyond these terms is offered.
    `named`: cycles that are offered, too, such as those of the grant to change: a draft may have left them out.
    """
    newest: dict[int, Assessment] = {}
    for report in reports_of(user, factory) if reports is None else reports:
        newest.setdefault(report.cycle, report)
    choices = {cycle: report_in_words(report) for cycle, report in newest.items()}
    named = [*named, *form.initial.get("cycle_numbers", []), *(asked.cycle_numbers if asked else [])]
    for cycle in [max(choices, default=0) + 1, *named]:
        choices.setdefault(cycle, _not_there_yet(cycle))
    if asked is not None:
        choices = {cycle: text for cycle, text in choices.items() if covers(asked, cycle)}
    refusal = {"invalid_choice": NOT_OFFERED if asked is None else _not_asked_for(asked)}
    form.fields["cycle_numbers"] = conditional(
        ReportChoice(
            label=_("Reports"),
            coerce=int,
            required=False,
            choices=sorted(choices.items(), reverse=True),
            error_messages=refusal,
            help_text=_("For “from one report on”, tick the first one."),
        )
    )
    form.fields["cycles"] = forms.ChoiceField(
        label=_("Which reports"),
        choices=[(which, label) for which, label in WHICH if asked is None or which in NO_WIDER[Cycles(asked.cycles)]],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose which reports."), **refusal},
    )


def _not_asked_for(asked: SharingGrant) -> str:
    text = gettext("The brand did not ask for all of these cycles. It asked for: %s.")
    return text % asked.cycles_in_words()


def report_in_words(report: Assessment) -> str:
    """Return a report as people name it: cycle, month, and whether it was corrected or is still in factory review."""
    month = written(report.start_date, "YEAR_MONTH_FORMAT")
    parts = [gettext("Cycle %(cycle)s") % {"cycle": report.cycle}, month]
    if report.state != ReportState.PUBLISHED:
        parts.append(gettext("not published yet"))
    elif report.version > 1:
        parts.append(gettext("corrected"))
    return " · ".join(parts)


def _not_there_yet(cycle: int) -> str:
    return " · ".join([gettext("Cycle %(cycle)s") % {"cycle": cycle}, gettext("not published yet")])
