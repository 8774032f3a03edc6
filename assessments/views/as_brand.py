"""See it as they will: a factory's data through a brand's eyes, now, or as a decision would make it.

The pages are the brand's own (`reading.shared_context`, `reading.assessment_context`), asked by `access.AsBrand` in
place of a member. Who-saw-what gets a line for the person who really looked, on their own side, never the brand's.
A trial makes the decision, shows the page and takes the decision back.
"""

from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from assessments.models import Assessment
from assessments.views.reading import assessment_context, shared_context
from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from sharing.access import AsBrand
from sharing.forms import GrantForm, TermsForm
from sharing.models import AccessRecord, SharingGrant
from sharing.preview import try_change, try_grants, undone
from sharing.services import record_access
from sharing.views.gates import factory_inside, may_look, require_decider


@dataclass(frozen=True)
class SeenAs:
    """What the banner says: whose eyes, on which factory, and what is being tried (fields to post again)."""

    factory: Factory
    brand: Brand
    is_inside: bool = False
    trial: list[tuple[str, str]] = field(default_factory=list)
    back_url: str = ""

    @property
    def is_trial(self) -> bool:
        """Whether it shows what a decision would do."""
        return bool(self.trial)


def _looker(request: HttpRequest, pk: int, brand: int) -> AsBrand:
    """The brand's eyes, for those who decide for the factory and its country's staff. Raises 404, 403."""
    factory = factory_inside(request, pk)
    if not may_look(request, factory):
        raise PermissionDenied(_("Only a manager of this factory and its country's staff see what a brand sees."))
    return AsBrand(get_object_or_404(Brand.objects.visible_to(request.user), pk=brand), factory)


@login_required
@require_safe
def as_brand(request: HttpRequest, pk: int, brand: int) -> HttpResponse:
    """The brand's list "Shared with us", as far as it concerns this factory."""
    looker = _looker(request, pk, brand)
    return _list(request, looker, SeenAs(looker.factory, looker.brand))


def _list(request: HttpRequest, looker: AsBrand, seen_as: SeenAs) -> HttpResponse:
    context = shared_context(request, looker) | {"seen_as": seen_as}
    return render(request, "assessments/shared_list.html", context)


@login_required
@require_safe
def as_brand_assessment(request: HttpRequest, pk: int, brand: int, assessment: UUID) -> HttpResponse:
    """The brand's page of one assessment; not found where the brand finds none."""
    looker = _looker(request, pk, brand)
    context, openings = assessment_context(looker, assessment)
    _write_down(request, context["assessment"], list(openings))
    seen_as = SeenAs(looker.factory, looker.brand, is_inside=True)
    return render(request, "assessments/assessment.html", context | {"seen_as": seen_as})


def _write_down(request: HttpRequest, assessment: Assessment, scopes: list[str]) -> None:
    """Who really looked, on their own side."""
    by, own = cast(User, request.user), dict.fromkeys(scopes)
    record_access(by=by, assessment=assessment, openings=own, action=AccessRecord.Action.VIEW)


@login_required
@require_POST
def as_brand_trial(request: HttpRequest, pk: int, brand: int) -> HttpResponse:
    """The same pages as they would be after a decision that was filled in but not confirmed yet."""
    looker = _looker(request, pk, brand)
    require_decider(request, looker.factory)
    by = cast(User, request.user)
    grant = _grant_to_change(request, looker)
    form = TermsForm(request.POST) if grant else GrantForm(request.POST, user=by)
    back = reverse("grant_change", args=[grant.pk]) if grant else reverse("grant", args=[pk])
    try:
        if not form.is_valid():
            raise ValidationError(_("Fill in the form first."))
        seen_as = SeenAs(
            looker.factory, looker.brand, bool(request.POST.get("assessment")), _again(request, form), back
        )
        with undone():
            _try(by, looker, form, grant)
            page, opened = _tried_page(request, looker, seen_as)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(back)
    if opened is not None:
        _write_down(request, *opened)
    return page


def _grant_to_change(request: HttpRequest, looker: AsBrand) -> SharingGrant | None:
    """The grant whose change is tried, if it is one; 404 unless it is the factory's, to this brand."""
    if "grant" not in request.POST:
        return None
    grants = SharingGrant.objects.visible_to(request.user).filter(factory=looker.factory, brand=looker.brand)
    return get_object_or_404(grants.select_related("factory", "brand"), pk=_uuid(request.POST["grant"]))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error


def _again(request: HttpRequest, form: TermsForm) -> list[tuple[str, str]]:
    names = [*form.fields, "grant"]
    return [(name, value) for name in names for value in request.POST.getlist(name)]


def _try(by: User, looker: AsBrand, form: TermsForm, grant: SharingGrant | None) -> None:
    if grant is not None:
        try_change(by=by, grant=grant, terms=form.terms())
        return
    scopes = form.cleaned_data["scopes"]
    try_grants(by=by, factory=looker.factory, brand=looker.brand, scopes=scopes, terms=form.terms())


def _tried_page(
    request: HttpRequest, looker: AsBrand, seen_as: SeenAs
) -> tuple[HttpResponse, tuple[Assessment, list[str]] | None]:
    """The list, or the assessment asked for with the scopes that were opened."""
    if not seen_as.is_inside:
        return _list(request, looker, seen_as), None
    context: dict[str, Any]
    context, openings = assessment_context(looker, _uuid(request.POST["assessment"]))
    page = render(request, "assessments/assessment.html", context | {"seen_as": seen_as})
    return page, (context["assessment"], list(openings))
