"""The refusal of what came too late: one class, which pages show like any other and the API answers with 409."""

from django.core.exceptions import ValidationError


class HasChangedError(ValidationError):
    """Somebody has since changed what this is about: it is no longer in the state that the verb needs."""
