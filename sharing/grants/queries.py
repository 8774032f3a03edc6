"""Grants as their readers ask for them."""

from brands.models import Brand
from portal.accounts.roles import Visitor
from sharing.grants.models import SharingGrant, SharingGrantQuerySet


def granted_to(user: Visitor) -> SharingGrantQuerySet:
    """Return the grants, current or past, to brands that `user` reads for."""
    return SharingGrant.objects.visible_to(user).filter(brand__in=Brand.objects.own(user).values("pk"))
