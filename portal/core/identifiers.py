"""Ids that others assign, as the apps store them."""

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

# Of Open Supply Hub, such as CN2019083D6F2AX.
OS_HUB_ID = RegexValidator(
    r"^[A-Za-z0-9]+\Z", _("An OS Hub ID contains only letters and digits, such as CN2019083D6F2AX.")
)
