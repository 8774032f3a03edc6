"""Shared parts of every app's forms: filters of lists, protection from stale forms, errors of services."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.http import HttpRequest, QueryDict
from django.utils.crypto import constant_time_compare
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from portal.core.names import one_line

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

REFUSED = 400  # the status of a page that shows what was wrong with a sent form
STALE = 409  # the status of a page that shows a form filled in on older values
NOT_OFFERED = _("This is not on the list. Choose an entry from the list.")


def posted(request: HttpRequest) -> QueryDict | None:
    """Return the data to bind a form to: everything sent, even if empty; None when the form is only shown."""
    return request.POST if request.method == "POST" else None


def form_status(request: HttpRequest) -> int:
    """Return the status of a page with a form: one that is shown again after it was sent was refused."""
    return REFUSED if request.method == "POST" else 200


Field = TypeVar("Field", bound=forms.Field)


def conditional(field: Field) -> Field:
    """Mark a field that another answer can make required, so that it is not labelled optional."""
    field.is_conditional = True  # type: ignore[attr-defined]
    return field


class ReasonField(forms.CharField):
    """A reason in some lines, kept as one. What is too long is said, where a browser's limit would cut it silently."""

    widget = forms.Textarea

    def __init__(self, *, help_text: "StrOrPromise") -> None:
        said = format_lazy("{} {}", help_text, _("Up to 300 characters."))
        super().__init__(label=_("Reason"), max_length=300, required=False, help_text=said)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, object]:
        """Return the attributes without the browser's limit."""
        attrs = super().widget_attrs(widget)
        return {"rows": 3, **{name: value for name, value in attrs.items() if name != "maxlength"}}

    def to_python(self, value: Any) -> str:
        """Return the text on one line, before it is measured: a browser sends two characters for a line break."""
        text = str(super().to_python(value))
        return text if "\x00" in text else one_line(text)  # which is refused, not removed


class ListFilter(forms.Form):
    """A GET form that narrows a list: a wrong value is reported beside its field, and then no row matches."""

    def __init__(self, data: Mapping[str, object] | None = None) -> None:
        super().__init__(data)
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField):
                field.error_messages["invalid_choice"] = NOT_OFFERED
        self.is_valid()

    def asked(self, name: str) -> Any:
        """Return the requested value, or nothing when it is empty or invalid. Text is normalised as in stored names."""
        value = self.cleaned_data.get(name) or None
        return (one_line(value) or None) if isinstance(value, str) else value

    @property
    def in_use(self) -> bool:
        """True when something narrows or orders the list."""
        return bool(self.errors) or any(self.asked(name) for name in self.fields)


def fingerprint(row: Model, names: Iterable[str]) -> str:
    """Return a short digest of some columns of a row: equal values give equal digests, nothing is readable."""
    return digest({name: row.serializable_value(name) for name in sorted(names)})


def digest(values: object) -> str:
    """Return a short digest of what JSON can hold: equal values give equal digests, nothing is readable."""
    return hashlib.sha256(json.dumps(values, cls=DjangoJSONEncoder).encode()).hexdigest()[:32]


class StaleGuard(forms.Form):
    """A form that keeps, in a hidden field, a digest of what the row held when the form was shown.

    Use it beside `ModelForm`; before saving, lock the row and ask `is_stale(row)`.
    """

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def remember(self, row: Model) -> None:
        """Store the digest of what the person sees."""
        self.initial["seen"] = fingerprint(row, self.guarded())

    def guarded(self) -> list[str]:
        """Return the columns that the form edits."""
        return [name for name in self.fields if name != "seen"]

    def is_stale(self, row: Model) -> bool:
        """Return whether somebody changed one of these columns since the form was shown; if so, say so on the form."""
        if constant_time_compare(self.cleaned_data.get("seen", ""), fingerprint(row, self.guarded())):
            return False
        self.add_error(None, _("Someone changed this after you opened it. Open the page again and repeat your change."))
        return True

    def changes(self) -> dict[str, Any]:
        """Return the values to save, by column."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}


@contextmanager
def refusals_on(form: forms.BaseForm) -> Iterator[None]:
    """Show on the form what a service called inside refuses (`show_errors`), and go on after the block."""
    try:
        yield
    except ValidationError as error:
        show_errors(form, error)


def show_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """Show on the form what a service refused: beside its field, or on top where the form has no such field."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields and name != NON_FIELD_ERRORS else None, ValidationError(errors))
