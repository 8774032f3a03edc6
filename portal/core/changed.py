"""The refusal of what came too late: one class, which pages show like any other and the API answers with 409."""

from django.core.exceptions import ValidationError


class HasChangedError(ValidationError):
    """The error that somebody has since changed the object: it is no longer in the state that the action needs."""
