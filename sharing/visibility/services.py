"""The effects on consent when a report is published or withdrawn. Both happen under the factory's lock."""

from datetime import datetime
from uuid import UUID

from portal.notices.outbox import announce
from sharing.models import CycleReport
from sharing.notice_names import SharingNotice


def open_report(*, factory_id: int, cycle: int, at: datetime) -> CycleReport:
    """Return the report of a cycle that a version published at `at` belongs to: the current one, or a new one."""
    running = CycleReport.objects.filter(factory=factory_id, cycle=cycle, withdrawn_at=None).first()
    return running or CycleReport.objects.create(factory_id=factory_id, cycle=cycle, first_published_at=at)


def close_report(report: CycleReport, *, at: datetime) -> None:
    """Withdraw the report of a cycle, with all its versions. The next publication in that cycle begins a new report."""
    report.withdrawn_at = max(at, report.first_published_at)
    report.save(update_fields=["withdrawn_at"])


def announce_publication(*, factory_id: int, assessment_id: UUID, cycle: int) -> None:
    """Announce to the factory that its report is published; whom it opens to is looked up when the notice is sent.

    Call it inside the publishing transaction.
    """
    announce(
        SharingNotice.REPORT_SCHEDULED,
        side="factory",
        organisation_id=factory_id,
        factory_id=factory_id,
        subject=assessment_id,
        cycle=cycle,
    )
