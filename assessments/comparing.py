"""Comparing when reports were published and withdrawn with the sealed events: for `manage.py verify_ledger`.

From the moment of publication follows on which day a report opens to a brand.
"""

from collections.abc import Iterator

from assessments.models import Assessment
from portal.core.ledger.checks import SAME_MOMENT, Keys, Problem, rows_of

COMPARED = (("publish", "published_at"), ("withdraw", "withdrawn_at"))


def compare_publications(_keys: Keys) -> Iterator[Problem]:
    """Yield the first assessment whose publication, and whose withdrawal, is not what its event says."""
    for step, column in COMPARED:
        for assessment, event, is_gone in rows_of(_statement(step, column)):
            if is_gone:
                what = f"it is gone, and event {event} is there"
            else:
                what = f"its {column} is not what event {event} says" if event else f"no event tells of its {column}"
            yield Problem(Assessment._meta.db_table, assessment, what)


def _statement(step: str, column: str) -> str:
    return f"""
        SELECT coalesce(a.id::text, e.subject), e.id, a.id IS NULL
        FROM (SELECT * FROM core_event WHERE kind = 'assessments.{step}') e
        FULL JOIN assessments_assessment a ON a.id::text = e.subject
        WHERE (e.id IS NOT NULL OR a.{column} IS NOT NULL) AND (
            a.id IS NULL OR e.id IS NULL OR a.{column} IS NULL
            OR a.{column} NOT BETWEEN e.at - {SAME_MOMENT} AND e.at + {SAME_MOMENT}
            OR (a.factory_id, a.cycle::text, a.version::text)
                IS DISTINCT FROM (e.factory_id, e.data ->> 'cycle', e.data ->> 'version')
        )
        ORDER BY e.id, 1 LIMIT 1
    """  # noqa: S608 - no value from outside
