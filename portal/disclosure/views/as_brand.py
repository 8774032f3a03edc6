"""The pages of "See it as they will": a factory's data through a brand's eyes, now, or as a decision would make it.

The pages are the brand's own (`reading.shared_context`, `reading.assessment_context`), asked by `access.AsBrand` in
place of a member. Who-saw-what gets a record of the person who really looked, on their own side, never the brand's.
A trial makes the decision, shows the page and rolls the decision back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from assessments.models import Assessment
from assessments.reading.views import assessment_context, record_page, shared_context
from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.core.days import show_days_of_each
from portal.core.turns import one_at_a_time
from portal.disclosure.trials import rolled_back, try_answer, try_change, try_grants
from sharing.access import AsBrand
from sharing.gates.pages import factory_inside, may_look, require_decider
from sharing.grants.forms.granting import GrantForm, TermsForm
from sharing.models import AccessRecord, AccessRequest, SharingGrant
from sharing.records.services import record_access
from sharing.requests.forms import LessForm

Recorded = tuple[HttpResponse, Callable[[], None]]  # a page, and the function that records the reading in who-saw-what


@dataclass(frozen=True)
class SeenAs:
    """The content of the banner: whose eyes, on which factory, and what is being tried (fields to post again)."""

    factory: Factory
    brand: Brand
    is_inside: bool = False
    trial: list[tuple[str, str]] = field(default_factory=list)
    back_url: str = ""

    @property
    def is_trial(self) -> bool:
        """True when it shows what a decision would do."""
        return bool(self.trial)


def _looker(request: HttpRequest, pk: int, brand: int) -> AsBrand:
    """Return the brand's eyes, for those who decide for the factory and its country's staff. Raises 404, 403."""
    factory = factory_inside(request, pk)
    if not may_look(request, factory):
        raise PermissionDenied(_("Only a manager of this factory and its country's staff can see what a brand sees."))
    return AsBrand(get_object_or_404(Brand.objects.visible_to(request.user), pk=brand), factory)


@login_required
@require_safe
def as_brand(request: HttpRequest, pk: int, brand: int) -> HttpResponse:
    """Show the brand's list "Shared with us", as far as it concerns this factory."""
    looker = _looker(request, pk, brand)
    page, write_down = _list(request, looker, SeenAs(looker.factory, looker.brand))
    write_down()
    return page


def _list(request: HttpRequest, looker: AsBrand, seen_as: SeenAs) -> Recorded:
    show_days_of_each()  # as the brand's own list does
    context = shared_context(request, looker) | {"seen_as": seen_as}
    write_down = partial(record_page, cast(User, request.user), context, is_brand=False)
    return render(request, "reading/shared_list.html", context), write_down


@login_required
@require_safe
def as_brand_assessment(request: HttpRequest, pk: int, brand: int, assessment: UUID) -> HttpResponse:
    """Show the brand's page of one assessment; not found where the brand finds none."""
    looker = _looker(request, pk, brand)
    context, openings = assessment_context(looker, assessment)
    _write_down(request, context["assessment"], list(openings))
    seen_as = SeenAs(looker.factory, looker.brand, is_inside=True)
    return render(request, "reading/assessment.html", context | {"seen_as": seen_as})


def _write_down(request: HttpRequest, assessment: Assessment, scopes: list[str]) -> None:
    """Record who really looked, on their own side."""
    by, own = cast(User, request.user), dict.fromkeys(scopes)
    record_access(by=by, assessment=assessment, openings=own, action=AccessRecord.Action.VIEW)


@login_required
@require_POST
@one_at_a_time
def as_brand_trial(request: HttpRequest, pk: int, brand: int) -> HttpResponse:
    """Show the same pages as they would be after a decision that was filled in but not confirmed yet."""
    looker = _looker(request, pk, brand)
    require_decider(request, looker.factory)
    by = cast(User, request.user)
    trial = _trial(request, looker, by)
    try:
        if not trial.form.is_valid():
            raise ValidationError(_("Fill in the form first."))
        is_inside = bool(request.POST.get("assessment"))
        seen_as = SeenAs(looker.factory, looker.brand, is_inside, _again(request, trial.form), trial.back)
        with rolled_back():
            trial.decide()
            page, write_down = _tried_page(request, looker, seen_as)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(trial.back)
    write_down()  # not inside, where it would be rolled back with the trial
    return page


@dataclass(frozen=True)
class Trial:
    """A decision that is only tried: its form, the page where it is made, and the function that makes it.

    `decide` is called when the form is valid, inside `rolled_back`.
    """

    form: Form
    back: str
    decide: Callable[[], object]


def _trial(request: HttpRequest, looker: AsBrand, by: User) -> Trial:
    """Return what is tried: an approval of a request, other terms for a grant, or a new grant. Raises 404."""
    if "request" in request.POST:
        return _yes_to_a_request(request, looker, by)
    if "grant" in request.POST:
        return _change_of_a_grant(request, looker, by)
    form = GrantForm(request.POST, user=by, place=looker.factory)
    factory, brand = looker.factory, looker.brand
    return Trial(
        form,
        reverse("grant", args=[factory.pk]),
        lambda: try_grants(by=by, factory=factory, brand=brand, scopes=form.cleaned_data["scopes"], terms=form.terms()),
    )


def _yes_to_a_request(request: HttpRequest, looker: AsBrand, by: User) -> Trial:
    asked = AccessRequest.objects.decidable_by(by).filter(factory=looker.factory, brand=looker.brand)
    found = get_object_or_404(asked.select_related("factory__programme", "brand"), pk=_uuid(request.POST["request"]))
    form = LessForm(request.POST, request=found)
    return Trial(
        form,
        reverse("request_approve", args=[found.pk]),
        lambda: try_answer(by=by, request=found, scopes=form.cleaned_data["scopes"], terms=form.answer()),
    )


def _change_of_a_grant(request: HttpRequest, looker: AsBrand, by: User) -> Trial:
    grants = SharingGrant.objects.visible_to(by).filter(factory=looker.factory, brand=looker.brand)
    grant = get_object_or_404(grants.select_related("factory", "brand"), pk=_uuid(request.POST["grant"]))
    form = TermsForm(request.POST, place=grant.factory, ends=grant.expires_at)
    back = reverse("grant_change", args=[grant.pk])
    return Trial(form, back, lambda: try_change(by=by, grant=grant, terms=form.terms()))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error


def _again(request: HttpRequest, form: Form) -> list[tuple[str, str]]:
    names = [*form.fields, "grant", "request"]
    return [(name, value) for name in names for value in request.POST.getlist(name)]


def _tried_page(request: HttpRequest, looker: AsBrand, seen_as: SeenAs) -> Recorded:
    """Return the list, or the requested assessment."""
    if not seen_as.is_inside:
        return _list(request, looker, seen_as)
    context, openings = assessment_context(looker, _uuid(request.POST["assessment"]))
    page = render(request, "reading/assessment.html", context | {"seen_as": seen_as})
    return page, partial(_write_down, request, context["assessment"], list(openings))
