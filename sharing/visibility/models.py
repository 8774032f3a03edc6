"""The report of a cycle, which is what a factory consents to, and the index of what grants may open to brands."""

import pgtrigger
from django.db import models
from django.db.models import F, Q

from brands.models import Brand
from factories.models import Factory
from portal.core.triggers import columns_are_final, refuse_truncate
from sharing.grants.models import SharingGrant
from sharing.scopes import ASSESSMENT_SCOPES

FOREVER = "9999-12-31 00:00:00+00"
# The rows of the index for one grant, or one report: `sharing.terms` in plain SQL.
ROWS = f"""
    INSERT INTO sharing_visibility (grant_id, report_id, brand_id, scope, opens_at, until)
    SELECT g.id, r.id, g.brand_id, g.scope,
        GREATEST(g.valid_from, g.confirmed_at, r.first_published_at + g.hold_days * interval '1 day'),
        COALESCE(g.expires_at, '{FOREVER}')
    FROM sharing_sharinggrant g JOIN sharing_cyclereport r ON r.factory_id = g.factory_id
    WHERE {{which}} AND r.withdrawn_at IS NULL AND g.ended_at IS NULL
        AND (NOT g.needs_confirmation OR g.confirmed_at IS NOT NULL)
        AND g.scope IN ({", ".join(f"'{scope}'" for scope in ASSESSMENT_SCOPES)})
        AND (g.cycles = 'all' OR (g.cycles = 'from' AND g.cycle_numbers[1] <= r.cycle)
            OR (g.cycles = 'only' AND r.cycle = ANY (g.cycle_numbers)))
"""  # noqa: S608 - constants
LOCK = "PERFORM 1 FROM factories_factory WHERE id = NEW.factory_id FOR NO KEY UPDATE;"


def _indexes(source: str, alias: str) -> pgtrigger.Trigger:
    """Return the trigger that writes the rows of one source, a report or a grant, anew; `alias`: its name in `ROWS`."""
    return pgtrigger.Trigger(
        name="indexes_visibility",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=pgtrigger.Func(
            f"""
                    {LOCK}
                    DELETE FROM sharing_visibility WHERE {source}_id = NEW.id;
                    {ROWS.format(which=f"{alias}.id = NEW.id")};
                    RETURN NULL;
                    """  # noqa: S608 - constants, indented as in the migration
        ),
    )


class CycleReport(models.Model):
    """The report of one cycle of a factory, from its first publication until it is withdrawn, through all corrections.

    The unit of consent: grants open it, holds count from its first publication, and its versions (assessments) are
    visible to whoever it is open to. A publication after a withdrawal begins another report. Never deleted.
    """

    factory = models.ForeignKey(Factory, on_delete=models.PROTECT, related_name="cycle_reports")
    cycle = models.PositiveSmallIntegerField()
    first_published_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["factory", "cycle"], condition=Q(withdrawn_at=None), name="sharing_cyclereport_one_open"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=F("first_published_at")),
                name="sharing_cyclereport_period",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            columns_are_final(
                "facts_are_final",
                ["factory_id", "cycle", "first_published_at"],
                "A report keeps its factory, its cycle and its first publication.",
            ),
            pgtrigger.Protect(
                name="withdrawn_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__withdrawn_at__isnull=False),
            ),
            _indexes("report", "r"),
            refuse_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.factory_id} cycle {self.cycle}"


class Visibility(models.Model):
    """One report that one open grant may open, in the brand's order of opening. It only proposes; the grant decides.

    Written only by the triggers on grants and reports, both under the factory's lock. Whatever is read through it is
    checked by the access decision again; what a factory withholds, subscriptions and whether the brand is active are
    not stored here. `manage.py check_sharing` compares it with its sources and rebuilds it.
    """

    grant = models.ForeignKey(SharingGrant, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    report = models.ForeignKey(
        CycleReport, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="visibility"
    )
    brand = models.ForeignKey(Brand, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    scope = models.CharField(max_length=20)
    opens_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "brand", "scope"], name="sharing_visibility_once")]
        indexes = [
            models.Index(
                fields=["brand", "-opens_at", "-report"],
                include=["scope", "until", "id"],
                name="sharing_visibility_list",
            ),
        ]
        triggers = [refuse_truncate()]

    def __str__(self) -> str:
        return f"{self.grant_id} {self.report_id}"


class IndexedGrant(SharingGrant):
    """Grants, with the trigger that updates the index when one is given, confirmed or ended."""

    class Meta:
        proxy = True
        triggers = [
            _indexes("grant", "g"),
            refuse_truncate(),
        ]
