"""Who may come in to the API's addresses of one factory's consent."""

from django.shortcuts import get_object_or_404

from factories.models import Factory
from portal.accounts.roles import Visitor
from portal.core.api.views import require


def factory_from_inside(user: Visitor, pk: object) -> Factory:
    """Return the factory of an address, for its people and its country's staff.

    Raises 404 where `user` may not see it, 403 where its consent is not their business.
    """
    factory = get_object_or_404(Factory.objects.visible_to(user).select_related("programme"), pk=pk)
    require(Factory.objects.inside(user), factory)
    return factory
