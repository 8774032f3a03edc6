"""Forms of brands: the brand itself, its supplier list, its integrations."""

from collections.abc import Mapping
from typing import ClassVar

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from brands.models import Brand, BrandQuerySet, SupplierQuerySet
from brands.roles import BRAND, OFFERED_INTEGRATIONS
from brands.services import checked_name
from portal.accounts.services import MAX_TOKEN_LIFETIME
from portal.core.countries import country_choices
from portal.core.search import search
from portal.core.uploads import with_size_limit
from portal.ui.forms import ListFilter, StaleGuard


class BrandFilter(ListFilter):
    """The filter and order of the list of brands. Only staff may filter by what only staff are shown."""

    ORDERS: ClassVar = {"": ("name", "id"), "recent": ("-created_at", "-id")}

    q = forms.CharField(label=_("Brand"), max_length=100, required=False)
    kind = forms.ChoiceField(label=_("Agreement"), choices=[("", _("Any")), *Brand.Kind.choices], required=False)
    country = forms.ChoiceField(
        label=_("Country"), choices=lambda: [("", _("All countries")), *country_choices()], required=False
    )
    state = forms.ChoiceField(
        label=_("State"), choices=[("", _("Any")), ("active", _("Active")), ("inactive", _("Inactive"))], required=False
    )
    sort = forms.ChoiceField(
        label=_("Sort by"), choices=[("", _("By name")), ("recent", _("Newest first"))], required=False
    )

    def __init__(self, data: Mapping[str, object] | None = None, *, staff: bool) -> None:
        self.staff = staff
        super().__init__(data)

    def full_clean(self) -> None:
        """Offer only the search to people who are not staff."""
        if not self.staff:
            self.fields = {"q": self.fields["q"]}
        super().full_clean()

    def narrow(self, brands: BrandQuerySet) -> BrandQuerySet:
        """Return the brands that match every filter; none if a filter is invalid."""
        if self.errors:
            return brands.none()
        if words := self.asked("q"):
            brands = search(brands, words, names=("name",))
        if state := self.asked("state"):
            brands = brands.filter(is_active=state == "active")
        return brands.filter(**{name: self.asked(name) for name in ("kind", "country") if self.asked(name)})

    @property
    def order(self) -> tuple[str, ...]:
        """The columns to order by."""
        return self.ORDERS[self.asked("sort") or ""]


class BrandForm(StaleGuard, forms.ModelForm):  # type: ignore[type-arg]
    """The form in which global staff enter a brand."""

    website = forms.URLField(label=_("Website"), max_length=200, required=False, assume_scheme="https")
    country = forms.ChoiceField(
        label=_("Country"), choices=lambda: [("", _("Not stated")), *country_choices()], required=False
    )

    class Meta:
        model = Brand
        fields = ("name", "kind", "website", "country", "is_active")
        help_texts: ClassVar = {
            "name": _("Check the name: factories rely on it when they consent to sharing."),
            "is_active": _("An inactive brand cannot read anything, and factories cannot choose it."),
        }

    def clean_name(self) -> str:
        """Refuse a name that could be mistaken for another brand's; an unchanged name is not checked."""
        name: str = self.cleaned_data["name"]
        if name == self.instance.name:
            return name
        try:
            return checked_name(name, self.instance.pk)
        except forms.ValidationError as error:
            raise forms.ValidationError(error.message_dict["name"]) from error


class SupplierFilter(ListFilter):
    """The filter of a brand's supplier list."""

    q = forms.CharField(label=_("Name, address, Better Work ID or OS Hub ID"), max_length=100, required=False)

    def narrow(self, suppliers: SupplierQuerySet) -> SupplierQuerySet:
        """Return the suppliers that contain the words, or have them as an id."""
        if self.errors:
            return suppliers.none()
        if words := self.asked("q"):
            suppliers = search(suppliers, words, names=("name", "address"), ids=("bw_id", "os_hub_id"))
        return suppliers


class SupplierListForm(forms.Form):
    """A form for one file."""

    file = forms.FileField(
        label=_("Supplier list"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
        error_messages={"required": _("Choose a file.")},
        help_text=with_size_limit(
            _(
                "CSV (UTF-8) or Excel workbook (.xlsx). Required column: name. Optional columns: country, address, "
                "sector, bw_id, os_hub_id, latitude, longitude. Rows that are already on your list are skipped."
            ),
            "suppliers",
        ),
    )


class IntegrationForm(forms.Form):
    """A form for a new token: for which program, what it may read, and for how long."""

    name = forms.CharField(
        label=_("Name of the integration"), max_length=80, help_text=_("Tells you later which program uses the token.")
    )
    roles = forms.MultipleChoiceField(
        label=_("Data it can read"),
        choices=[(name, BRAND.roles[name].label) for name in OFFERED_INTEGRATIONS],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(
        label=_("Days until it expires"),
        min_value=1,
        max_value=MAX_TOKEN_LIFETIME.days,
        help_text=format_lazy(_("At most {most}."), most=MAX_TOKEN_LIFETIME.days),
        initial=90,
        error_messages={
            name: format_lazy(_("Enter a number of days from 1 to {most}."), most=MAX_TOKEN_LIFETIME.days)
            for name in ("required", "invalid", "min_value", "max_value")
        },
    )
