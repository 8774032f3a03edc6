"""Forms of factories and country programmes: filters, the profile, enrolment, a country's settings."""

from collections.abc import Mapping
from typing import ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from factories.enrolment import wrong_days
from factories.models import CountryProgramme, Factory, FactoryQuerySet, ProgrammeQuerySet, named, with_managers
from factories.time_zones import zone_choices
from portal.accounts.models import User
from portal.core.countries import COUNTRIES, country_choices, country_name
from portal.core.names import unmarked
from portal.core.scans import kind_of_scan
from portal.core.search import search
from portal.ui.forms import ListFilter, StaleGuard

PHONE = forms.TextInput(attrs={"type": "tel", "dir": "ltr"})
DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
PROGRAMME_GROUPS = (
    (_("The programme"), ("country", "name", "since", "enrolment", "contact_email", "contact_phone")),
    (
        _("Assessments and figures"),
        ("release_days", "factory_review_days", "min_group_size", "assessments_allowed", "national_law_results_hidden"),
    ),
    (_("Default settings for sharing"), ("grant_default_months", "grant_default_hold_days", "renewal_prompt_days")),
    (
        _("Brands' requests and handovers"),
        ("request_days", "request_reminder_days", "request_again_days", "handover_days"),
    ),
)
PROGRAMME_SETTINGS = tuple(name for _title, names in PROGRAMME_GROUPS for name in names if name != "country")


def _for_numbers(sentence: object) -> dict[str, object]:
    """Return one error message, which says what to enter, for everything that can be wrong with a number."""
    return dict.fromkeys(("required", "invalid", "min_value", "max_value"), sentence)


class FactoryFilter(ListFilter):
    """The filter and order of the list of factories."""

    ORDERS: ClassVar = {"": ("name", "id"), "recent": ("-created_at", "-id")}

    q = forms.CharField(label=_("Name, Better Work ID or OS Hub ID"), max_length=100, required=False)
    country = forms.ChoiceField(label=_("Country"), choices=[("", _("All countries"))], required=False)
    sector = forms.ChoiceField(
        label=_("Sector"), choices=[("", _("All sectors")), *Factory.Sector.choices], required=False
    )
    enrolment = forms.ChoiceField(
        label=_("Enrolment"), choices=[("", _("Any")), *Factory.Enrolment.choices], required=False
    )
    managers = forms.ChoiceField(
        label=_("Managers"),
        choices=[("", _("Any")), ("few", _("None or one")), ("one", _("Only one")), ("none", _("None"))],
        required=False,
    )
    sort = forms.ChoiceField(
        label=_("Sort by"), choices=[("", _("By name")), ("recent", _("Newest first"))], required=False
    )

    def __init__(self, data: Mapping[str, object] | None = None, *, countries: list[str]) -> None:
        pairs = sorted(((code, country_name(code)) for code in countries), key=lambda pair: pair[1])
        self.countries = [("", _("All countries")), *pairs]
        super().__init__(data)

    def full_clean(self) -> None:
        """Offer the visitor's own countries only."""
        self.fields["country"].choices = self.countries  # type: ignore[attr-defined]
        super().full_clean()

    def narrow(self, factories: FactoryQuerySet) -> FactoryQuerySet:
        """Return the factories that match every filter; none if a filter is invalid."""
        if self.errors:
            return factories.none()
        if words := self.asked("q"):
            factories = factories.filter(named(words))
        if country := self.asked("country"):
            factories = factories.filter(programme__country=country)
        if sector := self.asked("sector"):
            factories = factories.filter(sector=sector)
        if status := self.asked("enrolment"):
            factories = factories.filter(enrolment_status=status)
        if managers := self.asked("managers"):
            counted = {"few": (0, 1), "one": (1,), "none": (0,)}[managers]
            factories = with_managers(factories, *counted)
        return factories

    @property
    def order(self) -> tuple[str, ...]:
        """The columns to order by."""
        return self.ORDERS[self.asked("sort") or ""]


class ProgrammeFilter(ListFilter):
    """The filter and order of the list of country programmes."""

    ORDERS: ClassVar = {"": ("name", "id"), "recent": ("-id",)}

    q = forms.CharField(label=_("Programme or country"), max_length=100, required=False)
    enrolment = forms.ChoiceField(
        label=_("Enrolment"), choices=[("", _("Any")), *CountryProgramme.Enrolment.choices], required=False
    )
    sort = forms.ChoiceField(
        label=_("Sort by"), choices=[("", _("By name")), ("recent", _("Newest first"))], required=False
    )

    def narrow(self, programmes: ProgrammeQuerySet) -> ProgrammeQuerySet:
        """Return the programmes that match every filter; none if a filter is invalid."""
        if self.errors:
            return programmes.none()
        if words := self.asked("q"):
            codes = [code for code in COUNTRIES if unmarked(words) in unmarked(country_name(code))]
            programmes = search(programmes, words, names=("name",), also=Q(country__in=codes))
        if enrolment := self.asked("enrolment"):
            programmes = programmes.filter(enrolment=enrolment, is_global=False)
        return programmes

    @property
    def order(self) -> tuple[str, ...]:
        """The columns to order by."""
        return self.ORDERS[self.asked("sort") or ""]


class GroupedForm(StaleGuard, forms.ModelForm):  # type: ignore[type-arg]
    """A long form in groups: each a heading and the names of its fields."""

    GROUPS: ClassVar[tuple[tuple[object, tuple[str, ...]], ...]] = ()

    def groups(self) -> list[tuple[object, list[forms.BoundField]]]:
        """Return the headings, each with those of its fields that the form has."""
        named = [(title, [self[name] for name in names if name in self.fields]) for title, names in self.GROUPS]
        return [(title, fields) for title, fields in named if fields]


class ProfileForm(GroupedForm):
    """A factory's profile, as its own manager edits it."""

    GROUPS: ClassVar = (
        (_("Enrolment"), ("programme", *Factory.ENROLMENT_FIELDS)),
        (_("The factory"), ("name", "local_name", "sector", "products", "os_hub_id")),
        (_("Where it is"), ("address", "city", "latitude", "longitude", "time_zone")),
        (_("Workers"), ("workers_women", "workers_men")),
        (_("Contact"), ("contact_name", "contact_email", "contact_phone")),
    )

    class Meta:
        model = Factory
        fields: ClassVar[tuple[str, ...]] = Factory.PROFILE_FIELDS
        widgets: ClassVar = {"contact_phone": PHONE}


class EnrolmentForm(ProfileForm):
    """The profile and the enrolment, as the country's staff edit them."""

    class Meta(ProfileForm.Meta):
        fields = (*Factory.ENROLMENT_FIELDS, *Factory.PROFILE_FIELDS, "time_zone")
        widgets: ClassVar = {**ProfileForm.Meta.widgets, "enrolled_on": DAY, "left_on": DAY}
        labels: ClassVar = {"is_obsolete": _("No longer in use (kept for its past assessments)")}

    def __init__(self, data: QueryDict | None = None, *, instance: Factory | None = None) -> None:
        super().__init__(data, instance=instance)
        self._offer_zones()

    def _offer_zones(self) -> None:
        """Offer the time zones of the factory's country if it has several; else remove the field."""
        zones = zone_choices(self.instance.programme.country) if self.instance.programme_id else []
        if len(zones) < 2:
            del self.fields["time_zone"]
            return
        old = self.fields["time_zone"]
        self.fields["time_zone"] = forms.ChoiceField(label=old.label, help_text=old.help_text, choices=zones)

    def clean(self) -> dict[str, object]:
        """Check that a factory that could not be enrolled has a reason (R37), and that dates are in order."""
        super().clean()
        data = self.cleaned_data
        refused = data.get("enrolment_status") == Factory.Enrolment.NOT_ENROLLABLE
        if refused and not data.get("enrolment_reason") and "enrolment_reason" not in self.errors:
            self.add_error("enrolment_reason", _("Give the reason why the factory could not be enrolled."))
        for name, error in wrong_days(data.get("enrolled_on"), data.get("left_on")).items():
            self.add_error(name, error)
        return data


class NewFactoryForm(EnrolmentForm):
    """A form for a new factory, in a country for which the person is on the staff."""

    programme = forms.ModelChoiceField(
        label=_("Country programme"), queryset=CountryProgramme.objects.none(), empty_label=_("Choose a country")
    )

    def __init__(self, data: QueryDict | None = None, *, programmes: ProgrammeQuerySet) -> None:
        super().__init__(data)
        field = self.fields["programme"]
        field.queryset = programmes  # type: ignore[attr-defined]
        if len(programmes) == 1:
            field.initial = programmes[0]
        self.order_fields(["programme"])


class AdvisorForm(forms.Form):
    """A form to assign an Enterprise Advisor of the factory's country."""

    advisor = forms.ModelChoiceField(
        label=_("Enterprise Advisor"), queryset=User.objects.none(), empty_label=_("Choose an advisor")
    )

    def __init__(self, data: QueryDict | None = None, *, advisors: QuerySet[User]) -> None:
        super().__init__(data)
        self.fields["advisor"].queryset = advisors  # type: ignore[attr-defined]


class ProgrammeForm(GroupedForm):
    """The settings in which countries differ."""

    GROUPS: ClassVar = PROGRAMME_GROUPS

    class Meta:
        model = CountryProgramme
        fields: ClassVar[tuple[str, ...]] = PROGRAMME_SETTINGS
        widgets: ClassVar = {"contact_phone": PHONE}
        labels: ClassVar = {"national_law_results_hidden": _("Hide results under national law for single factories")}
        help_texts: ClassVar = {
            "factory_review_days": _("How long a factory can review its report before it is published."),
            "min_group_size": _(
                "Figures based on fewer factories are not shown, so that no factory can be recognised."
            ),
            "assessments_allowed": _(
                "If this is not ticked, no assessment can be started or imported in this country."
            ),
            "national_law_results_hidden": _(
                "If this is ticked, a factory's report shows “not assessed” instead of “non-compliant due to "
                "national law”."
            ),
        }
        error_messages: ClassVar = {
            "release_days": _for_numbers(_("Enter a number of days from 1 to 365.")),
            "factory_review_days": _for_numbers(_("Enter a number of days from 0 to 90.")),
            "min_group_size": _for_numbers(_("Enter a whole number, 2 or more.")),
            "grant_default_months": _for_numbers(_("Enter a number of months from 0 to 120.")),
            "grant_default_hold_days": _for_numbers(_("Enter a number of days from 0 to 365.")),
            "renewal_prompt_days": _for_numbers(_("Enter a number of days from 1 to 365.")),
            "request_days": _for_numbers(_("Enter a number of days from 1 to 365.")),
            "request_reminder_days": _for_numbers(_("Enter a number of days from 1 to 365.")),
            "request_again_days": _for_numbers(_("Enter a number of days from 0 to 365.")),
            "handover_days": _for_numbers(_("Enter a number of days from 1 to 90.")),
        }


class NewProgrammeForm(ProgrammeForm):
    """A form for a new country."""

    country = forms.ChoiceField(label=_("Country"), choices=lambda: [("", _("Choose a country")), *country_choices()])

    class Meta(ProgrammeForm.Meta):
        fields = ("country", *PROGRAMME_SETTINGS)

    def clean_country(self) -> str:
        """Refuse a country that has a programme already."""
        country: str = self.cleaned_data["country"]
        if CountryProgramme.objects.filter(country=country).exists():
            raise ValidationError(_("This country already has a programme."))
        return country


class SuccessorForm(forms.Form):
    """A form for whom a manager hands over to."""

    name = forms.CharField(label=_("Name of your successor"), max_length=150)
    email = forms.EmailField(label=_("E-mail address of your successor"), max_length=254)


class HandoverForm(forms.Form):
    """A form for a handover by staff: who takes the factory over, and how the staff know that its manager left."""

    new_name = forms.CharField(label=_("Name of the new manager"), max_length=150)
    new_email = forms.EmailField(label=_("E-mail address of the new manager"), max_length=254)
    evidence = forms.CharField(
        label=_("How you know"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": "4"}),
        help_text=_("Who informed you, when, and how you checked it. The present manager can see this."),
    )
    scan = forms.FileField(
        label=_("Scan of a signed letter"), required=False, help_text=_("PDF, JPEG or PNG, up to 10 MB.")
    )

    def clean_scan(self) -> "UploadedFile[bytes] | None":
        """Return the upload if it is a complete PDF or image; None if there is none."""
        upload = self.cleaned_data.get("scan")
        if not upload:
            return None
        kind_of_scan(upload)
        return upload


class ClosureForm(forms.Form):
    """A form for days on which a factory is closed; the service says which are accepted."""

    first_day = forms.DateField(label=_("First day"), widget=DAY)
    last_day = forms.DateField(label=_("Last day"), widget=DAY)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        help_text=_("For example a public holiday or a move. The programme's staff can read it."),
    )
