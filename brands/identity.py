"""The identity of a brand, where a factory chooses it: whether staff checked its name, and its former names.

The former names, which the database itself keeps, expose a brand that was renamed to look like another.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from brands.models import Brand, BrandHistory


@dataclass(frozen=True)
class Identity:
    """A brand with its former names, the latest first."""

    brand: Brand
    former_names: list[str]

    @property
    def names(self) -> list[str]:
        """The brand's name, and those it had before."""
        return [self.brand.name, *self.former_names]

    @property
    def is_verified(self) -> bool:
        """True if staff have checked who this is."""
        return self.brand.verified_at is not None


def identities(brands: Iterable[Brand]) -> list[Identity]:
    """Return the identity of each brand, in the given order. One query."""
    brands = list(brands)
    names: dict[int, list[str]] = {}
    for brand_id, name in _names().filter(brand__in=brands).values_list("brand", "name"):
        names.setdefault(brand_id, []).append(name)
    return [_identity(brand, names.get(brand.pk, [])) for brand in brands]


def with_names_held(brands: QuerySet[Brand]) -> QuerySet[Brand]:
    """Return the brands, each with `names_held`: the names that it has had, the latest first, for `identity_of`."""
    return brands.annotate(names_held=ArraySubquery(_names().filter(brand=OuterRef("pk")).values("name")))


def identity_of(brand: Any) -> Identity:
    """Return the identity of a brand that comes from `with_names_held`."""
    return _identity(brand, brand.names_held)


def _names() -> QuerySet[BrandHistory]:
    return BrandHistory.objects.order_by("-since", "-pk")


def _identity(brand: Brand, names: Iterable[str]) -> Identity:
    return Identity(brand, [name for name in dict.fromkeys(names) if name != brand.name])
