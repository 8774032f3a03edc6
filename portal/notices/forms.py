"""Forms of notices: which mails one gets, and webhooks."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.notices.models import MailChoice
from portal.notices.outbox import NoticeKind


class MailChoicesForm(forms.Form):
    """One choice for each kind that may be switched off."""

    def __init__(self, *args: Any, kinds: Sequence[NoticeKind], ways: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in kinds:
            if not kind.is_mandatory:
                self.fields[kind.name] = forms.ChoiceField(
                    label=kind.label,
                    choices=MailChoice.Way.choices,
                    initial=ways.get(kind.name, MailChoice.Way.NOW),
                    required=False,  # a page from before a kind was there leaves it as it is
                )


class KindsForm(forms.Form):
    """What an endpoint is told."""

    kinds = forms.MultipleChoiceField(label=_("Notify it when"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, types: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kinds"].choices = [  # type: ignore[attr-defined]
            (name, f"{label} ({name})") for name, label in types.items()
        ]


class EndpointForm(KindsForm):
    """A new endpoint."""

    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off", "dir": "ltr"}),
        help_text=_("Where your program listens: https, on the public internet."),
    )
    field_order = ["url", "kinds"]
