"""The terms of a grant and of a request name any number of cycles (decision 56).

The type of the column changes in place: rewriting a table fires no trigger, so what may never be written again is
carried over, too. Not reversible: 0.8.0 has no place for a grant that names two cycles.
"""

import django.contrib.postgres.fields
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

COVERS = "(p.cycles = 'all' OR (p.cycles = 'from' AND p.cycle_numbers[1] <= of_cycle) OR (p.cycles = 'only' AND of_cycle = ANY (p.cycle_numbers)))"

# In order, each once, none of them below 1 or NULL.
IN_ORDER = """
CREATE FUNCTION sharing_in_order(numbers smallint[]) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT numbers = ARRAY(SELECT DISTINCT number FROM unnest(numbers) AS number WHERE number >= 1 ORDER BY number)
$$
"""


def listed(table):
    """Return the operation that makes a list of the number in a table, an empty one where there is none."""
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} DROP CONSTRAINT {table}_cycle_number_check;
        ALTER TABLE {table} RENAME COLUMN cycle_number TO cycle_numbers;
        ALTER TABLE {table} ALTER COLUMN cycle_numbers TYPE smallint[] USING array_remove(ARRAY[cycle_numbers], NULL);
        ALTER TABLE {table} ALTER COLUMN cycle_numbers SET NOT NULL;
        """
    )


def numbers():
    """Return the field as models have it from here on."""
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.PositiveSmallIntegerField(), blank=True, default=list, size=None, verbose_name='cycle numbers'
    )


# As in 0002, but for what a grant covers.
OPENED_AT = f"""
CREATE OR REPLACE FUNCTION sharing_opened_at(of_grant uuid, of_cycle integer, published timestamptz)
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
    WHERE NOT t.given OR (t.over >= step.needed AND {COVERS})
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
    dependencies = [('sharing', '0004_undo')]

    operations = [
        pgtrigger.migrations.RemoveTrigger(model_name='cyclereport', name='indexes_visibility'),
        pgtrigger.migrations.RemoveTrigger(model_name='sharinggrant', name='terms_are_final'),
        pgtrigger.migrations.RemoveTrigger(model_name='accessrequest', name='facts_are_final'),
        pgtrigger.migrations.RemoveTrigger(model_name='indexedgrant', name='indexes_visibility'),
        migrations.RemoveConstraint(model_name='sharinggrant', name='sharing_grant_cycles'),
        migrations.RemoveConstraint(model_name='accessrequest', name='sharing_accessrequest_cycles'),
        migrations.RunSQL(IN_ORDER),
        migrations.SeparateDatabaseAndState(
            database_operations=[listed('sharing_sharinggrant'), listed('sharing_accessrequest')],
            state_operations=[
                operation
                for model in ('sharinggrant', 'accessrequest')
                for operation in (
                    migrations.RenameField(model_name=model, old_name='cycle_number', new_name='cycle_numbers'),
                    migrations.AlterField(model_name=model, name='cycle_numbers', field=numbers()),
                )
            ],
        ),
        migrations.AlterField(
            model_name='sharinggrant',
            name='cycles',
            field=models.CharField(choices=[('all', 'All cycles'), ('from', 'From a cycle on'), ('only', 'Only these cycles')], default='all', max_length=5, verbose_name='cycles'),
        ),
        migrations.AlterField(
            model_name='accessrequest',
            name='cycles',
            field=models.CharField(choices=[('all', 'All cycles'), ('from', 'From a cycle on'), ('only', 'Only these cycles')], max_length=5, verbose_name='cycles'),
        ),
        migrations.AddConstraint(
            model_name='sharinggrant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('cycle_numbers__len__range', (0, 0)), ('cycles', 'all')), models.Q(('cycle_numbers__len__range', (1, 1)), ('cycles', 'from')), models.Q(('cycle_numbers__len__range', (1, 30)), ('cycles', 'only')), _connector='OR'), models.Func('cycle_numbers', function='sharing_in_order', output_field=models.BooleanField())), name='sharing_grant_cycles'),
        ),
        migrations.AddConstraint(
            model_name='accessrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('cycle_numbers__len__range', (0, 0)), ('cycles', 'all')), models.Q(('cycle_numbers__len__range', (1, 1)), ('cycles', 'from')), models.Q(('cycle_numbers__len__range', (1, 30)), ('cycles', 'only')), _connector='OR'), models.Func('cycle_numbers', function='sharing_in_order', output_field=models.BooleanField())), name='sharing_accessrequest_cycles'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='cyclereport',
            trigger=pgtrigger.compiler.Trigger(name='indexes_visibility', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    PERFORM 1 FROM factories_factory WHERE id = NEW.factory_id FOR NO KEY UPDATE;\n                    DELETE FROM sharing_visibility WHERE report_id = NEW.id;\n                    \n    INSERT INTO sharing_visibility (grant_id, report_id, brand_id, scope, opens_at, until)\n    SELECT g.id, r.id, g.brand_id, g.scope,\n        GREATEST(g.valid_from, g.confirmed_at, r.first_published_at + g.hold_days * interval '1 day'),\n        COALESCE(g.expires_at, '9999-12-31 00:00:00+00')\n    FROM sharing_sharinggrant g JOIN sharing_cyclereport r ON r.factory_id = g.factory_id\n    WHERE r.id = NEW.id AND r.withdrawn_at IS NULL AND g.ended_at IS NULL\n        AND (NOT g.needs_confirmation OR g.confirmed_at IS NOT NULL)\n        AND g.scope IN ('report', 'step1')\n        AND (g.cycles = 'all' OR (g.cycles = 'from' AND g.cycle_numbers[1] <= r.cycle)\n            OR (g.cycles = 'only' AND r.cycle = ANY (g.cycle_numbers)))\n;\n                    RETURN NULL;\n                    ", hash='77ed0d8ee210e8a2f4bb1bebb2eae390a24c9ecb', operation='INSERT OR UPDATE', pgid='pgtrigger_indexes_visibility_9d88d', table='sharing_cyclereport', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sharinggrant',
            trigger=pgtrigger.compiler.Trigger(name='terms_are_final', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF ROW(OLD.factory_id, OLD.brand_id, OLD.scope, OLD.cycles, OLD.cycle_numbers, OLD.valid_from, OLD.expires_at, OLD.purpose, OLD.hold_days, OLD.granted_by_id, OLD.granted_for, OLD.consent_document, OLD.created_at, OLD.replaces_id, OLD.follows_id, OLD.needs_confirmation) IS DISTINCT FROM ROW(NEW.factory_id, NEW.brand_id, NEW.scope, NEW.cycles, NEW.cycle_numbers, NEW.valid_from, NEW.expires_at, NEW.purpose, NEW.hold_days, NEW.granted_by_id, NEW.granted_for, NEW.consent_document, NEW.created_at, NEW.replaces_id, NEW.follows_id, NEW.needs_confirmation) THEN\n                RAISE EXCEPTION 'The terms of a grant cannot change. End it and start another.' USING ERRCODE = 'integrity_constraint_violation';\n            END IF;\n            RETURN NEW;\n            ", hash='175bb2e8455b5cf6aec5d2e2eb0d03f3a6943203', operation='UPDATE', pgid='pgtrigger_terms_are_final_cf6c5', table='sharing_sharinggrant', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accessrequest',
            trigger=pgtrigger.compiler.Trigger(name='facts_are_final', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF ROW(OLD.factory_id, OLD.brand_id, OLD.scopes, OLD.cycles, OLD.cycle_numbers, OLD.expires_at, OLD.purpose, OLD.message, OLD.asked_by_id, OLD.created_at, OLD.lapses_at) IS DISTINCT FROM ROW(NEW.factory_id, NEW.brand_id, NEW.scopes, NEW.cycles, NEW.cycle_numbers, NEW.expires_at, NEW.purpose, NEW.message, NEW.asked_by_id, NEW.created_at, NEW.lapses_at) THEN\n                RAISE EXCEPTION 'What was asked cannot change. Withdraw the request and ask again.' USING ERRCODE = 'integrity_constraint_violation';\n            END IF;\n            RETURN NEW;\n            ", hash='b0e2bcc79a9efb1ddc874628d6bfbfe65e19d50f', operation='UPDATE', pgid='pgtrigger_facts_are_final_5fa00', table='sharing_accessrequest', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='indexedgrant',
            trigger=pgtrigger.compiler.Trigger(name='indexes_visibility', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    PERFORM 1 FROM factories_factory WHERE id = NEW.factory_id FOR NO KEY UPDATE;\n                    DELETE FROM sharing_visibility WHERE grant_id = NEW.id;\n                    \n    INSERT INTO sharing_visibility (grant_id, report_id, brand_id, scope, opens_at, until)\n    SELECT g.id, r.id, g.brand_id, g.scope,\n        GREATEST(g.valid_from, g.confirmed_at, r.first_published_at + g.hold_days * interval '1 day'),\n        COALESCE(g.expires_at, '9999-12-31 00:00:00+00')\n    FROM sharing_sharinggrant g JOIN sharing_cyclereport r ON r.factory_id = g.factory_id\n    WHERE g.id = NEW.id AND r.withdrawn_at IS NULL AND g.ended_at IS NULL\n        AND (NOT g.needs_confirmation OR g.confirmed_at IS NOT NULL)\n        AND g.scope IN ('report', 'step1')\n        AND (g.cycles = 'all' OR (g.cycles = 'from' AND g.cycle_numbers[1] <= r.cycle)\n            OR (g.cycles = 'only' AND r.cycle = ANY (g.cycle_numbers)))\n;\n                    RETURN NULL;\n                    ", hash='435f6c7cf7d9bf8b743baf4fc0156cdfa85738bb', operation='INSERT OR UPDATE', pgid='pgtrigger_indexes_visibility_64abe', table='sharing_sharinggrant', when='AFTER')),
        ),
        migrations.RunSQL(OPENED_AT),
    ]
