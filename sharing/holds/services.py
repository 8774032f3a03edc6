"""Withholding one cycle's report from one brand, and allowing it again.

Both lock the factory row first, as publication does: a report that is withheld before or during its publication
opens to nobody in between.
"""

from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brands.models import Brand
from factories.models import Factory
from factories.services import lock_factory
from portal.accounts.models import User
from portal.core.events import record
from portal.notices.outbox import announce
from sharing.events import SharingEvent, ids_of
from sharing.grants.notices.openings import report_may_open
from sharing.grants.services.granting import authorise_decider
from sharing.grants.services.situation import deciding_situation
from sharing.models import SharingGrant, WithheldReport
from sharing.notice_names import SharingNotice
from sharing.terms import MAX_CYCLE


@transaction.atomic
def withhold_report(*, by: User, factory: Factory, brand: Brand, cycle: int, reason: str = "") -> WithheldReport:
    """Withhold the report of `cycle` from `brand`, whatever its grants say, from the next query on. Idempotent.

    It may be open already, wait for its hold, or not be published yet. Raises `PermissionDenied`, or
    `ValidationError` where nothing is shared with the brand or the cycle makes no sense.
    """
    factory = lock_factory(factory.pk)
    authorise_decider(by, factory)
    if not 1 <= cycle <= MAX_CYCLE:
        raise ValidationError({"cycle": _("Enter a cycle from 1 to %s.") % MAX_CYCLE})
    which: dict[str, object] = {"factory": factory, "brand": brand, "cycle": cycle}
    kept = WithheldReport.objects.filter(**which, allowed_at=None).first()
    if kept is not None:
        return kept
    if not SharingGrant.objects.filter(factory=factory, brand=brand).not_ended().exists():
        raise ValidationError({"brand": _("You share nothing with this brand, so there is nothing to hold.")})
    reason = reason.strip()[:300]
    kept = WithheldReport.objects.create(**which, reason=reason, withheld_at=timezone.now(), withheld_by=by)
    _record(SharingEvent.REPORT_HELD, SharingNotice.REPORT_HELD, by, kept)
    return kept


@transaction.atomic
def allow_report(*, by: User, withheld: WithheldReport) -> WithheldReport:
    """Release the report: from the next query on the grants alone decide again. Idempotent.

    Raises `PermissionDenied`, or `ValidationError` while a handover of the factory's manager is under way.
    """
    situation = deciding_situation(by, withheld.factory_id, [withheld.brand_id])
    situation.refuse_while_handed_over()
    withheld = WithheldReport.objects.select_related("brand").get(pk=withheld.pk)
    if withheld.allowed_at is None:
        withheld.allowed_at, withheld.allowed_by = max(situation.now, withheld.withheld_at), by
        withheld.save(update_fields=["allowed_at", "allowed_by"])
        _record(SharingEvent.REPORT_ALLOWED, SharingNotice.REPORT_ALLOWED, by, withheld)
        before = situation.of(withheld.brand_id)
        after = replace(before, withheld=before.withheld - {withheld.cycle})
        report_may_open(before, after, allowed_at=withheld.allowed_at)
    return withheld


def _record(kind: SharingEvent, told: SharingNotice, by: User, kept: WithheldReport) -> None:
    """Record the event and notify the factory's people. To the brand there is no report until it opens."""
    record(kind, by=by, **ids_of(kept), cycle=kept.cycle)
    announce(told, side="factory", organisation_id=kept.factory_id, **ids_of(kept), cycle=kept.cycle)
