"""The reports, as the layer of consent asks about them (`sharing.preview.Shelf`); registered when the app is ready."""

from assessments.models import Assessment
from factories.models import Factory
from portal.accounts.roles import Visitor
from sharing.access import RELEASED_TO_FACTORY
from sharing.preview import use_shelf


def released(person: Visitor, factory: Factory) -> list[Assessment]:
    """Those released to the factory that `person` sees inside it, the newest cycle and version first."""
    visible = Assessment.objects.inside(person).filter(factory=factory, state__in=RELEASED_TO_FACTORY)
    return list(visible.order_by("-cycle", "-version"))


use_shelf(released)
