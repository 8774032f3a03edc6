"""Whether a person may do something for one brand, asked of the roles."""

from brands.models import Brand
from portal.accounts.roles import Visitor


def member_may(user: Visitor, codename: str, brand: int) -> bool:
    """Return whether `user` holds `codename` through a role in the active brand with this key."""
    return Brand.objects.where(user, codename).filter(pk=brand).exists()


def reads_for(user: Visitor, brand: int) -> bool:
    """Return whether `user` reads for the active brand with this key."""
    return Brand.objects.own(user).filter(pk=brand).exists()
