"""Changes to brands. Each of them is one transaction with its event."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brands.events import BrandEvent
from brands.lookalikes import is_plain, shape, tidied
from brands.models import Brand
from brands.roles import BRAND
from portal.accounts.models import User
from portal.accounts.roles import create_role_groups, has_general_permission
from portal.core.events import record

EDITABLE = frozenset({"name", "kind", "website", "country", "is_active"})


def _authorise(by: User) -> None:
    if not has_general_permission(by, "brands.manage_brands"):
        raise PermissionDenied(
            _("Only global staff may add or change a brand, because factories rely on checked names.")
        )


def _refuse_others(fields: Iterable[str]) -> None:
    """Raise `ValidationError` if there are fields that cannot be set here."""
    if unknown := set(fields) - EDITABLE:
        raise ValidationError({name: _("This field cannot be set here. Leave it out.") for name in unknown})


def checked_name(name: str, besides: int | None = None) -> str:
    """Return the name as it is stored. Raises `ValidationError` if it could be mistaken for another brand's."""
    name = tidied(name)
    if not is_plain(name):
        raise ValidationError(
            {"name": _("The name mixes alphabets within a word or contains hidden characters. Type it again.")}
        )
    for other in Brand.objects.exclude(pk=besides or 0).order_by("name"):
        if shape(name) and shape(other.name) == shape(name):
            sentence = _("%s has a similar name. A factory could confuse the two.")
            raise ValidationError({"name": sentence % other.name})
    return name


@transaction.atomic
def create_brand(*, by: User, name: str, **fields: object) -> Brand:
    """Create a brand with its role groups. Raises `PermissionDenied`, or `ValidationError` by field."""
    _authorise(by)
    _refuse_others(fields)
    brand = Brand(**fields, name=checked_name(name), verified_at=timezone.now())
    brand.full_clean()
    brand.save()
    create_role_groups(BRAND, brand)
    record(BrandEvent.CREATED, by=by, brand_id=brand.pk, subject=brand.pk)
    return brand


@transaction.atomic
def update_brand(*, by: User, brand: Brand, **fields: Any) -> Brand:
    """Change a brand; one that is made inactive can read nothing from the next query on.

    Raises `PermissionDenied`, or `ValidationError` by field.
    """
    _authorise(by)
    _refuse_others(fields)
    brand = Brand.objects.select_for_update().get(pk=brand.pk)
    if fields.get("name", brand.name) != brand.name:
        fields["name"] = checked_name(fields["name"], brand.pk)
    changes = {name: [getattr(brand, name), value] for name, value in fields.items() if getattr(brand, name) != value}
    for name, value in fields.items():
        setattr(brand, name, value)
    brand.full_clean()
    brand.save()
    if changes:
        record(BrandEvent.UPDATED, by=by, brand_id=brand.pk, subject=brand.pk, changes=changes)
    return brand
