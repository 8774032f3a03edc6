"""Forms of ending consent, and of a brand's answer about its copies."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from portal.ui.forms import ReasonField, conditional, fingerprint
from sharing.models import CopyToDestroy, DestroyNotice

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SHOW_REASON = _("Show this reason to the brand")


class Reasons(TypedDict):
    """What was entered about an end."""

    reason: str
    is_reason_shown: bool


class RevokeForm(forms.Form):
    """The reason for ending a grant, and whether the brand learns it."""

    reason = ReasonField(help_text=_("Kept in your records. The brand sees it only if you say so below."))
    is_reason_shown = forms.BooleanField(label=SHOW_REASON, required=False)

    def reasons(self) -> Reasons:
        """Return the arguments of the services that end grants (call it after `is_valid`)."""
        return {"reason": self.cleaned_data["reason"], "is_reason_shown": self.cleaned_data["is_reason_shown"]}

    def typed(self) -> list[object]:
        """Return what was entered, in words (call it after `is_valid`); without a reason there is none to show."""
        reason, is_shown = self.cleaned_data["reason"], self.cleaned_data["is_reason_shown"]
        return [reason, *([SHOW_REASON] if reason and is_shown else [])]


class CopiesAnswerForm(forms.Form):
    """The outcome for the copies. That all are destroyed must be said, never concluded from what was left empty."""

    ALL_DESTROYED, SOME_KEPT = "destroyed", "kept"
    outcome = forms.ChoiceField(
        label=_("What happened to these copies?"),
        choices=[
            (ALL_DESTROYED, _("All of them are destroyed")),
            (SOME_KEPT, _("We must keep some of them; the others are destroyed")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one: all are destroyed, or some must be kept.")},
    )
    kept = conditional(
        forms.MultipleChoiceField(
            label=_("Copies that we must keep"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            error_messages={
                "invalid_choice": _("This copy is not part of the request, or was already reported destroyed.")
            },
        )
    )
    kept_because = conditional(
        forms.CharField(
            label=_("Why these must be kept"),
            max_length=300,
            required=False,
            help_text=_("For example a law or a contract, and until when. The factory can read this."),
        )
    )
    remark = forms.CharField(label=_("Remark for the factory"), max_length=500, required=False)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(self, data: QueryDict | None, *, notice: DestroyNotice, copies: Sequence[CopyToDestroy]) -> None:
        self.answer_seen = fingerprint(notice, ["answered_at"])
        super().__init__(data, initial={"seen": self.answer_seen})
        self.was_answered = notice.answered_at is not None
        self.kept_now = {copy.number: copy.kept_because for copy in copies if copy.kept_because}
        self.fields["kept"].choices = [(str(copy.number), str(copy.number)) for copy in copies]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        """Require numbers and a reason where copies are kept, and neither where all are destroyed."""
        data: dict[str, object] = super().clean() or {}
        for name, text in self._contradictions(data).items():
            if name not in self.errors:
                self.add_error(name, text)
        if self.was_answered and not self.errors and self._is_stale():
            text = _("Someone has since answered for your brand. Read that answer. If yours still applies, send it.")
            self.add_error(None, text)
            shown_again = cast(QueryDict, self.data).copy()
            shown_again["seen"] = self.answer_seen
            self.data = shown_again
        return data

    def _contradictions(self, data: dict[str, object]) -> "dict[str, StrOrPromise]":
        """Return the fields that contradict what was chosen, each with what to do."""
        kept, why = data.get("kept"), data.get("kept_because")
        if data.get("outcome") == self.SOME_KEPT:
            wrong = {
                "kept": _("Tick the copies that you must keep."),
                "kept_because": _("Say why these copies must be kept."),
            }
            return {name: text for name, text in wrong.items() if not data.get(name)}
        if data.get("outcome") == self.ALL_DESTROYED and (kept or why):
            return {
                "outcome": _("You say that all are destroyed, and also that some are kept. Correct one of the two.")
            }
        return {}

    def _is_stale(self) -> bool:
        """Return whether the page showed an older answer; sending the current one again (a double click) passes."""
        return self.cleaned_data.get("seen") != self.answer_seen and self.kept_reasons() != self.kept_now

    def kept_reasons(self) -> dict[int, str]:
        """Return the numbers of the copies that are kept, each with the reason (call it after `is_valid`)."""
        return dict.fromkeys(map(int, self.cleaned_data["kept"]), self.cleaned_data["kept_because"])


class RefuseForm(forms.Form):
    """The second person's answer: the button that was pressed, and a reason for refusing."""

    answer = forms.ChoiceField(choices=[("confirm", _("Confirm")), ("refuse", _("Refuse"))], widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason, if you refuse"), max_length=300, required=False, help_text=_("The factory's managers read it.")
    )
