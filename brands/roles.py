"""The roles of brands. A role's `read_*` permissions name the scopes its holder may read (docs/rules.md)."""

from django.utils.translation import gettext_lazy as _

from brands.models import Brand, BrandGroupObjectPermission, BrandRole
from brands.reads import ANY_READ, READS, Read
from portal.accounts.roles import (
    OrganisationKind,
    Role,
    Visitor,
    has_active_manager,
    has_general_permission,
    has_permission,
    register,
)

READS_ALL = frozenset(ANY_READ)
# The roles that a new token may hold: one for each scope on offer (`sharing.scopes`). A token with another keeps it.
OFFERED_INTEGRATIONS = tuple(read.integration for read in READS if read.is_offered)


def may_manage_brand_members(user: Visitor, brand: Brand) -> bool:
    """Return whether `user` may manage the brand's members.

    Its managers may; global staff who admit brands may only while it has no manager, to bring in the first one.
    """
    if has_permission(user, "brand", "manage_members", brand.pk):
        return True
    return not has_active_manager(BRAND, brand) and may_oversee_brand(user, brand)


def may_oversee_brand(user: Visitor, _brand: object) -> bool:
    """Return whether `user` is one of the global staff who admit brands."""
    return has_general_permission(user, "brands.manage_brands")


def _integration(read: Read) -> Role:
    return Role(read.integration, read.label, frozenset({read.permission}), is_invitable=False)


BRAND = register(
    OrganisationKind(
        name="brand",
        label=_("Brand"),
        model=Brand,
        role_model=BrandRole,
        permission_model=BrandGroupObjectPermission,
        visible_to=Brand.objects.visible_to,
        may_manage_members=may_manage_brand_members,
        may_oversee=may_oversee_brand,
        news="read_report",
        roles={
            "manager": Role(
                "manager",
                _("Brand manager"),
                READS_ALL | {"manage_members", "edit_suppliers"},
                is_manager=True,
                summary=_("Does what a member does, edits the list of suppliers, and manages the brand's members."),
            ),
            "member": Role(
                "member",
                _("Brand member"),
                READS_ALL,
                summary=_("Reads what factories share with the brand, and asks factories for access."),
            ),
            **{read.integration: _integration(read) for read in READS},
        },
    )
)
