"""The comparison of who was a member of what, and when, with the sealed events: for `manage.py verify_ledger`.

A membership gives access to data, and its past says who could read something on a day. Neither the list of members nor
the periods are sealed; the events of joining, changing a role and leaving are. Both directions are compared.
"""

from collections.abc import Iterator

from portal.accounts.models import MembershipPeriod
from portal.core.signing import Keys
from portal.ledger.checks import SAME_MOMENT, Problem, rows_of

# Every role that an event gave or took: whose, the name of the role's group, when, and which event.
CHANGES = """
    changes AS MATERIALIZED (
        SELECT e.id, e.at, e.subject AS person, c.joins, CASE
            WHEN e.factory_id IS NOT NULL THEN 'factory:' || e.factory_id
            WHEN e.brand_id IS NOT NULL THEN 'brand:' || e.brand_id
            ELSE 'programme:' || e.programme_id
        END || ':' || c.role AS place
        FROM core_event e CROSS JOIN LATERAL (
            SELECT true AS joins, e.data ->> 'role' AS role WHERE e.kind = 'member.joined'
            UNION ALL SELECT true, e.data ->> 'after' WHERE e.kind = 'member.role_changed'
            UNION ALL SELECT true, jsonb_path_query(e.data, '$.roles[*]') #>> '{}' WHERE e.kind = 'token.created'
            UNION ALL SELECT true, 'advisor' WHERE e.kind = 'advisor.assigned'
            UNION ALL SELECT false, 'advisor' WHERE e.kind = 'advisor.unassigned'
            UNION ALL SELECT false, jsonb_path_query(e.data, '$.before[*]') #>> '{}'
                WHERE e.kind IN ('member.role_changed', 'member.removed')
            UNION ALL SELECT false, jsonb_path_query(t.data, '$.roles[*]') #>> '{}' FROM core_event t
                WHERE e.kind = 'token.revoked' AND t.kind = 'token.created' AND t.subject = e.subject
        ) c
        WHERE e.kind IN ('member.joined', 'member.role_changed', 'member.removed', 'advisor.assigned',
            'advisor.unassigned', 'token.created', 'token.revoked')
    ),
    periods AS MATERIALIZED (
        SELECT m.id, m.user_id::text AS person, g.name AS place, m.since, m.until
        FROM accounts_membershipperiod m JOIN auth_group g ON g.id = m.group_id
    )
"""
# A period begins and ends with an event, or where its neighbour ends and begins.
PERIODS = f"""
    WITH {CHANGES},
    known AS MATERIALIZED (
        SELECT joins AS begins, person, place, at - {SAME_MOMENT} AS earliest, at + {SAME_MOMENT} AS latest FROM changes
        UNION ALL SELECT true, person, place, until, until FROM periods WHERE until IS NOT NULL
        UNION ALL SELECT false, person, place, since, since FROM periods
    )
    SELECT p.id, p.what
    FROM (
        SELECT id, 'since' AS what, true AS begins, person, place, since AS at FROM periods
        UNION ALL SELECT id, 'until', false, person, place, until FROM periods WHERE until IS NOT NULL
    ) p
    WHERE NOT EXISTS (
        SELECT FROM known k WHERE (k.person, k.place, k.begins) = (p.person, p.place, p.begins)
        AND p.at BETWEEN k.earliest AND k.latest
    )
    ORDER BY p.id, p.what LIMIT 1
"""  # noqa: S608 - no value from outside
# After somebody joined there is an open period; after somebody left there is none.
EVENTS = f"""
    WITH {CHANGES}
    SELECT c.id, c.person, c.place FROM changes c
    WHERE c.joins AND NOT EXISTS (
        SELECT FROM periods p WHERE (p.person, p.place) = (c.person, c.place)
        AND p.since <= c.at + {SAME_MOMENT} AND (p.until IS NULL OR p.until >= c.at - {SAME_MOMENT})
    )
    UNION ALL
    SELECT c.id, c.person, c.place FROM changes c JOIN periods p ON (p.person, p.place) = (c.person, c.place)
    WHERE NOT c.joins AND p.since < c.at - {SAME_MOMENT} AND (p.until IS NULL OR p.until > c.at + {SAME_MOMENT})
    ORDER BY 1 LIMIT 1
"""  # noqa: S608 - no value from outside
NOW = """
    SELECT coalesce(m.user_id, p.user_id), g.name, m.user_id IS NULL
    FROM accounts_user_groups m
    FULL JOIN (SELECT * FROM accounts_membershipperiod WHERE until IS NULL) p
        ON (p.user_id, p.group_id) = (m.user_id, m.group_id)
    LEFT JOIN auth_group g ON g.id = coalesce(m.group_id, p.group_id)
    WHERE m.user_id IS NULL OR p.id IS NULL
    ORDER BY 1, 2 LIMIT 1
"""
TABLE = MembershipPeriod._meta.db_table


def compare_memberships(_keys: Keys) -> Iterator[Problem]:
    """Yield a membership or period that no event accounts for, or that is missing although an event does."""
    for person, place, is_missing in rows_of(NOW):
        what = (
            "is no member now, and a period says the opposite" if is_missing else "is a member, and no period says so"
        )
        yield Problem("accounts_user_groups", f"{person} in {place}", what)
    for period, column in rows_of(PERIODS):
        yield Problem(TABLE, period, f"no event tells of its {column}")
    for event, person, place in rows_of(EVENTS):
        yield Problem(TABLE, f"{person} in {place}", f"its periods are not what event {event} says")
