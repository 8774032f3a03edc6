"""The page of components: every part that pages are made of, for those who develop them. In English only."""

from datetime import date, timedelta

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from factories.rights import may_somewhere
from portal.ui.forms import ListFilter
from portal.ui.templatetags.portal import FINDINGS, STATES

TONES = ("ok", "calm", "wait", "law", "nc", "mute")
COLOURS = ("paper", "ground", "ground-deep", "brand-soft", "ink", "ink-soft", "heading", "brand", "action", "head")
PLACES = ("colours", "type", "buttons", "badges", "notices", "facts", "tables", "rows", "forms", "figures", "overlays")
CHOICES = [("all", "All cycles, including future ones"), ("from", "From a cycle on"), ("only", "Only these cycles")]


class ExampleForm(forms.Form):
    """One field of each kind."""

    brand = forms.CharField(label="Brand", help_text="The help of a field stands between its label and its control.")
    cycle = forms.IntegerField(label="Cycle", min_value=1, required=False)
    until = forms.DateField(label="Until", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    cycles = forms.ChoiceField(label="Cycles", choices=CHOICES)
    scopes = forms.MultipleChoiceField(
        label="What the brand may see",
        choices=[("report", "Assessment reports"), ("step1", "Step 1 data")],
        widget=forms.CheckboxSelectMultiple,
    )
    agreed = forms.BooleanField(label="I have read this", required=False)
    purpose = forms.CharField(label="Purpose", widget=forms.Textarea(attrs={"rows": 3}), required=False)


class ExampleFilter(ListFilter):
    """The filter of a list."""

    q = forms.CharField(label="Brand", required=False)
    state = forms.ChoiceField(label="State", choices=[("", "Any"), ("live", "Active")], required=False)


@login_required
@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show every component, to the programme's staff on a portal that runs with `DEBUG`; 404 elsewhere."""
    if not settings.DEBUG:
        raise Http404
    if not may_somewhere(request.user, "view_assessments"):
        raise PermissionDenied
    sent = {"cycle": "0", "cycles": "all", "scopes": ["report"]}
    context = {
        "places": PLACES,
        "colours": COLOURS,
        "tones": TONES,
        "states": STATES,
        "findings": FINDINGS,
        "form": ExampleForm(sent),
        "empty_form": ExampleForm(auto_id="empty_%s"),
        "filter": ExampleFilter({"q": "", "state": ""}),
        "facts": [("Brand", "Northlight Apparel"), ("Cycles", "From cycle 3 on"), ("Until", None)],
        "bars": [("Child labour", 0, 12), ("Compensation", 4, 12), ("Working time", 9, 12)],
        "weeks": [(date(2026, 9, 14) + timedelta(days=7 * week), week**2 % 13) for week in range(12)],
        "points": [("Cycle 1", 42.0), ("Cycle 2", 36.5), ("Cycle 3", None), ("Cycle 4", 18.0)],
    }
    return render(request, "styleguide.html", context)
