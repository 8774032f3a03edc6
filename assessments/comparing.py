"""Comparison of reports with the sealed events: when they were published and withdrawn, and what they say.

For `manage.py verify_ledger`. The moment of publication decides on which day a report opens to a brand.
"""

from collections.abc import Iterator

from assessments.answering.digests import DIGEST
from assessments.events import AssessmentEvent
from assessments.models import Answer, Assessment
from portal.core.signing import Keys
from portal.ledger.checks import SAME_MOMENT, Problem, rows_of

COMPARED = ((AssessmentEvent.PUBLISHED, "published_at"), (AssessmentEvent.WITHDRAWN, "withdrawn_at"))


def compare_publications(_keys: Keys) -> Iterator[Problem]:
    """Yield the first assessment whose publication, and the first whose withdrawal, differs from its event."""
    for kind, column in COMPARED:
        for assessment, event, is_gone in rows_of(_statement(kind, column)):
            if is_gone:
                what = f"it is gone, and event {event} is there"
            else:
                what = f"its {column} is not what event {event} says" if event else f"no event tells of its {column}"
            yield Problem(Assessment._meta.db_table, assessment, what)


def compare_answers(_keys: Keys) -> Iterator[Problem]:
    """Yield the first published assessment whose answers are not those of its publication."""
    for assessment, event in rows_of(OTHER_ANSWERS):
        yield Problem(Answer._meta.db_table, assessment, f"the answers are not those that event {event} published")


def compare_first_publications(_keys: Keys) -> Iterator[Problem]:
    """Yield the first report whose first publication, from which holds are counted, is not that of its versions."""
    for table, key in rows_of(OTHER_BEGINNING):
        yield Problem(table, key, "its first_published_at is not when its first version was published")


OTHER_ANSWERS = f"""
    SELECT e.subject, e.id
    FROM (SELECT * FROM core_event WHERE kind = 'assessment.published') e
    LEFT JOIN (SELECT assessment_id::text, {DIGEST} AS digest FROM assessments_answer GROUP BY assessment_id) a
        ON a.assessment_id = e.subject
    WHERE a.digest IS DISTINCT FROM e.data ->> 'answers'
    ORDER BY e.id LIMIT 1
"""  # noqa: S608 - a constant of this app
OTHER_BEGINNING = f"""
    SELECT * FROM (
        SELECT 'sharing_cyclereport', r.id::text
        FROM sharing_cyclereport r LEFT JOIN assessments_assessment a ON a.report_id = r.id
        LEFT JOIN core_event e ON e.kind = 'assessment.published' AND e.subject = a.id::text
        GROUP BY r.id
        HAVING min(e.at) IS NULL
            OR r.first_published_at NOT BETWEEN min(e.at) - {SAME_MOMENT} AND min(e.at) + {SAME_MOMENT}
        UNION ALL
        SELECT 'assessments_assessment', a.id::text
        FROM assessments_assessment a LEFT JOIN sharing_cyclereport r ON r.id = a.report_id
        WHERE a.first_published_at IS DISTINCT FROM r.first_published_at
    ) found ORDER BY 1, 2 LIMIT 1
"""  # noqa: S608 - constants of the portal


def _statement(kind: AssessmentEvent, column: str) -> str:
    return f"""
        SELECT coalesce(a.id::text, e.subject), e.id, a.id IS NULL
        FROM (SELECT * FROM core_event WHERE kind = '{kind}') e
        FULL JOIN assessments_assessment a ON a.id::text = e.subject
        WHERE (e.id IS NOT NULL OR a.{column} IS NOT NULL) AND (
            a.id IS NULL OR e.id IS NULL OR a.{column} IS NULL
            OR a.{column} NOT BETWEEN e.at - {SAME_MOMENT} AND e.at + {SAME_MOMENT}
            OR (a.factory_id, a.cycle::text, a.version::text)
                IS DISTINCT FROM (e.factory_id, e.data ->> 'cycle', e.data ->> 'version')
        )
        ORDER BY e.id, 1 LIMIT 1
    """  # noqa: S608 - no value from outside
