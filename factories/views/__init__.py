"""Pages about factories and country programmes."""

from collections.abc import Callable
from typing import TypeVar, cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import capfirst

from portal.accounts.models import User
from portal.ui.forms import REFUSED, STALE, StaleGuard, show_errors

M = TypeVar("M", bound=Model)


def person_of(request: HttpRequest) -> User:
    """Return the signed-in visitor."""
    return cast("User", request.user)


def label_of(model: type[Model], name: str) -> str:
    """Return the label of a field, with a capital letter."""
    return capfirst(str(model._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def phone_as_written(value: str) -> str:
    """Return a telephone number for the page: from left to right in every language."""
    return format_html('<bdi dir="ltr">{}</bdi>', value) if value else ""


def save_changes(form: StaleGuard, lock: Callable[[], M], update: Callable[[M], object]) -> int:
    """Save a submitted form under the lock of its row; return the status to answer with (302: saved)."""
    if not form.is_valid():
        return REFUSED
    with transaction.atomic():
        current = lock()
        if form.is_stale(current):
            return STALE
        try:
            update(current)
        except ValidationError as error:
            show_errors(form, error)
            return REFUSED
    return 302
