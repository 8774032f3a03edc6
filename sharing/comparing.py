"""Comparing withheld reports, subscriptions and signed forms with their sealed events, for `manage.py verify_ledger`.

None of these tables is sealed; the event of each act is. Both directions are compared: a row without its event was
inserted directly, an event without its row means that the row was deleted.
"""

from collections.abc import Iterator

from portal.core.signing import Keys
from portal.core.uploads import wrong_scan
from portal.ledger.checks import SAME_MOMENT, Problem, rows_of
from sharing.models import PaperConsent, SharingGrant, Subscription, WithheldReport

WITHHELD = f"""
    SELECT coalesce(w.id::text, e.subject), e.id, CASE
        WHEN w.id IS NULL THEN 'it is gone'
        WHEN e.id IS NULL THEN 'no event tells of it'
        WHEN (w.factory_id, w.brand_id, w.withheld_by_id, w.cycle::text)
            IS DISTINCT FROM (e.factory_id, e.brand_id, e.actor_id, e.data ->> 'cycle') THEN 'it says something else'
        WHEN w.withheld_at NOT BETWEEN e.at - {SAME_MOMENT} AND e.at + {SAME_MOMENT} THEN 'its withheld_at differs'
        WHEN w.allowed_at IS NOT NULL AND o.id IS NULL THEN 'it was allowed, and no event tells of that'
        WHEN o.id IS NOT NULL AND (w.allowed_at IS NULL OR w.allowed_by_id IS DISTINCT FROM o.actor_id
            OR w.allowed_at NOT BETWEEN o.at - {SAME_MOMENT} AND o.at + {SAME_MOMENT}) THEN 'its allowance differs'
        END AS what
    FROM sharing_withheldreport w
    FULL JOIN (SELECT * FROM core_event WHERE kind = 'report.held') e ON e.subject = w.id::text
    LEFT JOIN core_event o ON o.kind = 'report.allowed' AND o.subject = w.id::text
"""  # noqa: S608 - no value from outside
SUBSCRIPTIONS = f"""
    SELECT coalesce(s.id::text, e.subject), e.id, CASE
        WHEN s.id IS NULL THEN 'it is gone'
        WHEN e.id IS NULL THEN 'no event tells of it'
        WHEN (s.factory_id, s.brand_id, s.recorded_by_id, s.cycle::text, s.bought_on::text) IS DISTINCT FROM
            (e.factory_id, e.brand_id, e.actor_id, e.data ->> 'cycle', e.data ->> 'bought_on')
            THEN 'it says something else'
        WHEN s.recorded_at NOT BETWEEN e.at - {SAME_MOMENT} AND e.at + {SAME_MOMENT} THEN 'its recorded_at differs'
        WHEN s.ended_at IS NOT NULL AND o.id IS NULL THEN 'it was withdrawn, and no event tells of that'
        WHEN o.id IS NOT NULL AND (s.ended_at IS NULL OR s.ended_by_id IS DISTINCT FROM o.actor_id
            OR s.end_reason IS DISTINCT FROM o.data ->> 'reason'
            OR s.ended_at NOT BETWEEN o.at - {SAME_MOMENT} AND o.at + {SAME_MOMENT}) THEN 'its withdrawal differs'
        END AS what
    FROM sharing_subscription s
    FULL JOIN (SELECT * FROM core_event WHERE kind = 'subscription.recorded') e ON e.subject = s.id::text
    LEFT JOIN core_event o ON o.kind = 'subscription.withdrawn' AND o.subject = s.id::text
"""  # noqa: S608 - no value from outside
PAPERS = """
    SELECT coalesce(p.id::text, e.subject), e.id, CASE
        WHEN p.id IS NULL THEN 'it is gone'
        WHEN e.id IS NULL THEN 'no event tells of it'
        WHEN (p.factory_id, p.recorded_by_id, p.sha256, p.signed_on::text)
            IS DISTINCT FROM (e.factory_id, e.actor_id, e.data ->> 'sha256', e.data ->> 'signed_on')
            THEN 'it says something else'
        END AS what
    FROM sharing_paperconsent p
    FULL JOIN (SELECT * FROM core_event WHERE kind = 'paper.recorded') e ON e.subject = p.id::text
"""
FIRST = "SELECT * FROM ({}) compared (row_id, event_id, what) WHERE what IS NOT NULL ORDER BY event_id, row_id LIMIT 1"
# A grant from a signed form names the form's scan; the event names the grants.
FORMS_OF_GRANTS = """
    SELECT g.id
    FROM sharing_sharinggrant g
    LEFT JOIN (
        SELECT e.subject, jsonb_path_query(e.data, '$.grants[*]') #>> '{}' AS grant_id
        FROM core_event e WHERE e.kind = 'paper.recorded'
    ) told ON told.grant_id = g.id::text
    LEFT JOIN sharing_paperconsent p ON p.id::text = told.subject
    WHERE (g.consent_document, g.granted_for) IS DISTINCT FROM (coalesce(p.document, ''), coalesce(p.signed_by, ''))
    ORDER BY g.created_at, g.id LIMIT 1
"""


def compare_withheld(_keys: Keys) -> Iterator[Problem]:
    """Yield the first withheld report that is not what its events say."""
    yield from _differing(WithheldReport._meta.db_table, WITHHELD)


def compare_subscriptions(_keys: Keys) -> Iterator[Problem]:
    """Yield the first subscription that is not what its events say."""
    yield from _differing(Subscription._meta.db_table, SUBSCRIPTIONS)


def compare_papers(_keys: Keys) -> Iterator[Problem]:
    """Yield the first signed form, or grant from one, that is not what the event of its recording says."""
    yield from _differing(PaperConsent._meta.db_table, PAPERS)
    for (grant,) in rows_of(FORMS_OF_GRANTS):
        yield Problem(SharingGrant._meta.db_table, grant, "the signed form that it names was not recorded for it")


def check_consent_scans(_keys: Keys) -> Iterator[Problem]:
    """Yield each signed form whose scan is missing or is another file than the one that was recorded."""
    rows = PaperConsent.objects.order_by("recorded_at", "pk").values_list("pk", "document", "sha256")
    for consent, document, sha256 in rows.iterator(chunk_size=1000):
        if found := wrong_scan(document, sha256):
            yield Problem(PaperConsent._meta.db_table, consent, found)


def _differing(table: str, statement: str) -> Iterator[Problem]:
    for row, event, what in rows_of(FIRST.format(statement)):
        yield Problem(table, row, f"{what} (event {event})" if event else what)
