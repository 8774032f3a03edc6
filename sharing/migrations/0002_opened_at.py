"""When the report of a cycle was first open under a grant, or under one that the grant replaced without a gap.

A version that was replaced stays open to whom the report had opened before (R51). The oracle of
tests/sharing/oracle.py says the same in Python.
"""

from django.db import migrations

COVERS = "({g}.cycles = 'all' OR ({g}.cycles = 'from' AND {g}.cycle_number <= of_cycle) OR ({g}.cycles = 'only' AND {g}.cycle_number = of_cycle))"

CREATE = f"""
CREATE FUNCTION sharing_opened_at(of_grant uuid, of_cycle integer, published timestamptz)
RETURNS timestamptz LANGUAGE sql STABLE AS $$
WITH RECURSIVE step AS (
    SELECT g.replaces_id, g.factory_id, g.brand_id, g.hold_days, true AS given, t.starts, t.over, t.starts AS needed
    FROM sharing_sharinggrant g
    CROSS JOIN LATERAL (
        SELECT GREATEST(g.valid_from, g.confirmed_at) AS starts,
            COALESCE(LEAST(g.ended_at, g.expires_at), 'infinity') AS over
    ) t
    WHERE g.id = of_grant
    UNION ALL
    -- What it replaced, as long as there is no gap. A change that was only proposed is passed over.
    SELECT p.replaces_id, p.factory_id, p.brand_id, p.hold_days, t.given, t.starts, t.over,
        CASE WHEN t.given THEN t.starts ELSE step.needed END
    FROM step JOIN sharing_sharinggrant p ON p.id = step.replaces_id
    CROSS JOIN LATERAL (
        SELECT NOT p.needs_confirmation OR p.confirmed_at IS NOT NULL AS given,
            GREATEST(p.valid_from, p.confirmed_at) AS starts,
            COALESCE(LEAST(p.ended_at, p.expires_at), 'infinity') AS over
    ) t
    WHERE NOT t.given OR (t.over >= step.needed AND {COVERS.format(g="p")})
), opening AS (
    SELECT step.brand_id, step.factory_id, f.programme_id, step.over,
        GREATEST(step.starts, published + step.hold_days * interval '1 day') AS opens
    FROM step JOIN factories_factory f ON f.id = step.factory_id WHERE step.given
)
-- The report opens when the grant lets it, or when the last thing that stood in the way goes.
SELECT min(m.at)
FROM opening o
CROSS JOIN LATERAL (
    SELECT o.opens
    UNION ALL SELECT w.allowed_at FROM sharing_withheldreport w
        WHERE w.factory_id = o.factory_id AND w.brand_id = o.brand_id AND w.cycle = of_cycle
    UNION ALL SELECT h.since FROM brands_brandhistory h WHERE h.brand_id = o.brand_id
    UNION ALL SELECT h.since FROM factories_programmehistory h WHERE h.programme_id = o.programme_id
    UNION ALL SELECT s.recorded_at FROM sharing_subscription s
        WHERE s.factory_id = o.factory_id AND s.brand_id = o.brand_id AND s.cycle = of_cycle
) m (at)
CROSS JOIN LATERAL (
    SELECT h.is_active, h.kind FROM brands_brandhistory h WHERE h.brand_id = o.brand_id
    ORDER BY CASE WHEN h.since <= m.at THEN h.since END DESC NULLS LAST,
        CASE WHEN h.since <= m.at THEN h.id END DESC NULLS LAST, h.since, h.id LIMIT 1
) brand
LEFT JOIN LATERAL (
    SELECT h.participants_need_subscription AS needed FROM factories_programmehistory h
    WHERE h.programme_id = o.programme_id
    ORDER BY CASE WHEN h.since <= m.at THEN h.since END DESC NULLS LAST,
        CASE WHEN h.since <= m.at THEN h.id END DESC NULLS LAST, h.since, h.id LIMIT 1
) subscription ON true
WHERE m.at >= o.opens AND m.at < o.over
    AND brand.is_active
    AND (brand.kind = 'partner' OR subscription.needed IS NOT TRUE OR EXISTS (
        SELECT 1 FROM sharing_subscription s WHERE s.factory_id = o.factory_id AND s.brand_id = o.brand_id
            AND s.cycle = of_cycle AND s.recorded_at <= m.at AND (s.ended_at IS NULL OR s.ended_at > m.at)))
    AND NOT EXISTS (
        SELECT 1 FROM sharing_withheldreport w
        WHERE w.factory_id = o.factory_id AND w.brand_id = o.brand_id AND w.cycle = of_cycle
            AND w.withheld_at <= m.at AND (w.allowed_at IS NULL OR w.allowed_at > m.at))
$$
"""

class Migration(migrations.Migration):
    dependencies = [
        ("sharing", "0001_initial"),
        ("brands", "0001_initial"),
        ("factories", "0001_initial"),
    ]
    operations = [migrations.RunSQL(CREATE, "DROP FUNCTION sharing_opened_at(uuid, integer, timestamptz)")]
