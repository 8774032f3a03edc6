"""The notices that wait in the demo, and a paused webhook of brand A.

Past notices are done, and mails of the past are not invented: only what is still to come waits here, for the day on
which it happens.
"""

from datetime import datetime, timedelta
from uuid import UUID

from assessments.models import Assessment
from assessments.publication.opening_notices import plan_openings
from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.demo.load.rows import History
from portal.demo.plan import dice
from portal.notices.events import NoticeEvent
from portal.notices.models import Notice, WebhookDelivery, WebhookEndpoint
from portal.notices.webhooks.kinds import TEST, types_for
from portal.notices.webhooks.secrets import lock, new_secret
from sharing.access.positions import positions
from sharing.grants.notices.grants import ENDED, STARTED
from sharing.models import SharingGrant

HOST = "hooks.northlight-apparel.example"  # a reserved name: it leads nowhere
LONGEST_HOLD = timedelta(days=30)


def load_waiting_notices(now: datetime) -> int:
    """Write notices of access that ends or begins, and of reports that open when a hold ends; return how many."""
    given = SharingGrant.objects.not_ended().confirmed()
    ends = [_notice(ENDED, grant, grant.expires_at) for grant in given.filter(expires_at__gt=now)]
    starts = [_notice(STARTED, grant, grant.valid_from) for grant in given.filter(valid_from__gt=now)]
    Notice.objects.bulk_create([*ends, *starts])
    new = Assessment.objects.filter(state=Assessment.State.PUBLISHED, published_at__gt=now - LONGEST_HOLD)
    held = given.filter(hold_days__gt=0, factory__in=new.values("factory"))
    for factory in Factory.objects.filter(pk__in=held.values("factory")).select_related("programme").order_by("pk"):
        brand_ids = held.filter(factory=factory).values_list("brand", flat=True).distinct()
        for position in positions(factory, brand_ids).values():
            plan_openings(position, None)
    return Notice.objects.filter(handled_at=None).count()


def _notice(kind: str, grant: SharingGrant, moment: datetime | None) -> Notice:
    assert moment is not None  # noqa: S101 - for the type checker
    ids = {"organisation_id": grant.brand_id, "factory_id": grant.factory_id, "brand_id": grant.brand_id}
    told = {"is_mailed": True}
    return Notice(kind=kind, side="brand", subject=str(grant.pk), not_before=moment, data=told, **ids)


def load_webhook(brand: Brand, manager: User, now: datetime, history: History) -> None:
    """Write an endpoint under a name that does not exist: its one test failed, and the manager paused it."""
    added, tested, paused = (now - timedelta(days=5, minutes=-minutes) for minutes in (0, 2, 10))
    kinds = sorted(types_for("brand"))
    endpoint = WebhookEndpoint.objects.create(
        id=UUID(int=dice("webhook").getrandbits(128), version=4),
        side="brand",
        organisation_id=brand.pk,
        url=f"https://{HOST}/better-work",
        kinds=kinds,
        secret=lock(new_secret()),
        paused_at=paused,
        paused_because=WebhookEndpoint.Pause.PERSON,
        created_by=manager,
    )
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(created_at=added)
    WebhookDelivery.objects.create(
        id=UUID(int=dice("webhook test").getrandbits(128), version=4),
        endpoint=endpoint,
        kind=TEST,
        state=WebhookDelivery.State.FAILED,
        created_at=tested,
        last_attempt_at=tested,
        attempts=1,
        duration_ms=6,
        problem="refused",
    )
    ids = {"brand_id": brand.pk, "subject": endpoint.pk}
    history.add(added, NoticeEvent.WEBHOOK_ADDED, by=manager.pk, host=HOST, kinds=kinds, **ids)
    history.add(paused, NoticeEvent.WEBHOOK_PAUSED, by=manager.pk, host=HOST, **ids)
