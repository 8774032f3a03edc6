"""The records of who saw what: the log that a factory reads."""

from functools import reduce
from operator import or_

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from brands.models import Brand, brand_keys
from factories.models import Factory, FactoryRole, factory_keys
from portal.accounts.prepared import permitted_keys
from portal.accounts.roles import Visitor
from sharing.copies.formats import Format
from sharing.grants.models import SharingGrant
from sharing.scopes import RULES, Scope

OWN, STAFF, BRANDS = "own", "staff", "brands"  # sides, besides the id of one brand


def of_sides(sides: "tuple[str, ...]") -> Q:
    """Return the condition that somebody read for one of `sides`, on rows with `brand` and `is_own`.

    A side is a brand (its id), all brands ("brands"), the factory's own people ("own") or programme staff ("staff").
    """
    return reduce(or_, map(_of_side, sides))


def _of_side(side: str) -> Q:
    if side == BRANDS:
        return Q(brand__isnull=False)
    return Q(("is_own", side == OWN), brand=None) if side in {OWN, STAFF} else Q(brand=int(side))


class AccessRecordQuerySet(QuerySet["AccessRecord"]):
    """The records of who saw what."""

    def with_own_people(self) -> "AccessRecordQuerySet":
        """Annotate each record with `is_own`: the reader belongs to the factory itself today.

        `Coalesce` keeps PostgreSQL from starting at the people: it would then sort all that they ever read.
        """
        roles = FactoryRole.objects.exclude(role="advisor")
        own = roles.filter(organisation=OuterRef("factory"), group__user=OuterRef("person"))
        return self.annotate(is_own=Coalesce(Exists(own), False))

    def visible_to(self, user: Visitor) -> "AccessRecordQuerySet":
        """Return the records visible to `user`.

        A country's staff see all that was done with its factories' data; a factory's people their own factory's.
        What staff read before it was released to the factory stays hidden from the factory: it would reveal an
        assessment that has not been announced (R47). A brand's people see what their own brand read, also after the
        access has ended, and no other record (invariant 3).
        """
        own = permitted_keys(user, "factory", "view_data")
        country = factory_keys(user, "view_assessments")
        lines = Q(factory__in=own, is_before_release=False) | Q(factory__in=country)
        for scope, rule in RULES.items():  # a token sees only the records of its own scopes
            lines |= Q(scope=scope, brand__in=brand_keys(user, rule.permission))
        return self.filter(lines)

    def read_for(self, *sides: str) -> "AccessRecordQuerySet":
        """Return the records of `sides` (see `of_sides`)."""
        rows = self.with_own_people() if {OWN, STAFF} & set(sides) else self
        return rows.filter(of_sides(sides))


class AccessRecord(models.Model):
    """A record of who saw what: one for each opening, download, API read or export of a factory's data. Append-only.

    The assessment is named by its id, cycle and version, not by a foreign key: this layer is below assessments.
    """

    class Action(models.TextChoices):
        VIEW = "view", _("Viewed")
        DOWNLOAD = "download", _("Downloaded")
        API = "api", _("Read by API")
        EXPORT = "export", _("Exported")

    at = models.DateTimeField(auto_now_add=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    brand = models.ForeignKey(Brand, null=True, on_delete=models.PROTECT, related_name="+")
    factory = models.ForeignKey(Factory, on_delete=models.PROTECT, related_name="+")
    assessment_id = models.UUIDField()
    cycle = models.PositiveSmallIntegerField()
    version = models.PositiveSmallIntegerField()
    scope = models.CharField(max_length=20, choices=Scope.choices)
    action = models.CharField(max_length=10, choices=Action.choices)
    copy_number = models.BigIntegerField(null=True)
    copy_format = models.CharField(max_length=10, choices=Format.choices, blank=True)
    # Staff read it before it was released to the factory, which must not learn of it this way (R47).
    is_before_release = models.BooleanField(default=False, db_default=False)

    # Newest first: the order of every list and export of them.
    ORDER = ("-at", "-id")

    objects = AccessRecordQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["factory", "-at", "-id"], name="sharing_access_factory_at"),
            models.Index(fields=["brand", "-at", "-id"], name="sharing_access_brand_at"),
            models.Index(fields=["factory", "person", "-at", "-id"], name="sharing_access_person"),
            models.Index(fields=["factory", "brand", "scope", "-at"], name="sharing_access_last"),
            # The order of a factory's list, for what brands read and for the other reads, however many those are.
            models.Index(
                fields=["factory", "-at", "-id"], condition=Q(brand__isnull=False), name="sharing_access_of_brands"
            ),
            models.Index(
                fields=["factory", "-at", "-id"], condition=Q(brand__isnull=True), name="sharing_access_of_others"
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.action} {self.scope} {self.assessment_id}"


class FirstUse(models.Model):
    """The first time that a brand got data, a file or the receipt under a grant that could still be undone.

    From then on it cannot (`sharing.records.services.settle`). A grant used only later has none. Append-only.
    """

    grant = models.OneToOneField(SharingGrant, primary_key=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return str(self.grant_id)
