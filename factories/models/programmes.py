"""Country programmes and their settings: which of them a person may see, and what the settings were at a past time."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.accounts.prepared import PreparedKeys
from portal.accounts.roles import Visitor, permitted_ids
from portal.core.conditions import among
from portal.core.countries import country_name
from portal.core.country_names import country_code
from portal.core.days import zone_named, zone_of_country
from portal.core.history import latest_at
from portal.core.triggers import history_trigger

MOST_PROMPT_DAYS = 365  # a reminder of the end of a grant is sent at most this long before it


def programmes_where(
    user: Visitor, codename: str, at: datetime | None = None
) -> "QuerySet[CountryProgramme, Mapping[str, object]]":
    """Return the ids of the programmes in which `user` holds `codename`; held globally, it counts in every country.

    With a moment: the programmes in which they held it then, by what roles may do today.
    """
    programmes = CountryProgramme.objects
    mine = permitted_ids(user, "programme", codename, at)
    everywhere = programmes.filter(among("pk", mine), is_global=True)
    return programmes.filter(among("pk", mine) | Exists(everywhere)).values("pk")


# The same, put into SQL once per process, for the conditions of other querysets.
programme_keys = PreparedKeys(programmes_where)


def programme_in_words(name: str, country: str) -> str:
    """Return a programme's name in the reader's language; as staff wrote it, where it is more than the country's name.

    Without a country it is the global programme.
    """
    if not country:
        return gettext("Global programme")
    return country_name(country) if country_code(name) == country else name


class ProgrammeQuerySet(QuerySet["CountryProgramme"]):
    """Country programmes."""

    def where(self, user: Visitor, codename: str) -> "ProgrammeQuerySet":
        """Return the programmes in which `user` holds `codename`; held globally, it counts in every country."""
        return self.filter(pk__in=programme_keys(user, codename))

    def visible_to(self, user: Visitor) -> "ProgrammeQuerySet":
        """Return the programmes whose staff or constituents `user` belongs to; global staff see all of them."""
        seen = Q(pk__in=[])
        for codename in ("assess_country", "view_assessments", "view_statistics"):
            seen |= Q(pk__in=programme_keys(user, codename))
        return self.filter(seen)


class CountryProgramme(models.Model):
    """Better Work in one country, with the settings that differ between countries; or the global programme.

    Days and sizes are those of docs/numbers.md; each is a setting because countries and years differ.
    """

    class Enrolment(models.TextChoices):
        MANDATORY = "mandatory", _("Mandatory for exporters")
        VOLUNTARY = "voluntary", _("Voluntary")

    country = models.CharField(_("country"), max_length=2, blank=True)
    name = models.CharField(_("name"), max_length=120, unique=True)
    is_global = models.BooleanField(default=False)
    since = models.PositiveSmallIntegerField(_("since"), null=True, blank=True)
    enrolment = models.CharField(_("enrolment"), max_length=10, choices=Enrolment.choices, default=Enrolment.VOLUNTARY)
    contact_email = models.EmailField(
        _("contact e-mail"), blank=True, help_text=_("Shown to the factories of this country.")
    )
    contact_phone = models.CharField(
        _("contact telephone"),
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text=_("Shown to the factories of this country."),
    )
    release_days = models.PositiveSmallIntegerField(
        _("days from assessment to publication"),
        default=28,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("A report is late if it is not published within this many days after the end of the assessment."),
    )
    factory_review_days = models.PositiveSmallIntegerField(
        _("days for the factory's review"), default=7, validators=[MaxValueValidator(90)]
    )
    min_group_size = models.PositiveSmallIntegerField(
        _("smallest group in consolidated figures"), default=5, validators=[MinValueValidator(2)]
    )
    assessments_allowed = models.BooleanField(_("assessments take place"), default=True)
    participants_need_subscription = models.BooleanField(
        _("participants need a subscription"),
        default=False,
        help_text=_(
            "A participant then needs a subscription for the factory and cycle as well as the factory's consent."
        ),
    )
    # Consent: the defaults that a factory is offered, and how long a brand's request stays open.
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
        _("reminder before access ends (days)"),
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
        _("reminder of an open request after (days)"),
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
        _("hide results under national law for single factories"), default=False
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
                fields=["is_global"], condition=models.Q(is_global=True), name="factories_programme_one_global"
            ),
            models.CheckConstraint(
                condition=models.Q(is_global=True, country="") | (models.Q(is_global=False) & ~models.Q(country="")),
                name="factories_programme_has_country",
            ),
            models.CheckConstraint(
                condition=models.Q(min_group_size__gte=2, release_days__gte=1), name="factories_programme_numbers"
            ),
        ]
        ordering = ["name"]
        triggers = [
            history_trigger(
                "keeps_history", "factories_programmehistory", "programme_id", ["participants_need_subscription"]
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> tzinfo:
        """The country's main time zone; UTC for the global programme."""
        return zone_named(zone_of_country(self.country))

    def name_in_words(self) -> str:
        """Return its name in the reader's language."""
        return programme_in_words(self.name, self.country)

    def release_deadline(self, ended: date) -> date:
        """Return the last day to publish a report on an assessment that ended on `ended` (R39)."""
        return ended + timedelta(days=self.release_days)


class ProgrammeHistoryQuerySet(QuerySet["ProgrammeHistory"]):
    """Former and present settings of countries."""

    def at(self, moment: datetime) -> "ProgrammeHistoryQuerySet":
        """Return the one row of each country that was valid at `moment`."""
        return self.filter(latest_at(self.model, "programme", moment))


class ProgrammeHistory(models.Model):
    """A country's setting since a moment, written by the database itself, to answer for "any day in the past"."""

    programme = models.ForeignKey(CountryProgramme, on_delete=models.PROTECT, related_name="+")
    participants_need_subscription = models.BooleanField()
    since = models.DateTimeField()

    objects = ProgrammeHistoryQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["programme", "-since", "-id"], name="factories_programmehistory_at")]

    def __str__(self) -> str:
        return f"{self.programme_id} {self.since:%Y-%m-%d}"
