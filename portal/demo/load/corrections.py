"""Who was notified that a report they had read was replaced."""

from collections.abc import Iterable

from assessments.events import AssessmentEvent
from assessments.models import CorrectionNotice
from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.demo.load.rows import History, copy_rows
from portal.demo.plan.corrections import CorrectionPlan

COLUMNS = ("assessment_id", "successor_id", "brand_id", "created_at", "acknowledged_at", "acknowledged_by_id")


def load_corrections(
    plans: Iterable[CorrectionPlan],
    factories: dict[str, Factory],
    brands: dict[str, Brand],
    users: dict[str, User],
    history: History,
) -> None:
    """Write a notice for each brand and report, and the events of those who acknowledged it."""
    rows = []
    for plan in plans:
        brand, reader = brands[plan.brand].pk, users[plan.read_by].pk
        taken = plan.acknowledged_at
        rows.append((plan.old.id, plan.new.id, brand, plan.at, taken, reader if taken else None))
        if taken:
            ids = {"factory_id": factories[plan.old.factory.bw_id].pk, "brand_id": brand}
            said = {"cycle": plan.old.cycle, "version": plan.old.version}
            history.add(taken, AssessmentEvent.CORRECTION_ACKNOWLEDGED, by=reader, subject=plan.old.id, **ids, **said)
    copy_rows(CorrectionNotice, COLUMNS, rows)
