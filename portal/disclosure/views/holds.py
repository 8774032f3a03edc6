"""Pages of reports that open later: holding a report for a brand, and allowing it."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from brands.models import Brand
from portal.core.days import show_days_of
from portal.disclosure.openings import once_allowed, openings_of
from portal.ui.repeats import unsaved, warn_done_already
from sharing.gates.pages import about, factory_inside, may_decide_and_look, person, require_decider
from sharing.holds.services import allow_report, withhold_report
from sharing.models import SharingGrant, WithheldReport
from sharing.terms import MAX_CYCLE


class WithholdForm(forms.Form):
    """A form for which cycle's report to hold for which brand. Offers the brands that the factory shares with."""

    brand = forms.ModelChoiceField(label=gettext_lazy("Brand"), queryset=Brand.objects.none())
    cycle = forms.IntegerField(label=gettext_lazy("Cycle"), min_value=1, max_value=MAX_CYCLE)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, required=False)


@login_required
@require_GET
def report_openings(request: HttpRequest, pk: int) -> HttpResponse:
    """Show when each report opens to which brand, what is held, and what is open."""
    factory = factory_inside(request, pk)
    decides, looks = may_decide_and_look(request, factory)
    context = {
        "factory": factory,
        "brands": openings_of(person=person(request), factory=factory),
        "may_decide": decides,
        "may_look": looks,
    }
    return render(request, "disclosure/report_openings.html", context)


@login_required
@require_POST
def report_withhold(request: HttpRequest, pk: int) -> HttpResponse:
    """Hold one cycle's report for one brand, at once."""
    factory = factory_inside(request, pk)
    require_decider(request, factory)
    form = WithholdForm(request.POST)
    grants = SharingGrant.objects.visible_to(request.user).filter(factory=factory)
    form.fields["brand"].queryset = Brand.objects.filter(pk__in=grants.values("brand"))  # type: ignore[attr-defined]
    if not form.is_valid():
        messages.error(request, _("Choose a brand and a cycle from the page. Nothing was changed."))
        return redirect("report_openings", pk=pk)
    try:
        kept = withhold_report(by=person(request), factory=factory, **form.cleaned_data)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        words = {"brand": form.cleaned_data["brand"], "cycle": kept.cycle, "factory": factory}
        lost = unsaved([form.cleaned_data["reason"]], [kept.reason])
        if not warn_done_already(request, lost, by=kept.withheld_by, at=kept.withheld_at, place=factory):
            messages.success(
                request, _("%(factory)s holds the report of cycle %(cycle)s: %(brand)s cannot see it.") % words
            )
    return redirect("report_openings", pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def report_allow(request: HttpRequest, pk: int) -> HttpResponse:
    """Release a held report: first say what that means, then do it."""
    kept = get_object_or_404(
        WithheldReport.objects.visible_to(request.user).select_related("factory__programme", "brand"), pk=pk
    )
    require_decider(request, kept.factory)
    show_days_of(kept.factory)
    if request.method == "POST":
        words = {"brand": kept.brand, "cycle": kept.cycle}
        try:
            allow_report(by=person(request), withheld=kept)
        except ValidationError as error:
            messages.error(request, about(kept.factory, " ".join(error.messages)))
        else:
            said = _("%(brand)s: the report of cycle %(cycle)s is no longer held.") % words
            messages.success(request, about(kept.factory, said))
    if request.method == "POST" or kept.allowed_at is not None:
        return redirect("report_openings", pk=kept.factory_id)
    grants = SharingGrant.objects.visible_to(request.user).filter(factory=kept.factory, brand=kept.brand)
    context = {
        "kept": kept,
        "factory": kept.factory,
        "is_shared": grants.not_ended().exists(),
        "readable": once_allowed(person=person(request), kept=kept),
    }
    return render(request, "disclosure/report_allow.html", context)
