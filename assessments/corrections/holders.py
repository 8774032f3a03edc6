"""Corrections for holders of a version that was replaced or withdrawn: they are notified, and acknowledge the change.

A brand holds a version if one of its people or programs opened or downloaded it (recorded in who-saw-what), or if it
acknowledged the correction that led to it. It is notified while a grant gives it access to that version, or gave it
access until the withdrawal; a brand without access learns nothing new.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.postgres.aggregates import ArrayAgg
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, Q, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.events import AssessmentEvent
from assessments.models import Assessment, CorrectionNotice
from assessments.reports.document import Cluster, CompliancePoint, Finding, ReportDocument
from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.core.events import record
from sharing.access import ASSESSMENT_SCOPES, Version, grants_opening
from sharing.models import AccessRecord


def write_correction_notices(assessment: Assessment, successor: Assessment | None = None) -> None:
    """Write a notice for every brand that holds `assessment`, which was replaced by `successor` or withdrawn.

    Call it in the transaction of that step.
    """
    read = AccessRecord.objects.filter(assessment_id=assessment.pk, brand__isnull=False).values("brand")
    noted = CorrectionNotice.objects.filter(successor=assessment, acknowledged_at__isnull=False).values("brand")
    open_to = grants_opening(Version.of(assessment)).filter(scope__in=ASSESSMENT_SCOPES)
    holders = Brand.objects.filter(Q(pk__in=read) | Q(pk__in=noted), pk__in=open_to.values("brand"))
    CorrectionNotice.objects.bulk_create(
        (CorrectionNotice(assessment=assessment, successor=successor, brand=brand) for brand in holders),
        ignore_conflicts=True,  # withdrawn, and later replaced: they are notified once
    )


@transaction.atomic
def acknowledge_correction(*, by: User, notice: CorrectionNotice) -> CorrectionNotice:
    """Acknowledge a notice for the brand that holds the old version. Idempotent. Raises `PermissionDenied`."""
    notice = CorrectionNotice.objects.select_for_update(of=("self",)).select_related("assessment").get(pk=notice.pk)
    if not CorrectionNotice.objects.for_brands_of(by).filter(pk=notice.pk).exists():
        raise PermissionDenied(_("Only the brand's own members can acknowledge a correction."))
    if notice.acknowledged_at is None:
        notice.acknowledged_at, notice.acknowledged_by = timezone.now(), by
        notice.save(update_fields=["acknowledged_at", "acknowledged_by"])
        record(
            AssessmentEvent.CORRECTION_ACKNOWLEDGED,
            by=by,
            factory_id=notice.assessment.factory_id,
            brand_id=notice.brand_id,
            subject=notice.assessment_id,
            cycle=notice.assessment.cycle,
            version=notice.assessment.version,
        )
    return notice


@dataclass(frozen=True)
class Change:
    """One question that two versions of a document answer differently; None if it is not among a version's findings."""

    cluster: Cluster
    point: CompliancePoint
    asked: Finding  # whose words name the question: the newest there is
    before: Finding | None
    after: Finding | None


def changes_between(old: ReportDocument, new: ReportDocument) -> list[Change]:
    """Return what differs, in the order of the questionnaire. Both documents are of one scope and one reader."""
    before, after = dict(_findings(old)), dict(_findings(new))
    clusters = [*old.clusters, *new.clusters]
    places = {(cluster.name, point.name): (cluster, point) for cluster in clusters for point in cluster.points}
    order = {place: number for number, place in enumerate(places)}
    return [
        Change(*places[key[0], key[1]], after.get(key) or before[key], before.get(key), after.get(key))
        for key in sorted(before | after, key=lambda key: order[key[0], key[1]])
        if _said(before.get(key)) != _said(after.get(key))
    ]


def _findings(document: ReportDocument) -> Iterator[tuple[tuple[str, str, str], Finding]]:
    for cluster, point, finding in document.findings():
        yield (cluster.name, point.name, finding.ext_id), finding


def _said(finding: Finding | None) -> tuple[str, str, str] | None:
    return (finding.finding, finding.value, finding.note) if finding else None


# --- for the factory: who still holds what ----------------------------------------------------------------


@dataclass
class Holder:
    """One brand that read an old version: when it last did, which copies it has, and its notice if it has one."""

    brand: str
    last_read: object
    copies: list[int]
    notice: CorrectionNotice | None


@dataclass
class OldVersion:
    """A version that was replaced or withdrawn, and the brands that read it."""

    assessment: Assessment
    holders: list[Holder]


def old_versions(user: User, factory: Factory) -> list[OldVersion]:
    """Return the factory's old versions that a brand read, newest first, for its people and its country's staff."""
    states = [Assessment.State.SUPERSEDED, Assessment.State.WITHDRAWN]
    old = {one.pk: one for one in Assessment.objects.filter(factory=factory, state__in=states)}
    read = (
        AccessRecord.objects.visible_to(user)
        .filter(factory=factory, brand__isnull=False, assessment_id__in=list(old))
        .values("assessment_id", "brand_id", "brand__name")
        .annotate(
            last_read=Max("at"),
            copies=ArrayAgg("copy_number", filter=Q(copy_number__isnull=False), distinct=True, default=Value([])),
        )
        .order_by("brand__name")
    )
    notices = CorrectionNotice.objects.visible_to(user).filter(assessment__in=list(old))
    told = {(one.assessment_id, one.brand_id): one for one in notices.select_related("acknowledged_by")}
    found: dict[object, OldVersion] = {}
    for row in read:
        key = row["assessment_id"]
        version = found.setdefault(key, OldVersion(old[key], []))
        notice = told.get((key, row["brand_id"]))
        version.holders.append(Holder(row["brand__name"], row["last_read"], row["copies"], notice))
    return sorted(found.values(), key=lambda one: (one.assessment.cycle, one.assessment.version), reverse=True)
