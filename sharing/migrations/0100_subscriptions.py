"""Subscriptions get a period and who recorded them; `sharing_opened_at` counts them from recorded to withdrawn.

The table is made anew: nothing could write a row into it until now.
"""

import importlib

import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

COVERS = "({g}.cycles = 'all' OR ({g}.cycles = 'from' AND {g}.cycle_number <= of_cycle) OR ({g}.cycles = 'only' AND {g}.cycle_number = of_cycle))"

CREATE = f"""
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
    UNION ALL SELECT w.released_at FROM sharing_withheldreport w
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
            AND w.withheld_at <= m.at AND (w.released_at IS NULL OR w.released_at > m.at))
$$
"""
EARLIER = importlib.import_module("sharing.migrations.0002_opened_at")
BACK = EARLIER.CREATE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [
        ("brands", "0001_initial"),
        ("factories", "0001_initial"),
        ("sharing", "0002_opened_at"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.DeleteModel("Subscription"),
        migrations.CreateModel(
            name='Subscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='cycle')),
                ('bought_on', models.DateField(verbose_name='bought on')),
                ('recorded_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('end_reason', models.CharField(blank=True, max_length=300)),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='subscriptions', to='brands.brand')),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('factory', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='factories.factory')),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['factory', 'brand', 'cycle'], name='sharing_subscription_decides'), models.Index(fields=['-recorded_at', '-id'], name='sharing_subscription_list')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('brand', 'factory', 'cycle'), name='sharing_subscription_once'), models.CheckConstraint(condition=models.Q(('cycle__range', (1, 100))), name='sharing_subscription_cycle'), models.CheckConstraint(condition=models.Q(models.Q(('end_reason', ''), ('ended_at', None), ('ended_by', None)), models.Q(('ended_at__gte', models.F('recorded_at')), ('ended_by__isnull', False), models.Q(('end_reason', ''), _negated=True)), _connector='OR'), name='sharing_subscription_end')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='subscription',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='865a8c1d0ab41aaaa9f82a43a85cd3e108765697', operation='DELETE', pgid='pgtrigger_never_deleted_3ae79', table='sharing_subscription', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='subscription',
            trigger=pgtrigger.compiler.Trigger(name='facts_are_final', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF ROW(OLD.brand_id, OLD.factory_id, OLD.cycle, OLD.bought_on, OLD.recorded_at, OLD.recorded_by_id) IS DISTINCT FROM ROW(NEW.brand_id, NEW.factory_id, NEW.cycle, NEW.bought_on, NEW.recorded_at, NEW.recorded_by_id) THEN\n                RAISE EXCEPTION 'A subscription cannot change. Withdraw it, and record it again.' USING ERRCODE = 'integrity_constraint_violation';\n            END IF;\n            RETURN NEW;\n            ", hash='82c0058460fa0e6bd7188075e7af31aa9bde4f89', operation='UPDATE', pgid='pgtrigger_facts_are_final_bc3c8', table='sharing_subscription', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='subscription',
            trigger=pgtrigger.compiler.Trigger(name='ended_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."ended_at" IS NOT NULL)', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='1110d454113e0fa0f56056ef965f443b3be3f923', operation='UPDATE', pgid='pgtrigger_ended_once_38ed0', table='sharing_subscription', when='BEFORE')),
        ),
        migrations.RunSQL(CREATE, BACK),
    ]
