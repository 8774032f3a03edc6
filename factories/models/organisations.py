"""Factories and country programmes, and what roles may do on each of them."""

from datetime import date, timedelta, tzinfo
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from factories.querysets import FactoryQuerySet, ProgrammeHistoryQuerySet, ProgrammeQuerySet
from factories.time_zones import FactoryZoneField, check_zone, zone_name_of
from portal.core.days import zone_named, zone_of_country
from portal.core.drawn import drawn_id
from portal.core.identifiers import OS_HUB_ID
from portal.core.search import unmarked_text
from portal.core.triggers import history_trigger

MOST_PROMPT_DAYS = 365  # before the end of a grant that it is brought to mind


class CountryProgramme(models.Model):
    """Better Work in one country, with the settings that differ between countries; or the global programme.

    Days and sizes are the numbers of docs/rules.md; each is a setting because countries and years differ.
    """

    class Enrolment(models.TextChoices):
        MANDATORY = "mandatory", _("Mandatory for exporters")
        VOLUNTARY = "voluntary", _("Voluntary")

    country = models.CharField(_("country"), max_length=2, blank=True)
    name = models.CharField(_("name"), max_length=120, unique=True)
    is_global = models.BooleanField(default=False)
    since = models.PositiveSmallIntegerField(_("since"), null=True, blank=True)
    enrolment = models.CharField(_("enrolment"), max_length=10, choices=Enrolment.choices, default=Enrolment.VOLUNTARY)
    contact_email = models.EmailField(_("contact"), blank=True)
    release_days = models.PositiveSmallIntegerField(
        _("days from assessment to publication"),
        default=28,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("A report is late when it is not published this many days after the assessment ended."),
    )
    factory_review_days = models.PositiveSmallIntegerField(
        _("days for the factory's review"), default=7, validators=[MaxValueValidator(90)]
    )
    min_group_size = models.PositiveSmallIntegerField(
        _("smallest group in consolidated figures"), default=5, validators=[MinValueValidator(2)]
    )
    assessments_allowed = models.BooleanField(_("factories are assessed"), default=True)
    participants_need_subscription = models.BooleanField(
        _("participants need a subscription"),
        default=False,
        help_text=_(
            "A participant then also needs a subscription for the factory and cycle, besides the factory's consent."
        ),
    )
    # Consent: what a factory is offered as a start, and how long a brand's request lives.
    grant_default_months = models.PositiveSmallIntegerField(
        _("months that access lasts unless the factory says otherwise"),
        default=12,
        db_default=12,
        validators=[MaxValueValidator(120)],
        help_text=_("0: no end date."),
    )
    grant_default_hold_days = models.PositiveSmallIntegerField(
        _("days each new report is held unless the factory says otherwise"),
        default=7,
        db_default=7,
        validators=[MaxValueValidator(365)],
    )
    renewal_prompt_days = models.PositiveSmallIntegerField(
        _("days before access ends for a reminder"),
        default=30,
        db_default=30,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_PROMPT_DAYS)],
    )
    request_days = models.PositiveSmallIntegerField(
        _("days a brand's request stays open"),
        default=60,
        db_default=60,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )
    request_reminder_days = models.PositiveSmallIntegerField(
        _("days until a reminder of an open request"),
        default=14,
        db_default=14,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )
    request_again_days = models.PositiveSmallIntegerField(
        _("days before a brand may ask a factory again"),
        default=30,
        db_default=30,
        validators=[MaxValueValidator(365)],
    )
    handover_days = models.PositiveSmallIntegerField(
        _("days a manager has to object to a handover"),
        default=7,
        db_default=7,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
    )
    national_law_results_hidden = models.BooleanField(
        _("results under national law are not shown per factory"), default=False
    )

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        permissions = [
            ("assess_country", "Work on assessments of assigned factories"),
            ("view_assessments", "Read every assessment of the country"),
            ("import_assessments", "Import assessments"),
            ("review_assessments", "Review assessments and send them to the factory"),
            ("release_assessments", "Publish and withdraw assessments"),
            ("manage_enrolment", "Enrol factories, edit their profiles, look after their members"),
            ("manage_programme", "Change the country's settings and its staff"),
            ("view_statistics", "Read consolidated statistics"),
            ("record_consent", "Record a factory's consent given on signed paper"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["country"], condition=models.Q(is_global=False), name="factories_programme_country"
            ),
            models.UniqueConstraint(
                fields=["is_global"],
                condition=models.Q(is_global=True),
                name="factories_programme_one_global",
            ),
            models.CheckConstraint(
                condition=models.Q(is_global=True, country="") | (models.Q(is_global=False) & ~models.Q(country="")),
                name="factories_programme_has_country",
            ),
            models.CheckConstraint(
                condition=models.Q(min_group_size__gte=2, release_days__gte=1),
                name="factories_programme_numbers",
            ),
        ]
        ordering = ["name"]
        triggers = [
            history_trigger(
                "keeps_history", "factories_programmehistory", "programme_id", ["participants_need_subscription"]
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> tzinfo:
        """The country's main time zone; UTC for the global programme."""
        return zone_named(zone_of_country(self.country))

    def release_deadline(self, ended: date) -> date:
        """The last day to publish a report on an assessment that ended on `ended` (R39)."""
        return ended + timedelta(days=self.release_days)


class ProgrammeHistory(models.Model):
    """What a country's setting was, since when: written by the database itself, for "any day in the past"."""

    programme = models.ForeignKey(CountryProgramme, on_delete=models.PROTECT, related_name="+")
    participants_need_subscription = models.BooleanField()
    since = models.DateTimeField()

    objects = ProgrammeHistoryQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["programme", "-since", "-id"], name="factories_programmehistory_at")]

    def __str__(self) -> str:
        return f"{self.programme_id} {self.since:%Y-%m-%d}"


class Factory(models.Model):
    """One enrolled (or once enrolled) plant. `bw_id` is the programme's own id, kept as text."""

    class Sector(models.TextChoices):
        APPAREL = "apparel", _("Apparel")
        FOOTWEAR = "footwear", _("Footwear")
        TEXTILE = "textile", _("Textile")
        ACCESSORIES = "accessories", _("Bags and accessories")
        OTHER = "other", _("Other")

    class Enrolment(models.TextChoices):
        PENDING = "pending", _("Enrolment pending")
        ENROLLED = "enrolled", _("Enrolled")
        SUSPENDED = "suspended", _("Suspended")
        LEFT = "left", _("Left the programme")
        NOT_ENROLLABLE = "not_enrollable", _("Could not be enrolled")

    id = models.BigAutoField(primary_key=True, default=drawn_id)
    programme = models.ForeignKey(CountryProgramme, on_delete=models.PROTECT, related_name="factories")
    bw_id = models.CharField(
        _("Better Work id"),
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
    # Always filled: a factory's days are known without its programme.
    time_zone = FactoryZoneField(
        _("time zone"), max_length=40, blank=True, help_text=_("The factory's days start and end in this time zone.")
    )
    sector = models.CharField(_("sector"), max_length=20, choices=Sector.choices, default=Sector.APPAREL)
    products = models.CharField(_("products"), max_length=200, blank=True)
    workers_women = models.PositiveIntegerField(_("women workers"), null=True, blank=True)
    workers_men = models.PositiveIntegerField(_("men workers"), null=True, blank=True)
    os_hub_id = models.CharField(_("OS Hub id"), max_length=40, blank=True, validators=[OS_HUB_ID])
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
    # Both names as a search compares them (`factories.querysets.named`), each on a line of its own.
    search_names = models.GeneratedField(
        expression=unmarked_text(Concat("name", models.Value("\n"), "local_name")),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = FactoryQuerySet.as_manager()

    # What a complete profile has (R25 needs 100 %); the order is the one shown to the factory.
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
            check_zone(self)
            self.time_zone = zone_name_of(self)

    @property
    def zone(self) -> tzinfo:
        """The time zone of its days (R54)."""
        return zone_named(zone_name_of(self))

    @property
    def workers(self) -> int | None:
        """Women and men together; nothing while either is unknown."""
        if self.workers_women is None or self.workers_men is None:
            return None
        return self.workers_women + self.workers_men

    def missing_profile_fields(self) -> list[str]:
        """Labels of what the profile still lacks, in the order of the form."""
        return [
            str(self._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            for name in self.PROFILE_FIELDS
            if getattr(self, name) in (None, "")
        ]

    @property
    def profile_completeness(self) -> int:
        """Filled profile fields in per cent, rounded down: 100 only when nothing is missing."""
        total = len(self.PROFILE_FIELDS)
        return (total - len(self.missing_profile_fields())) * 100 // total
