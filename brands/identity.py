"""Who a brand is, where a factory chooses it: whether staff checked its name, and what it was called before.

A brand that is renamed to look like another is seen through by its former names, which the database itself keeps.
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
        """Whether staff have checked who this is."""
        return self.brand.verified_at is not None


def identities(brands: Iterable[Brand]) -> list[Identity]:
    """Each brand with its identity, in the given order. One query."""
    brands = list(brands)
    former: dict[int, list[str]] = {}
    history = BrandHistory.objects.filter(brand__in=brands).order_by("-since", "-pk").values_list("brand", "name")
    for brand_id, name in history:
        names = former.setdefault(brand_id, [])
        if name not in names:
            names.append(name)
    return [Identity(brand, [name for name in former.get(brand.pk, []) if name != brand.name]) for brand in brands]
