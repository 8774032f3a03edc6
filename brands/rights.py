"""Checks of what a person may do for one brand, according to their roles."""

from brands.models import Brand
from portal.accounts.roles import Visitor


def member_may(user: Visitor, codename: str, brand: int) -> bool:
    """Return whether `user` holds `codename` through a role in the active brand with this key."""
    return Brand.objects.where(user, codename).filter(pk=brand).exists()


def reads_for(user: Visitor, brand: int) -> bool:
    """Return whether `user` reads on behalf of the active brand with this key."""
    return Brand.objects.own(user).filter(pk=brand).exists()
