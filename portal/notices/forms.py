"""Forms of notices: which mails a person gets, and webhooks."""

from collections.abc import Mapping, Sequence

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from portal.notices.models import MailChoice
from portal.notices.outbox import NoticeKind


class MailChoicesForm(forms.Form):
    """A form with one choice for each kind that may be switched off."""

    def __init__(self, data: QueryDict | None, *, kinds: Sequence[NoticeKind], ways: Mapping[str, str]) -> None:
        super().__init__(data)
        for kind in kinds:
            if not kind.is_mandatory:
                self.fields[kind.name] = forms.ChoiceField(
                    label=kind.label,
                    choices=MailChoice.Way.choices,
                    initial=ways.get(kind.name, MailChoice.Way.NOW),
                    required=False,  # a page older than a kind leaves that choice unchanged
                )


class KindsForm(forms.Form):
    """A form for the kinds of notices that an endpoint receives."""

    kinds = forms.MultipleChoiceField(label=_("Events"), widget=forms.CheckboxSelectMultiple)

    def __init__(
        self, data: QueryDict | None, *, types: Mapping[str, object], initial: dict[str, object] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.fields["kinds"].choices = [  # type: ignore[attr-defined]
            (name, f"{label} ({name})") for name, label in types.items()
        ]


class EndpointForm(KindsForm):
    """A form for a new endpoint."""

    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off", "dir": "ltr"}),
        help_text=_("The https address at which your program receives messages. It must be on the public internet."),
    )
    field_order = ["url", "kinds"]
