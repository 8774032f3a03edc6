"""The states of a request: the stored one, and the one that each side is shown."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    """The stored state of a request."""

    OPEN = "open", _("Open")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", pgettext_lazy("request", "Cancelled")
    LAPSED = "lapsed", _("Not answered in time")


class Shown(StrEnum):
    """The state that a reader is shown (`shown_state`). Only the factory sees that a confirmation is missing."""

    OPEN = "open"
    APPROVED = "approved"
    UNCONFIRMED = "unconfirmed"
    REFUSED = "refused"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
