"""When a brand is told that a report is open to it: when it really opens, once for each opening.

Of each brand and report of which the brand is yet to be told, one notice waits. Publication writes it, for the moment
at which the grants of then would open the report. What the factory decides later moves it, or writes another one
where the report opens again: another hold, or a report let go that was kept back. When its time has come the access
decision is asked (`told_when`): what is kept back, or waits for a second person, waits on; what was revoked is told
to nobody. So a hold that was lengthened, and a report kept back, look to a brand as if the report were not there.

What a grant opens at its very start is no news of its own: the start of the grant is.

All of this happens under the factory's lock, as every decision on consent and every publication does.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from assessments.models import Assessment, CorrectionNotice
from brands.models import Brand
from portal.notices.models import Notice
from portal.notices.outbox import announce
from sharing import access
from sharing.models import SharingGrant
from sharing.notices.openings import follow_openings
from sharing.terms import covers, opens_at

PUBLISHED, SUPERSEDED = "report.published", "report.superseded"
SOONEST, LATEST = timedelta(minutes=1), timedelta(days=1)  # how soon and how late what is overdue is asked again


def plan_publication(assessment: Assessment) -> None:
    """Have every brand told whose grants cover the report, when they open it. In the publishing transaction."""
    holders = _holders(assessment.pk)
    grants = SharingGrant.objects.not_over().filter(factory=assessment.factory_id, scope__in=access.ASSESSMENT_SCOPES)
    by_brand: dict[int, list[SharingGrant]] = {}
    for grant in grants:
        by_brand.setdefault(grant.brand_id, []).append(grant)
    for brand_id, own in by_brand.items():
        moment = _opens_at(own, assessment)
        if moment is not None:
            _announce(assessment, brand_id, moment, is_known=brand_id in holders)


def plan_openings(factory_id: int, brand: Brand, before: datetime | None) -> None:
    """Bring what waits to be told into line with what the factory just decided about `brand`."""
    waiting = _waiting(factory_id, brand)
    reports = _reports(factory_id)
    if not reports:
        return
    now = timezone.now()
    grants = _grants(factory_id, brand.pk)
    is_open = _open_to(brand, reports, now)
    was_open = _open_to(brand, reports, before) if before is not None else is_open
    for report in reports:
        moment: datetime | None
        if report.pk in is_open:
            moment, is_news = now, report.pk not in was_open
        else:
            moment = _opens_at(grants, report)
            is_news = moment not in {grant.valid_from for grant in grants}  # the start of a grant is told by itself
        if moment is None or moment < now:
            continue  # kept back, not confirmed or not shared: what waits is asked again when its time has come
        if report.pk in waiting:
            Notice.objects.filter(pk=waiting[report.pk].pk).update(not_before=moment)
        elif is_news:
            _announce(report, brand.pk, moment, is_known=brand.pk in _holders(report.pk))


def told_when(notice: Notice) -> datetime | None:
    """When a brand is to be told of a report: now if it is open to it, later if it may still open, or never."""
    if notice.side != "brand":
        return notice.not_before
    current = Assessment.objects.filter(pk=notice.subject, state=Assessment.State.PUBLISHED)
    report = current.first()
    if report is None:
        return None  # withdrawn, or replaced: of the version that replaced it another notice tells
    now = timezone.now()
    if access.scopes_open_to_brand(notice.organisation_id, report):
        return now
    moment = _opens_at(_grants(report.factory_id, notice.organisation_id), report)
    if moment is None or moment > now:
        return moment
    return now + min(max(now - moment, SOONEST), LATEST)


def _waiting(factory_id: int, brand: Brand) -> dict[UUID, Notice]:
    """The notices that wait to be told, by report; locked, so that they are not handed out meanwhile."""
    notices = Notice.objects.filter(
        kind__in=[PUBLISHED, SUPERSEDED],
        side="brand",
        organisation_id=brand.pk,
        factory_id=factory_id,
        handled_at=None,
    )
    return {UUID(notice.subject): notice for notice in notices.select_for_update()}


def _reports(factory_id: int) -> list[Assessment]:
    """The current versions of the factory's reports."""
    current = Assessment.objects.filter(factory=factory_id, state=Assessment.State.PUBLISHED)
    return list(current)


def _grants(factory_id: int, brand_id: int) -> list[SharingGrant]:
    grants = SharingGrant.objects.not_over().filter(factory=factory_id, brand=brand_id)
    return list(grants.filter(scope__in=access.ASSESSMENT_SCOPES))


def _open_to(brand: Brand, reports: Iterable[Assessment], at: datetime) -> set[UUID]:
    """Those of the reports that are open to a brand at a moment, by the access decision."""
    open_then = access.readable_by_brand(brand, at=at)
    rows = Assessment.objects.filter(open_then, pk__in=[report.pk for report in reports])
    return set(rows.values_list("pk", flat=True))


def _opens_at(grants: Iterable[SharingGrant], report: Assessment) -> datetime | None:
    """The moment at which the first of these grants opens the report, if nothing else stands in the way."""
    published = report.first_published_at or timezone.now()
    return min((opens_at(one, published) for one in grants if covers(one, report.cycle)), default=None)


def _holders(report: UUID) -> set[int]:
    """The brands that hold the version before it and have not yet taken note that it was replaced."""
    rows = CorrectionNotice.objects.filter(successor=report, acknowledged_at=None)
    return set(rows.values_list("brand", flat=True))


def _announce(report: Assessment, brand_id: int, moment: datetime, *, is_known: bool) -> None:
    announce(
        SUPERSEDED if is_known else PUBLISHED,
        side="brand",
        organisation_id=brand_id,
        factory_id=report.factory_id,
        brand_id=brand_id,
        subject=report.pk,
        not_before=moment,
    )


follow_openings(plan_openings)
