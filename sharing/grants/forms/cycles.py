"""The cycles that terms name, as numbers to type: for forms that cannot offer a factory's reports."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import lazy

from sharing.terms import MAX_CYCLE, Misnamed, in_order, misnamed_in_words

BETWEEN = re.compile(r"[\s,;،、]+")


class NumbersInput(forms.TextInput):
    """One line with several numbers. It also takes what boxes to tick would send: each number by itself."""

    def format_value(self, value: Any) -> str | None:
        """Return the numbers as they are typed, the latest first."""
        if isinstance(value, list):
            value = ", ".join(str(number) for number in reversed(value))
        return super().format_value(value)

    def value_from_datadict(self, data: Mapping[str, Any], _files: object, name: str) -> str | None:
        """Return all that was sent under this name as one text."""
        given = data.getlist(name) if hasattr(data, "getlist") else data.get(name)
        return ", ".join(map(str, given)) if isinstance(given, list) else given


class CycleNumbersField(forms.CharField):
    """The cycles that terms name. A field with boxes to tick in its place has messages by the same names."""

    widget = NumbersInput
    default_error_messages = {wrong.value: lazy(misnamed_in_words, str)(wrong) for wrong in Misnamed}

    def clean(self, value: Any) -> list[int]:
        """Return the numbers in order, each once. Raises `ValidationError` for what is no number of a cycle."""
        words = [word for word in BETWEEN.split(super().clean(value)) if word]
        if not all(_is_cycle(word) for word in words):
            raise ValidationError(self.error_messages[Misnamed.NO_CYCLE], Misnamed.NO_CYCLE)
        return in_order(int(word) for word in words)


def _is_cycle(word: str) -> bool:
    return word.isdecimal() and len(word) <= len(str(MAX_CYCLE)) and 1 <= int(word) <= MAX_CYCLE
