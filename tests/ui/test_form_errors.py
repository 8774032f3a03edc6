"""An error of a form says what to do, in our own words: no text of Django's comes out of any form of ours."""

import gettext
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import django
import pytest
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import override

import_module(settings.ROOT_URLCONF)  # imports every view, and with it every form
OURS = ("portal.", "factories.", "brands.", "sharing.", "assessments.")


def forms_of_ours(base: type[forms.BaseForm] = forms.BaseForm) -> Iterator[type[forms.BaseForm]]:
    """Yield each class of a form in our apps, but for Django's admin, once."""
    for form in base.__subclasses__():
        if form.__module__.startswith(OURS) and not form.__module__.endswith(".admin"):
            yield form
        yield from forms_of_ours(form)


def djangos_texts() -> set[str]:
    folder = Path(django.__file__).parent / "conf" / "locale"
    catalogue = gettext.translation("django", folder, ["fr"])._catalog  # type: ignore[attr-defined]
    return {key if isinstance(key, str) else key[0] for key in catalogue if key}


def messages_of(form: type[forms.BaseForm]) -> Iterator[object]:
    """Yield every error that a field of the form may show: its own, its validators', and of its column the rest."""
    model = getattr(getattr(form, "_meta", None), "model", None)
    columns = {column.name: column for column in model._meta.fields} if model else {}
    for name, field in form.base_fields.items():  # type: ignore[attr-defined]
        column = columns.get(name)
        # No form of ours has a box to clear a file. Of its column's words a field shows only those that it lacks.
        yield from (text for code, text in field.error_messages.items() if code != "contradiction")
        yield from [column.error_messages["unique"]] if column is not None and column.unique else []
        for validator in [*field.validators, *(column.validators if column is not None else [])]:
            if getattr(validator, "code", "") not in field.error_messages:
                yield from getattr(validator, "messages", {"": getattr(validator, "message", None)}).values()


def written(message: object) -> str:
    return ValidationError(message, params=defaultdict(lambda: 1, max=1)).messages[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("form", sorted(set(forms_of_ours()), key=str), ids=lambda form: form.__qualname__)
def test_no_error_of_a_form_is_worded_by_django(form: type[forms.BaseForm]) -> None:
    theirs = {written(text) for text in djangos_texts() if "%(" in text} | djangos_texts()
    with override("en"):
        said = {written(message) for message in messages_of(form) if message is not None}
    assert said & theirs == set()
