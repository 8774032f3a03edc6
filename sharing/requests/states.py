"""How a request stands: what its row says, and what each side is shown of it."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """What became of a request."""

    OPEN = "open", _("Open")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Not answered in time")


class Shown(StrEnum):
    """How it stands to a reader: `shown_state`. What a second person has yet to confirm, only the factory learns."""

    OPEN = "open"
    APPROVED = "approved"
    UNCONFIRMED = "unconfirmed"
    REFUSED = "refused"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
