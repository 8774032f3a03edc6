"""The reports, as the layer of consent asks about them (`sharing.preview.Shelf`); registered when the app is ready."""

from typing import Any

from django.db.models import BigIntegerField, QuerySet

from assessments.models import Assessment
from factories.models import Factory
from portal.accounts.roles import Visitor
from portal.accounts.worded import Worded
from sharing.access import RELEASED_TO_FACTORY
from sharing.preview import use_shelf


def _released(person: Visitor, factory: Any) -> "QuerySet[Assessment]":
    visible = Assessment.objects.inside(person).filter(factory=factory, state__in=RELEASED_TO_FACTORY)
    return visible.order_by("-cycle", "-version")


_rows: Worded[Assessment, Assessment] = Worded(_released, factory=BigIntegerField())


def released(person: Visitor, factory: Factory) -> list[Assessment]:
    """Those released to the factory that `person` sees inside it, the newest cycle and version first."""
    return _rows(person, factory=factory.pk)


use_shelf(released)
