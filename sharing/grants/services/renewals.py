"""Reminders to both sides, once, that access ends soon."""

from datetime import timedelta

from django.db import transaction
from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, Value

from factories.models.programmes import MOST_PROMPT_DAYS
from portal.notices.models import Notice
from portal.notices.outbox import announce
from sharing.events import ids_of
from sharing.grants.models import SharingGrantQuerySet
from sharing.models import SharingGrant
from sharing.notice_names import SharingNotice
from sharing.terms import StatementTime

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


def with_ends_soon(grants: SharingGrantQuerySet) -> SharingGrantQuerySet:
    """Return the grants, each with `ends_soon`: whether it is one of `ending_soon`."""
    return grants.annotate(ends_soon=Exists(ending_soon(SharingGrant.objects.filter(pk=OuterRef("pk")))))


@transaction.atomic
def prompt_renewals() -> int:
    """Announce each end once to its factory and once to its brand; return how many grants were new. For beat."""
    ending = {_key(grant.pk, "factory"): grant for grant in ending_soon(SharingGrant.objects.only("factory", "brand"))}
    told = set(Notice.objects.filter(once__in=ending).values_list("once", flat=True))
    new = [grant for key, grant in ending.items() if key not in told]
    for one in new:
        for side, whom in (("factory", one.factory_id), ("brand", one.brand_id)):
            announce(
                SharingNotice.GRANT_EXPIRING, side=side, organisation_id=whom, once=_key(one.pk, side), **ids_of(one)
            )
    return len(new)


def _key(pk: object, side: str) -> str:
    return f"{SharingNotice.GRANT_EXPIRING}:{pk}:{side}"
