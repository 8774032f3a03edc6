"""The assessments of a table for its preview, which a person can look through to find a wrong year or cycle."""

from assessments.imports.checks import Plan
from assessments.imports.compare import count_findings
from assessments.imports.models import ImportBatch
from assessments.imports.previews import ListedVisit

LISTED = 100  # assessments that the preview names; the rest are only counted


def listed(batch: ImportBatch, plan: Plan) -> list[ListedVisit]:
    """Return the first `LISTED` assessments of a staged table: first those that change something, then by factory."""
    kinds = (("changed", plan.changed), ("new", plan.new), ("unchanged", plan.unchanged))
    told = [
        (kind, visit)
        for kind, visits in kinds
        for visit in sorted(visits, key=lambda visit: (visit.bw_id, visit.cycle, visit.quest_id))
    ][:LISTED]
    counts = count_findings(batch.pk, [visit.number for _kind, visit in told])
    return [
        {
            "kind": kind,
            "factory": visit.bw_id,
            "name": visit.factory_name,
            "quest_id": visit.quest_id,
            "cycle": visit.cycle,
            "start": visit.start_date.isoformat(),
            "questionnaire": visit.questionnaire,
            "questions": counts.get(visit.number, (0, 0))[0],
            "nc": counts.get(visit.number, (0, 0))[1],
        }
        for kind, visit in told
    ]
