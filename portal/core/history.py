"""Rows that record what a setting was and since when, written by a trigger (`portal.core.triggers.history_trigger`).

For "any day in the past": the same decision, asked with a date, reads the settings of that date.
"""

from datetime import datetime

from django.db.models import Model, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce


def latest_at(history: type[Model], owner: str, moment: datetime) -> Q:
    """Return the condition that a row of `history` (with `since`, and `owner`: a foreign key) held at `moment`.

    It holds for one row an owner: the newest that began by then; before anything was recorded, the oldest.
    """
    rows = history._default_manager.filter(**{owner: OuterRef(owner)})
    held = rows.filter(since__lte=moment).order_by("-since", "-pk").values("pk")[:1]
    oldest = rows.order_by("since", "pk").values("pk")[:1]
    return Q(pk=Coalesce(Subquery(held), Subquery(oldest)))
