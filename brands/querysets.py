"""Which brands a person may see: every read of them starts here."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Q, QuerySet

from brands.reads import ANY_READ
from portal.accounts.roles import Visitor, has_general_permission, held
from portal.accounts.worded import WordedKeys
from portal.core.conditions import among
from portal.core.history import latest_at

if TYPE_CHECKING:
    from brands.models import Brand, BrandHistory, Supplier  # noqa: F401 - named in the bases below


def brands_where(user: Visitor, codename: str) -> QuerySet[Any, Any]:
    """Return the ids of the active brands for which `user` holds `codename`."""
    return _active(held(user, "brand", codename))


def own_brands(user: Visitor) -> QuerySet[Any, Any]:
    """Return the ids of the active brands that `user` reads for."""
    mine = Q(pk__in=[])
    for codename in ANY_READ:
        mine |= among("pk", held(user, "brand", codename))
    return apps.get_model("brands", "Brand")._default_manager.filter(mine, is_active=True).values("pk")


def _active(keys: QuerySet[Any, int]) -> QuerySet[Any, Any]:
    return apps.get_model("brands", "Brand")._default_manager.filter(among("pk", keys), is_active=True).values("pk")


# The same, worded once: for the conditions of other querysets.
brand_keys = WordedKeys(brands_where)
own_brand_keys = WordedKeys(own_brands)


class BrandQuerySet(QuerySet["Brand"]):
    """Brands."""

    def where(self, user: Visitor, codename: str) -> "BrandQuerySet":
        """The active brands for which `user` holds `codename`."""
        return self.filter(pk__in=brand_keys(user, codename))

    def own(self, user: Visitor) -> "BrandQuerySet":
        """The brands that `user` reads for."""
        return self.filter(pk__in=own_brand_keys(user))

    def visible_to(self, user: Visitor) -> "BrandQuerySet":
        """Own brands; all of them for staff and for factory managers, who choose whom to share with."""
        if has_general_permission(user, "brands.view_all_brands"):
            return self.all()
        return self.own(user)


class BrandHistoryQuerySet(QuerySet["BrandHistory"]):
    """What brands were."""

    def at(self, moment: datetime) -> "BrandHistoryQuerySet":
        """The one row of each brand that held at `moment`."""
        return self.filter(latest_at(self.model, "brand", moment))


class SupplierQuerySet(QuerySet["Supplier"]):
    """A brand's supplier list is its own business."""

    def visible_to(self, user: Visitor) -> "SupplierQuerySet":
        """The lines of the brands that `user` reads for."""
        return self.filter(brand__in=own_brand_keys(user))
