"""Forms for recording, finding and withdrawing subscriptions of participants."""

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brands.models import Brand, BrandQuerySet
from factories.models import CountryProgramme, Factory, named
from portal.core.names import one_line
from portal.core.search import search
from portal.core.uploads import with_size_limit
from portal.ui.forms import ListFilter
from sharing.subscriptions.models import SubscriptionQuerySet
from sharing.subscriptions.services import Purchase
from sharing.terms import MAX_CYCLE

DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
WRONG_CYCLE = dict.fromkeys(
    ("required", "invalid", "min_value", "max_value"),
    lazy(lambda: _("Enter a cycle from 1 to %s.") % MAX_CYCLE, str)(),
)
RECORDED, WITHDRAWN = "recorded", "withdrawn"


def with_words(subscriptions: SubscriptionQuerySet, words: str) -> SubscriptionQuerySet:
    """Return the subscriptions whose brand or factory has the words in its name, or whose factory's id they are."""
    return search(subscriptions, one_line(words), names=("brand__name",), also=named(words, "factory__"))


class BrandSubscriptionFilter(ListFilter):
    """The filter of a brand's own subscriptions."""

    q = forms.CharField(label=gettext_lazy("Factory or Better Work ID"), max_length=100, required=False)
    cycle = forms.IntegerField(
        label=gettext_lazy("Cycle"), min_value=1, max_value=MAX_CYCLE, required=False, error_messages=WRONG_CYCLE
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        choices=[
            ("", gettext_lazy("All")),
            (RECORDED, gettext_lazy("Recorded")),
            (WITHDRAWN, gettext_lazy("Withdrawn")),
        ],
        required=False,
    )

    def narrow(self, subscriptions: SubscriptionQuerySet) -> SubscriptionQuerySet:
        """Return the subscriptions that match all filters; none for an invalid filter."""
        if self.errors:
            return subscriptions.none()
        if words := self.asked("q"):
            subscriptions = with_words(subscriptions, words)
        if cycle := self.asked("cycle"):
            subscriptions = subscriptions.filter(cycle=cycle)
        if state := self.asked("state"):
            subscriptions = subscriptions.filter(ended_at__isnull=state == RECORDED)
        return subscriptions


class SubscriptionFilter(BrandSubscriptionFilter):
    """The filter of a country's subscriptions, for its staff."""

    q = forms.CharField(label=gettext_lazy("Brand, factory or Better Work ID"), max_length=100, required=False)


class SubscriptionForm(forms.Form):
    """One report that a participant bought."""

    brand = forms.ModelChoiceField(
        label=gettext_lazy("Participant"),
        queryset=Brand.objects.none(),
        empty_label=gettext_lazy("Choose a brand"),
        help_text=gettext_lazy("Partners are not listed: they need no subscription."),
    )
    bw_id = forms.CharField(label=gettext_lazy("Better Work ID of the factory"), max_length=40)
    cycle = forms.IntegerField(
        label=gettext_lazy("Cycle"), min_value=1, max_value=MAX_CYCLE, error_messages=WRONG_CYCLE
    )
    bought_on = forms.DateField(label=gettext_lazy("Bought on"), widget=DAY)

    def __init__(self, data: QueryDict | None, *, programme: CountryProgramme, brands: BrandQuerySet) -> None:
        super().__init__(data)
        self.programme = programme
        self.fields["brand"].queryset = brands  # type: ignore[attr-defined]

    def clean_bw_id(self) -> Factory:
        """Return the factory of the country that has this id."""
        found = Factory.objects.filter(programme=self.programme, bw_id=one_line(self.cleaned_data["bw_id"])).first()
        if found is None:
            raise ValidationError(_("%s has no factory with this Better Work ID.") % self.programme)
        return found

    def purchase(self) -> Purchase:
        """Return what was bought (call it after `is_valid`)."""
        data = self.cleaned_data
        return Purchase(data["brand"], data["bw_id"], data["cycle"], data["bought_on"])


class SubscriptionTableForm(forms.Form):
    """One file."""

    file = forms.FileField(
        label=gettext_lazy("Subscriptions"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
        error_messages={"required": gettext_lazy("Choose a file.")},
        help_text=with_size_limit(
            gettext_lazy("CSV (UTF-8) or Excel workbook (.xlsx). Its columns are explained below."), "subscriptions"
        ),
    )


class WithdrawForm(forms.Form):
    """The reason why a subscription is withdrawn."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)
