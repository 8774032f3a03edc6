"""Factories: the data about each, and which of them a person may see."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from factories.models.programmes import CountryProgramme, programme_keys
from factories.time_zones import FactoryZoneField, check_zone
from portal.accounts.prepared import PreparedKeys, permitted_keys
from portal.accounts.roles import Visitor, permitted_ids
from portal.core.conditions import among
from portal.core.days import zone_named, zone_of_country
from portal.core.drawn import drawn_id
from portal.core.identifiers import OS_HUB_ID
from portal.core.names import one_line, unmarked
from portal.core.search import unmarked_text


def named(words: str, of: str = "") -> Q:
    """Return the condition that a factory's name contains the words, ignoring accents, or that an id of it is them.

    `of` is the path to the factory from another model, such as `factory__`.
    """
    written = one_line(words)
    ids = Q(**{f"{of}bw_id__iexact": written}) | Q(**{f"{of}os_hub_id__iexact": written})
    return Q(**{f"{of}search_names__contains": unmarked(words)}) | ids


def factories_inside(user: Visitor) -> "QuerySet[Factory, Mapping[str, object]]":
    """Return the ids of the factories whose consent `user` sees as an insider: as a member, or as country staff."""
    own = Factory.objects.filter(among("pk", permitted_ids(user, "factory", "view_data")))
    return own.values("pk").union(factories_of(user, "view_assessments"), all=True)


def factories_of(user: Visitor, codename: str) -> "QuerySet[Factory, Mapping[str, object]]":
    """Return the ids of the factories of the programmes in which `user` holds `codename`."""
    return Factory.objects.in_programmes_where(user, codename).values("pk")


# The same, put into SQL once per process, for the conditions of other querysets.
keys_inside = PreparedKeys(factories_inside)
factory_keys = PreparedKeys(factories_of)


class FactoryQuerySet(QuerySet["Factory"]):
    """Factories."""

    def where(self, user: Visitor, codename: str) -> "FactoryQuerySet":
        """Return the factories on which `user` holds `codename` through a role in the factory itself."""
        return self.filter(pk__in=permitted_keys(user, "factory", codename))

    def in_programmes_where(self, user: Visitor, codename: str) -> "FactoryQuerySet":
        """Return the factories of the programmes in which `user` holds `codename`.

        The query first checks whether there is such a programme: for everybody else no factory is looked at.
        """
        programmes = programme_keys(user, codename)
        return self.filter(programmes.are_any(), among("programme", programmes))

    def inside(self, user: Visitor) -> "FactoryQuerySet":
        """Return the factories whose consent `user` sees as an insider: as a member, or as its country's staff."""
        return self.filter(pk__in=keys_inside(user))

    def visible_to(self, user: Visitor) -> "FactoryQuerySet":
        """Return own factories for members, assigned ones for advisors, the country's for its staff; none for others.

        Brands see facts about a factory only in what was shared with them.
        """
        assigned = permitted_keys(user, "factory", "assess")
        return self.filter(Q(pk__in=keys_inside(user)) | Q(pk__in=assigned))

    def editable_by(self, user: Visitor) -> "FactoryQuerySet":
        """Return the factories whose profile `user` may edit: as the factory's manager, or its country's staff."""
        own = permitted_keys(user, "factory", "edit_profile")
        return self.filter(Q(pk__in=own) | Q(programme__in=programme_keys(user, "manage_enrolment")))


class Factory(models.Model):
    """One enrolled (or once enrolled) plant. `bw_id` is the programme's own id, kept as text."""

    class Sector(models.TextChoices):
        APPAREL = "apparel", _("Apparel")
        FOOTWEAR = "footwear", _("Footwear")
        TEXTILE = "textile", _("Textile")
        ACCESSORIES = "accessories", _("Bags and accessories")
        OTHER = "other", _("Other")

    class Enrolment(models.TextChoices):
        PENDING = "pending", _("Pending")
        ENROLLED = "enrolled", _("Enrolled")
        SUSPENDED = "suspended", _("Suspended")
        LEFT = "left", _("Left the programme")
        NOT_ENROLLABLE = "not_enrollable", _("Could not be enrolled")

    id = models.BigAutoField(primary_key=True, default=drawn_id)
    programme = models.ForeignKey(CountryProgramme, on_delete=models.PROTECT, related_name="factories")
    bw_id = models.CharField(
        _("Better Work ID"),
        max_length=40,
        unique=True,
        validators=[RegexValidator(r"^[A-Za-z0-9._/-]+$", _("Use letters, digits, dots, dashes and slashes only."))],
    )
    name = models.CharField(_("name"), max_length=200)
    local_name = models.CharField(_("name in local script"), max_length=200, blank=True)
    address = models.CharField(_("address"), max_length=400, blank=True)
    city = models.CharField(_("city or province"), max_length=120, blank=True)
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    # Always filled, so that a factory's days can be computed without its programme.
    time_zone = FactoryZoneField(
        _("time zone"), max_length=40, blank=True, help_text=_("The factory's days start and end in this time zone.")
    )
    sector = models.CharField(_("sector"), max_length=20, choices=Sector.choices, default=Sector.APPAREL)
    products = models.CharField(_("products"), max_length=200, blank=True)
    workers_women = models.PositiveIntegerField(_("women workers"), null=True, blank=True)
    workers_men = models.PositiveIntegerField(_("men workers"), null=True, blank=True)
    os_hub_id = models.CharField(_("OS Hub ID"), max_length=40, blank=True, validators=[OS_HUB_ID])
    contact_name = models.CharField(_("contact person"), max_length=150, blank=True)
    contact_email = models.EmailField(_("contact e-mail"), blank=True)
    contact_phone = models.CharField(_("contact telephone"), max_length=40, blank=True)
    enrolment_status = models.CharField(
        _("enrolment"), max_length=20, choices=Enrolment.choices, default=Enrolment.PENDING
    )
    enrolment_reason = models.CharField(_("reason"), max_length=300, blank=True)
    enrolled_on = models.DateField(_("enrolled on"), null=True, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    current_cycle = models.PositiveSmallIntegerField(_("current cycle"), default=1, validators=[MinValueValidator(1)])
    is_obsolete = models.BooleanField(default=False)
    confirms_sharing = models.BooleanField(
        _("a second person confirms each grant of access"),
        default=False,
        db_default=False,
        help_text=_("A worker representative confirms what a manager shares before it takes effect."),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # Both names in the form that a search compares (`named`), each on a line of its own.
    search_names = models.GeneratedField(
        expression=unmarked_text(Concat("name", models.Value("\n"), "local_name")),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = FactoryQuerySet.as_manager()

    # The fields of a complete profile (R25 needs 100 %), in the order in which the factory sees them.
    PROFILE_FIELDS: ClassVar = (
        "name",
        "local_name",
        "address",
        "city",
        "latitude",
        "longitude",
        "sector",
        "products",
        "workers_women",
        "workers_men",
        "os_hub_id",
        "contact_name",
        "contact_email",
        "contact_phone",
    )

    # The fields of its enrolment, in the order in which the country's staff see them; nobody else may write them.
    ENROLMENT_FIELDS: ClassVar = (
        "bw_id",
        "enrolment_status",
        "enrolment_reason",
        "enrolled_on",
        "left_on",
        "current_cycle",
        "is_obsolete",
    )

    class Meta:
        verbose_name_plural = "factories"
        permissions = [
            ("view_data", "Read the factory's own data"),
            ("edit_profile", "Edit the factory's profile"),
            ("manage_sharing", "Decide which brand sees the factory's data"),
            ("manage_members", "Invite, change and remove the factory's members"),
            ("confirm_sharing", "Confirm what a manager shares, as the second person"),
            ("assess", "Do assessment work at the factory"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(current_cycle__gte=1), name="factories_factory_cycle"),
            models.CheckConstraint(
                condition=~models.Q(enrolment_status="not_enrollable") | ~models.Q(enrolment_reason=""),
                name="factories_factory_reason",
            ),
            models.CheckConstraint(condition=~models.Q(time_zone=""), name="factories_factory_time_zone"),
            models.CheckConstraint(
                condition=models.Q(left_on=None)
                | models.Q(enrolled_on=None)
                | models.Q(left_on__gte=models.F("enrolled_on")),
                name="factories_factory_dates",
            ),
        ]
        indexes = [
            models.Index(fields=["programme", "name", "id"], name="factories_factory_list"),
            models.Index(fields=["name", "id"], name="factories_factory_name"),
            models.Index(fields=["os_hub_id"], name="factories_factory_os_hub"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a time zone of another country; without one, take the country's."""
        if self.programme_id is not None:
            check_zone(self.zone_name, self.programme.country)
            self.time_zone = self.zone_name

    @property
    def zone_name(self) -> str:
        """The name of its time zone: its own, or its country's."""
        return self.time_zone or zone_of_country(self.programme.country)

    @property
    def zone(self) -> tzinfo:
        """The time zone of its days (R54)."""
        return zone_named(self.zone_name)

    @property
    def workers(self) -> int | None:
        """The number of women and men together; None while either is unknown."""
        if self.workers_women is None or self.workers_men is None:
            return None
        return self.workers_women + self.workers_men

    def missing_profile_fields(self) -> list[str]:
        """Return the labels of what the profile still lacks, in the order of the form."""
        return [
            str(self._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            for name in self.PROFILE_FIELDS
            if getattr(self, name) in (None, "")
        ]

    @property
    def profile_completeness(self) -> int:
        """The share of filled profile fields in per cent, rounded down: 100 only if nothing is missing."""
        total = len(self.PROFILE_FIELDS)
        return (total - len(self.missing_profile_fields())) * 100 // total
