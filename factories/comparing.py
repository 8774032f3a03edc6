"""Comparison of handovers with their sealed events, of scans with the stored hashes: for `manage.py verify_ledger`."""

from collections.abc import Iterator

from factories.models import Handover
from portal.core.signing import Keys
from portal.core.uploads import wrong_scan
from portal.ledger.checks import SAME_MOMENT, Problem, rows_of

TABLE = Handover._meta.db_table
OPENED = f"""
    SELECT coalesce(h.id::text, e.subject), e.id, h.id IS NULL
    FROM factories_handover h
    FULL JOIN (SELECT * FROM core_event WHERE kind = 'handover.opened') e ON e.subject = h.id::text
    WHERE h.id IS NULL OR e.id IS NULL
        OR (h.factory_id, h.opened_by_id, h.leaving_id::text, h.scan_sha256)
            IS DISTINCT FROM (e.factory_id, e.actor_id, e.data ->> 'leaving', e.data ->> 'scan_sha256')
        OR h.opened_at NOT BETWEEN e.at - {SAME_MOMENT} AND e.at + {SAME_MOMENT}
    ORDER BY e.id, 1 LIMIT 1
"""  # noqa: S608 - no value from outside


def compare_handovers(_keys: Keys) -> Iterator[Problem]:
    """Yield the first handover that is gone, was inserted, or differs from the event of its opening."""
    for handover, event, is_gone in rows_of(OPENED):
        differs = f"it is not what event {event} says" if event else "no event tells of it"
        yield Problem(TABLE, handover, "it is gone" if is_gone else differs)


def check_handover_scans(_keys: Keys) -> Iterator[Problem]:
    """Yield each handover whose scan is missing or is not the file that was stored."""
    rows = Handover.objects.exclude(scan="").order_by("opened_at", "pk").values_list("pk", "scan", "scan_sha256")
    for handover, scan, sha256 in rows.iterator(chunk_size=1000):
        if found := wrong_scan(scan, sha256):
            yield Problem(TABLE, handover, found)
