"""Brands and the suppliers they name."""

from datetime import datetime

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from brands.reads import ANY_READ, READS
from portal.accounts.models import RoleGroup, User
from portal.accounts.prepared import PreparedKeys
from portal.accounts.role_index import (
    Source,
    content_type_trigger,
    membership_trigger,
    named_permission_trigger,
    permission_triggers,
)
from portal.accounts.roles import GroupObjectPermissionBase, Visitor, has_general_permission, permitted_ids
from portal.core.conditions import among
from portal.core.drawn import drawn_id
from portal.core.history import latest_at
from portal.core.identifiers import OS_HUB_ID
from portal.core.triggers import history_trigger


def brands_where(user: Visitor, codename: str) -> QuerySet[Model, object]:
    """Return the ids of the active brands for which `user` holds `codename`."""
    return Brand.objects.filter(among("pk", permitted_ids(user, "brand", codename)), is_active=True).values("pk")


def own_brands(user: Visitor) -> QuerySet[Model, object]:
    """Return the ids of the active brands on whose behalf `user` reads."""
    mine = Q(pk__in=[])
    for codename in ANY_READ:
        mine |= among("pk", permitted_ids(user, "brand", codename))
    return Brand.objects.filter(mine, is_active=True).values("pk")


# The same, put into SQL once per process, for the conditions of other querysets.
brand_keys = PreparedKeys(brands_where)


own_brand_keys = PreparedKeys(own_brands)


class BrandQuerySet(QuerySet["Brand"]):
    """Brands."""

    def where(self, user: Visitor, codename: str) -> "BrandQuerySet":
        """Return the active brands for which `user` holds `codename`."""
        return self.filter(pk__in=brand_keys(user, codename))

    def own(self, user: Visitor) -> "BrandQuerySet":
        """Return the brands on whose behalf `user` reads."""
        return self.filter(pk__in=own_brand_keys(user))

    def visible_to(self, user: Visitor) -> "BrandQuerySet":
        """Return the user's own brands; all for staff and for factory managers, who choose whom to share with."""
        if has_general_permission(user, "brands.view_all_brands"):
            return self.all()
        return self.own(user)


class BrandHistoryQuerySet(QuerySet["BrandHistory"]):
    """Former and present states of brands."""

    def at(self, moment: datetime) -> "BrandHistoryQuerySet":
        """Return the one row of each brand that was valid at `moment`."""
        return self.filter(latest_at(self.model, "brand", moment))


class SupplierQuerySet(QuerySet["Supplier"]):
    """Rows of supplier lists, each list private to its brand."""

    def visible_to(self, user: Visitor) -> "SupplierQuerySet":
        """Return the rows of the brands on whose behalf `user` reads."""
        return self.filter(brand__in=own_brand_keys(user))


class Brand(models.Model):
    """A buyer that sources from factories. Its name is checked by staff: it is what a factory consents to."""

    class Kind(models.TextChoices):
        PARTNER = "partner", _("Partner")
        PARTICIPANT = "participant", _("Participant")

    id = models.BigAutoField(primary_key=True, default=drawn_id)
    name = models.CharField(_("name"), max_length=150)
    kind = models.CharField(_("agreement"), max_length=12, choices=Kind.choices, default=Kind.PARTICIPANT)
    website = models.URLField(_("website"), blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    # When staff checked who this is: a factory consents to a name that somebody vouches for.
    verified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BrandQuerySet.as_manager()

    class Meta:
        permissions = [
            ("view_all_brands", "See the list of brands"),
            ("manage_brands", "Add brands, edit them, look after their members"),
            *((read.permission, read.says) for read in READS),
            ("manage_members", "Invite, change and remove the brand's members, make tokens"),
            ("edit_suppliers", "Edit the brand's supplier list"),
        ]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="brands_brand_name"),
            models.CheckConstraint(condition=models.Q(kind__in=["partner", "participant"]), name="brands_brand_kind"),
        ]
        indexes = [models.Index(fields=["name", "id"], name="brands_brand_list")]
        triggers = [history_trigger("keeps_history", "brands_brandhistory", "brand_id", ["name", "kind", "is_active"])]

    def __str__(self) -> str:
        return self.name


class BrandHistory(models.Model):
    """A brand's name, its agreement and whether it was active, since a moment: written by the database itself."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="history")
    name = models.CharField(max_length=150)
    kind = models.CharField(max_length=12)
    is_active = models.BooleanField()
    since = models.DateTimeField()

    objects = BrandHistoryQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["brand", "-since", "-id"], name="brands_brandhistory_at")]

    def __str__(self) -> str:
        return f"{self.name} {self.since:%Y-%m-%d}"


class Supplier(models.Model):
    """One row of a brand's own supplier list, as the brand wrote it. It gives no access.

    `bw_id` is what the brand believes the programme's id to be; `sharing`, which knows both sides, checks whether that
    factory exists.
    """

    id = models.BigAutoField(primary_key=True, default=drawn_id)
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="suppliers")
    name = models.CharField(_("name"), max_length=300)
    country = models.CharField(_("country"), max_length=80, blank=True)
    address = models.CharField(_("address"), max_length=500, blank=True)
    sector = models.CharField(_("sector"), max_length=120, blank=True)
    bw_id = models.CharField(_("Better Work ID"), max_length=40, blank=True)
    os_hub_id = models.CharField(_("OS Hub ID"), max_length=40, blank=True, validators=[OS_HUB_ID])
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    added_at = models.DateTimeField(auto_now_add=True)

    objects = SupplierQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), Lower("address"), "country", "brand", name="brands_supplier_once")
        ]
        indexes = [models.Index(fields=["brand", "name", "id"], name="brands_supplier_list")]

    def __str__(self) -> str:
        return self.name


class BrandRole(RoleGroup):
    """A role in one brand."""

    organisation = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="roles")

    class Meta(RoleGroup.Meta):
        constraints = [models.UniqueConstraint(fields=["organisation", "role"], name="brands_brandrole_once")]


class BrandGroupObjectPermission(GroupObjectPermissionBase):
    """A permission of a role's group for one brand; `sharing.access` checks the `read_*` rows."""

    content_object = models.ForeignKey(Brand, on_delete=models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        triggers = permission_triggers(Source("brand", "brands_brandgroupobjectpermission", "brands", "brand"))


class BrandMembership(User.groups.through):  # type: ignore[name-defined,misc] # made by Django
    """The membership of people in groups, with the trigger that keeps their permissions on brands up to date."""

    class Meta:
        proxy = True
        triggers = [membership_trigger("brand")]


class BrandPermission(Permission):
    """Django's permissions, with the trigger that keeps what roles may do for brands up to date."""

    class Meta:
        proxy = True
        triggers = [named_permission_trigger("brand")]


class BrandContentType(ContentType):
    """Django's content types: the one of brands decides which permissions count for brands."""

    class Meta:
        proxy = True
        triggers = [content_type_trigger("brand")]
