"""Percentages as text."""

from django.utils.translation import get_language

SIGNS = {"fr": "\u00a0%"}  # with a blank before it, where the language has one


def in_percent(value: float) -> str:
    """Return a number of per cent as the reader's language writes it, without decimals."""
    return f"{round(value)}{SIGNS.get(get_language() or '', '%')}"
