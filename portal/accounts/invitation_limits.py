"""Limits on invitations in 24 hours, by an organisation and to an address, against flooding strangers.

An address counts without any part after a plus sign ("a+1@example.org" is "a@example.org"), whoever invites it: the
limit protects its owner. Sending an invitation again counts like the first time.
"""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Model, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Invitation
from portal.accounts.roles import OrganisationKind

PERIOD = timedelta(hours=24)
ONE_ADDRESS = 0x696E76  # the class of the advisory locks on addresses


def refuse_flood(kind: OrganisationKind, organisation: Model, email: str) -> None:
    """Raise `ValidationError` where one more invitation would be too many.

    The caller holds the organisation's lock; the address is locked here, so that two organisations count each other.
    """
    sent = Invitation.objects.filter(created_at__gt=timezone.now() - PERIOD)
    if sent.filter(kind=kind.name, organisation_id=organisation.pk).count() >= settings.INVITATIONS_A_DAY:
        text = _(
            "This organisation has sent %s invitations in the last 24 hours, which is the maximum. Try again tomorrow."
        )
        raise ValidationError(text % settings.INVITATIONS_A_DAY, code="too_many")
    base, domain = _owner(email)
    lock_address(email)
    same = Q(email=f"{base}@{domain}") | Q(email__startswith=f"{base}+", email__endswith=f"@{domain}")
    if sent.filter(same).count() >= settings.INVITATIONS_TO_ONE_ADDRESS_A_DAY:
        text = _("No more invitations can be sent to this address today. Try again tomorrow.")
        raise ValidationError({"email": text}, code="too_many")


def lock_address(email: str) -> None:
    """Wait for anybody else who invites this address or begins its account; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [ONE_ADDRESS, "@".join(_owner(email))])


def _owner(email: str) -> tuple[str, str]:
    local, _at, domain = email.rpartition("@")
    return local.partition("+")[0], domain
