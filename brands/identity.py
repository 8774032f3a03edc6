"""The identity of a brand, where a factory chooses it: whether staff checked its name, and its former names.

The former names, which the database itself keeps, expose a brand that was renamed to look like another.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from brands.models import Brand, BrandHistory


@dataclass(frozen=True)
class Identity:
    """A brand with its former names, the latest first."""

    brand: Brand
    former_names: list[str]

    @property
    def is_verified(self) -> bool:
        """True if staff have checked who this is."""
        return self.brand.verified_at is not None


def identities(brands: Iterable[Brand]) -> list[Identity]:
    """Return the identity of each brand, in the given order. One query."""
    brands = list(brands)
    former: dict[int, list[str]] = {}
    history = BrandHistory.objects.filter(brand__in=brands).order_by("-since", "-pk").values_list("brand", "name")
    for brand_id, name in history:
        names = former.setdefault(brand_id, [])
        if name not in names:
            names.append(name)
    return [Identity(brand, [name for name in former.get(brand.pk, []) if name != brand.name]) for brand in brands]
