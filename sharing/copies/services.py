"""Requests to a brand to destroy the copies it downloaded, its answers, and reminders of an answer it owes.

A copy that the brand reported destroyed, or whose request is still open, is not asked for again; one that it kept
is, if the factory shared again in between and ended that, too. While the factory shares again all that the copies of
a notice hold, nobody waits for its answer (`waiting_for_an_answer`). When it ends that, the same notice is announced
once more.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.core.events import record
from portal.core.names import one_line
from portal.notices.outbox import announce
from sharing.copies.downloaded import downloaded_copies
from sharing.events import SharingEvent, ids_of
from sharing.models import AccessRecord, CopyToDestroy, DestroyNotice
from sharing.notice_names import SharingNotice

REMIND_AFTER_DAYS = (7, 21, 45)


def ask_to_destroy(
    *, by: User, factory: Factory, brand: Brand, scopes: Collection[str], reason: str = ""
) -> DestroyNotice | None:
    """Ask `brand` to destroy what it downloaded of these scopes, if anything; call it in the revoke's transaction.

    What it was asked before and has not answered, it is reminded of. Return the notice of the other copies, if any.
    """
    _announce_again(factory, brand, scopes)
    records = AccessRecord.objects.filter(factory=factory, brand=brand, scope__in=scopes)
    asked_for = CopyToDestroy.objects.filter(notice__factory=factory, notice__brand=brand).settled()
    copies = downloaded_copies(records.exclude(copy_number__in=asked_for.values("number")))
    if not copies:
        return None
    notice = DestroyNotice.objects.create(factory=factory, brand=brand, asked_by=by, shown_reason=reason)
    CopyToDestroy.objects.bulk_create(
        CopyToDestroy(notice=notice, number=copy.number, scope=copy.scope, cycle=copy.cycle) for copy in copies
    )
    numbers = sorted(copy.number for copy in copies)
    record(SharingEvent.COPY_DESTRUCTION_ASKED, by=by, **ids_of(notice), copies=numbers)
    announce(SharingNotice.COPY_DESTRUCTION_ASKED, side="brand", organisation_id=brand.pk, **ids_of(notice))
    return notice


def _announce_again(factory: Factory, brand: Brand, scopes: Collection[str]) -> None:
    """Announce the notices of copies of these scopes that wait for an answer: they may not have until now."""
    copies = CopyToDestroy.objects.filter(scope__in=scopes, notice=OuterRef("pk"))
    for notice in DestroyNotice.objects.open().filter(Exists(copies), factory=factory, brand=brand):
        announce(SharingNotice.COPY_DESTRUCTION_ASKED, side="brand", organisation_id=brand.pk, **ids_of(notice))


@transaction.atomic
def answer_destroy_notice(
    *, by: User, notice: DestroyNotice, kept: Mapping[int, str] | None = None, remark: str = ""
) -> DestroyNotice:
    """Say that the copies of a notice are destroyed, but for those in `kept`: copy number -> why it must be kept.

    The same answer with the same remark counts once. Copies that were kept may be answered for again; destroyed stays
    destroyed. Raises `PermissionDenied` for anybody but the brand's people, `ValidationError` for a number that is not
    asked for, a copy that was reported destroyed already, a copy kept without a reason, or a further remark when
    nothing is left to answer for.
    """
    kept, remark = {number: one_line(why)[:300] for number, why in (kept or {}).items()}, one_line(remark)[:500]
    notice = DestroyNotice.objects.select_for_update().get(pk=notice.pk)
    if not DestroyNotice.objects.asked_of(by).filter(pk=notice.pk).exists():
        raise PermissionDenied(_("Only members of the brand that was asked can answer."))
    copies = list(notice.copies.exclude(answer=CopyToDestroy.Answer.DESTROYED))
    _check_kept(kept, {copy.number for copy in copies})
    if not copies:
        return _as_answered(notice, remark)
    before = [(copy.answer, copy.kept_because) for copy in copies]
    for copy in copies:
        copy.kept_because = kept.get(copy.number, "")
        copy.answer = CopyToDestroy.Answer.KEPT if copy.kept_because else CopyToDestroy.Answer.DESTROYED
    if before == [(copy.answer, copy.kept_because) for copy in copies] and remark == notice.remark:
        return notice
    CopyToDestroy.objects.bulk_update(copies, ["answer", "kept_because"])
    notice.answered_at, notice.answered_by, notice.remark = timezone.now(), by, remark
    notice.save(update_fields=["answered_at", "answered_by", "remark"])
    destroyed = sorted(copy.number for copy in copies if not copy.kept_because)
    record(SharingEvent.COPY_ANSWERED, by=by, **ids_of(notice), destroyed=destroyed, kept=sorted(kept))
    announce(SharingNotice.COPY_ANSWERED, side="factory", organisation_id=notice.factory_id, **ids_of(notice))
    return notice


def _as_answered(notice: DestroyNotice, remark: str) -> DestroyNotice:
    """Return a notice whose copies are all destroyed: it is closed. Raises `ValidationError` for another remark."""
    if remark and remark != notice.remark:
        raise ValidationError({"remark": _("All these copies were reported destroyed, so no remark can be added.")})
    return notice


def _check_kept(kept: Mapping[int, str], asked_for: set[int]) -> None:
    if set(kept) - asked_for:
        raise ValidationError({"kept": _("This copy is not part of the request, or was already reported destroyed.")})
    if not all(kept.values()):
        raise ValidationError({"kept_because": _("Say why these copies must be kept.")})


def remind_of_destroy_notices() -> int:
    """Announce unanswered notices to the brand again after some days (daily by beat); return how many those are.

    Each of `REMIND_AFTER_DAYS` is announced once; of several that passed together, the last one.
    """
    count = 0
    for notice in DestroyNotice.objects.open().iterator():
        passed = [days for days in REMIND_AFTER_DAYS if notice.created_at <= timezone.now() - timedelta(days=days)]
        if passed:
            asked = SharingNotice.COPY_DESTRUCTION_ASKED
            once = f"{asked}:{notice.pk}:{passed[-1]}"
            announce(asked, side="brand", organisation_id=notice.brand_id, once=once, **ids_of(notice))
            count += 1
    return count
