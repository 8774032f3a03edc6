"""What has happened in a programme of `_shape`: requests, ended access, reads, copies, receipts and events.

The factory's side reads it. Each factory stopped two brands, one of which has copies to destroy, and has two requests
to answer. Each grant has a receipt, an event and four reads, one of which was a download. Rows are made in SQL with the
triggers off. Only ever in a throw-away database.
"""

from benchmarks._shape import Size, insert, triggers

STOPPED, OPEN_REQUESTS, READS = 2, 2, 4

FILLED = (
    "sharing_sharinggrant",
    "sharing_accessrequest",
    "sharing_requestanswer",
    "sharing_accessrecord",
    "sharing_destroynotice",
    "sharing_copytodestroy",
    "sharing_receipt",
    "core_event",
)


def build(size: Size, by: int, first: int = 1) -> None:
    """Add what happened to the factories from the `first` on, all of it by one person."""
    from django.db import connections, transaction

    numbers = {"first": first, "brands": size.brands, "by": by}
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        triggers(cursor, "DISABLE", FILLED)
        for statement in _statements():
            cursor.execute(statement, numbers)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        triggers(cursor, "ENABLE", FILLED)
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _statements() -> list[str]:
    return [*_stopped(), *_requests(), *_reads(), *_copies(), *_facts()]


def _others(count: int) -> str:
    """Return the SQL of some brands for each factory with which it shares nothing."""
    return f"""(
        SELECT f.id AS factory, chosen.brand, chosen.number FROM factories_factory f CROSS JOIN LATERAL (
            SELECT b.id AS brand, row_number() OVER (ORDER BY b.id) AS number FROM (
                SELECT 5 + (f.id * 31 + n * 97) %% (%(brands)s - 5) AS id FROM generate_series(1, 40) n
            ) b WHERE NOT EXISTS (
                SELECT FROM sharing_sharinggrant g WHERE g.factory_id = f.id AND g.brand_id = b.id
            ) GROUP BY b.id LIMIT {count}
        ) chosen WHERE f.id >= %(first)s
    ) pair"""


GRANTS = "sharing_sharinggrant g WHERE g.factory_id >= %(first)s"


def _stopped() -> list[str]:
    return [
        insert(
            "sharing_sharinggrant",
            _others(STOPPED),
            id="md5('stopped' || pair.factory || '-' || pair.brand)::uuid",
            factory_id="pair.factory",
            brand_id="pair.brand",
            scope="'report'",
            cycles="'all'",
            cycle_numbers="'{}'",
            valid_from="now() - interval '800 days'",
            created_at="now() - interval '800 days'",
            granted_by_id="%(by)s",
            hold_days="0",
            ended_at="now() - interval '90 days'",
            ended_by_id="%(by)s",
            end_code="'stopped'",
        )
    ]


def _requests() -> list[str]:
    """Return the statements that make one approved request for every fourth grant, and the open ones."""
    asked = {"scopes": "ARRAY['report']", "cycles": "'all'", "cycle_numbers": "'{}'", "purpose": "'Sourcing'"}
    asked |= {"asked_by_id": "%(by)s", "remind_at": "now() + interval '20 days'"}
    return [
        insert(
            "sharing_accessrequest",
            f"{GRANTS} AND (g.factory_id + g.brand_id) %% 4 = 0",
            id="md5('asked' || g.id)::uuid",
            factory_id="g.factory_id",
            brand_id="g.brand_id",
            state="'approved'",
            created_at="g.created_at - interval '9 days'",
            lapses_at="g.created_at + interval '80 days'",
            answered_at="g.created_at",
            answered_by_id="%(by)s",
            **asked,
        ),
        insert(
            "sharing_requestanswer",
            f"{GRANTS} AND (g.factory_id + g.brand_id) %% 4 = 0",
            request_id="md5('asked' || g.id)::uuid",
            grant_id="g.id",
        ),
        insert(
            "sharing_accessrequest",
            _others(OPEN_REQUESTS),
            id="md5('open' || pair.factory || '-' || pair.brand)::uuid",
            factory_id="pair.factory",
            brand_id="pair.brand",
            state="'open'",
            created_at="now() - pair.number * interval '3 days'",
            lapses_at="now() + pair.number * interval '30 days'",
            **asked,
        ),
    ]


def _reads() -> list[str]:
    return [
        insert(
            "sharing_accessrecord",
            f"sharing_sharinggrant g CROSS JOIN generate_series(1, {READS}) n "
            "JOIN assessments_assessment a ON a.factory_id = g.factory_id AND a.cycle = n "
            "WHERE g.factory_id >= %(first)s",
            at="now() - (g.factory_id * 7 + g.brand_id * 3 + n * 11) %% 400 * interval '1 day' - n * interval '1 hour'",
            assessment_id="a.id",
            cycle="a.cycle",
            version="a.version",
            scope="'report'",
            action="CASE n WHEN 1 THEN 'download' ELSE 'view' END",
            copy_number="CASE n WHEN 1 THEN g.factory_id * 10000 + g.brand_id END",
            copy_format="CASE n WHEN 1 THEN 'pdf' ELSE '' END",
            brand_id="g.brand_id",
            factory_id="g.factory_id",
            person_id="%(by)s",
        )
    ]


def _copies() -> list[str]:
    ended = f"{GRANTS} AND g.ended_at IS NOT NULL AND g.brand_id %% 2 = 0"
    return [
        insert(
            "sharing_destroynotice",
            ended,
            id="md5('destroy' || g.id)::uuid",
            created_at="g.ended_at",
            asked_by_id="%(by)s",
            brand_id="g.brand_id",
            factory_id="g.factory_id",
        ),
        insert(
            "sharing_copytodestroy",
            ended,
            number="g.factory_id * 10000 + g.brand_id",
            scope="'report'",
            cycle="1",
            notice_id="md5('destroy' || g.id)::uuid",
        ),
    ]


def _facts() -> list[str]:
    """Return the statements that make a receipt and an event for each grant."""
    return [
        insert(
            "sharing_receipt",
            GRANTS,
            number="substr(md5('receipt' || g.id), 1, 19)",
            kind="'granted'",
            payload="""'{"terms": {"scope": "report"}}'""",
            disclosed="'[]'",
            jws="repeat('x', 700)",
            issued_at="g.created_at",
            actor_id="%(by)s",
            brand_id="g.brand_id",
            factory_id="g.factory_id",
            grant_id="g.id",
        ),
        insert(
            "core_event",
            GRANTS,
            at="g.created_at",
            kind="'grant.created'",
            factory_id="g.factory_id",
            brand_id="g.brand_id",
            subject="'grant:' || g.id",
            data="'{}'",
            actor_id="%(by)s",
        ),
    ]
