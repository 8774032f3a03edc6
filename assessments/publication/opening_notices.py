"""Notices to a brand that a report is open to it: sent when it really opens, once for each opening.

For each brand and report of which the brand is not yet notified, one notice waits. Publication writes it, for the
moment at which the grants of that time would open the report. Later decisions of the factory, such as another hold or
the end of a hold, move it, or write another one if the report opens again. When its time has come, the
access decision is checked (`notification_time`): the notice of a report that is withheld, or waits for a second
person, goes on waiting; nobody is notified of what was revoked. So to a brand, a longer hold or a withheld report looks
as if the report did not exist.

What a grant opens at its very start has no notice of its own: the start of the grant has one.

All of this happens under the factory's lock, as every decision on consent and every publication does.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from assessments.models import Assessment, CorrectionNotice
from assessments.notice_names import ReportNotice
from brands.models import Brand
from portal.accounts.sides import Side
from portal.notices.models import Notice
from portal.notices.outbox import notice_of
from sharing import access
from sharing.access.positions import Position
from sharing.grants.notices.openings import Before, follow_openings
from sharing.grants.notices.settling import first_settled_at
from sharing.models import SharingGrant
from sharing.terms import covers, opens_at

PUBLISHED, SUPERSEDED = ReportNotice.PUBLISHED, ReportNotice.SUPERSEDED
SOONEST, LATEST = timedelta(minutes=1), timedelta(days=1)  # how soon and how late an overdue notice is checked again


def plan_publication(assessment: Assessment) -> None:
    """Plan a notice to each brand whose grants cover the report, for when they open it.

    Call it in the publishing transaction.
    """
    holders = _holders([assessment.pk])
    by_brand: dict[int, list[SharingGrant]] = {}
    for grant in _grants(assessment):
        by_brand.setdefault(grant.brand_id, []).append(grant)
    moments = {brand_id: _opens_at(own, assessment) for brand_id, own in by_brand.items()}
    Notice.objects.bulk_create(
        _notice(assessment, brand_id, moment, is_known=(assessment.pk, brand_id) in holders)
        for brand_id, moment in moments.items()
        if moment is not None
    )


def plan_openings(after: Position, before: Before | None) -> None:
    """Adapt the waiting notices to what the factory just decided about a brand."""
    reports = list(Assessment.objects.filter(factory=after.factory, state=Assessment.State.PUBLISHED))
    if not reports:
        return
    waiting, now = _waiting(after.factory.pk, after.brand), timezone.now()
    is_open = _open_to(after, reports, now)
    was_open = _open_to(before.position, reports, before.at) if before is not None else is_open
    starts = {grant.valid_from for grant in after.opening_grants()}  # these have notices of their own
    moved, new = [], []
    for report in reports:
        moment = now if report.pk in is_open else _opens_at(after.opening_grants(), report)
        if moment is None or moment < now:
            continue  # withheld, not confirmed or not shared: a waiting notice is checked again when its time has come
        is_news = report.pk not in was_open if report.pk in is_open else moment not in starts
        if report.pk in waiting:
            waiting[report.pk].not_before = moment
            moved.append(waiting[report.pk])
        elif is_news:
            new.append((report, moment))
    Notice.objects.bulk_update(moved, ["not_before"])
    if new:
        holders = _holders([report.pk for report, _moment in new if report.version > 1])
        Notice.objects.bulk_create(
            _notice(report, after.brand.pk, moment, is_known=(report.pk, after.brand.pk) in holders)
            for report, moment in new
        )


def _open_to(position: Position, reports: Iterable[Assessment], at: datetime) -> set[UUID]:
    """Return the ids of the reports that are open to a brand at a moment."""
    return {
        report.pk
        for report in reports
        if any(position.opens_at(report, scope, at) == at for scope in access.ASSESSMENT_SCOPES)
    }


def notification_time(notice: Notice) -> datetime | None:
    """Return when to notify a brand of a report: now if it is open to it, later if it may still open, else None."""
    if notice.side != Side.BRAND:
        return notice.not_before
    report = Assessment.objects.filter(pk=notice.subject, state=Assessment.State.PUBLISHED).first()
    if report is None:
        return None  # withdrawn, or replaced: another notice is about the version that replaced it
    now = timezone.now()
    grants = _grants(report).filter(brand=notice.organisation_id)
    if access.scopes_open_to_brand(notice.organisation_id, report):
        return first_settled_at(one for one in grants if covers(one, report.cycle)) or now
    moment = _opens_at(grants, report)
    if moment is None or moment > now:
        return moment
    return now + min(max(now - moment, SOONEST), LATEST)


def _waiting(factory_id: int, brand: Brand) -> dict[UUID, Notice]:
    """Return the waiting notices, by report; locked, so that nobody else hands them out."""
    notices = Notice.objects.filter(
        kind__in=[PUBLISHED, SUPERSEDED], side="brand", organisation_id=brand.pk, factory_id=factory_id, handled_at=None
    )
    return {UUID(notice.subject): notice for notice in notices.select_for_update()}


def _grants(report: Assessment) -> QuerySet[SharingGrant]:
    return SharingGrant.objects.not_ended().filter(factory=report.factory_id, scope__in=access.ASSESSMENT_SCOPES)


def _opens_at(grants: Iterable[SharingGrant], report: Assessment) -> datetime | None:
    """Return the moment at which the first of these grants opens the report, if nothing else prevents it."""
    published = report.first_published_at or timezone.now()
    return min((opens_at(one, published) for one in grants if covers(one, report.cycle)), default=None)


def _holders(reports: Iterable[UUID]) -> set[tuple[UUID, int]]:
    """Return pairs of a report and a brand that holds the version before it and has not acknowledged the correction."""
    rows = CorrectionNotice.objects.filter(successor__in=list(reports), acknowledged_at=None)
    return set(rows.values_list("successor", "brand"))


def _notice(report: Assessment, brand_id: int, moment: datetime, *, is_known: bool) -> Notice:
    return notice_of(
        SUPERSEDED if is_known else PUBLISHED,
        side="brand",
        organisation_id=brand_id,
        factory_id=report.factory_id,
        brand_id=brand_id,
        subject=report.pk,
        not_before=moment,
    )


follow_openings(plan_openings)
