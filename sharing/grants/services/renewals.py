"""Reminders to both sides, once, that access ends soon."""

from datetime import timedelta

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Value

from factories.models.programmes import MOST_PROMPT_DAYS
from portal.notices.models import Notice
from portal.notices.outbox import announce
from sharing.grants.models import SharingGrantQuerySet
from sharing.models import SharingGrant
from sharing.notice_names import SharingNotice
from sharing.terms import StatementTime

SIDES = ("factory", "brand")
EARLIEST_PROMPT = timedelta(days=MOST_PROMPT_DAYS)


def ending_soon(grants: SharingGrantQuerySet) -> SharingGrantQuerySet:
    """Return those of these grants that are in force and end within the country's `renewal_prompt_days`.

    No country prompts earlier than `EARLIEST_PROMPT`, which limits the search in the index of ends.
    """
    near = grants.live().filter(expires_at__lte=StatementTime() + Value(EARLIEST_PROMPT))
    days = ExpressionWrapper(
        F("factory__programme__renewal_prompt_days") * Value(timedelta(days=1)), output_field=DurationField()
    )
    return near.alias(prompted_from=F("expires_at") - days).filter(prompted_from__lte=StatementTime())


@transaction.atomic
def prompt_renewals() -> int:
    """Announce each end once to its factory and once to its brand; return how many grants were new. For beat."""
    ending = list(ending_soon(SharingGrant.objects.all()).values_list("pk", "factory_id", "brand_id"))
    keys = [_key(pk, "factory") for pk, _factory, _brand in ending]
    told = set(Notice.objects.filter(once__in=keys).values_list("once", flat=True))
    new = [row for row in ending if _key(row[0], "factory") not in told]
    for pk, factory_id, brand_id in new:
        for side, organisation_id in zip(SIDES, (factory_id, brand_id), strict=True):
            announce(
                SharingNotice.GRANT_EXPIRING,
                side=side,
                organisation_id=organisation_id,
                factory_id=factory_id,
                brand_id=brand_id,
                subject=pk,
                once=_key(pk, side),
            )
    return len(new)


def _key(pk: object, side: str) -> str:
    return f"{SharingNotice.GRANT_EXPIRING}:{pk}:{side}"
