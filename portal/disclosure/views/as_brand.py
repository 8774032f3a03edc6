"""The pages that show a factory's data through a brand's eyes: now, or as a decision would make it (a preview).

The pages are the brand's own (`reading.shared_context`, `reading.assessment_context`), asked by `access.AsBrand` or
`access.AsBrandAfter` in place of a member. Who-saw-what gets a record of the person who really looked, on their own
side, never the brand's. Nothing else is written: what a decision would open is worked out (`drafts.look_after`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from assessments.models import Assessment
from assessments.reading.views import assessment_context, record_page, shared_context
from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.core.days import show_days_of_each
from portal.disclosure.drafts import SignedDraft, decision_address, look_after, opened, with_token
from portal.ui.forms import REFUSED, STALE
from sharing.access import AsBrand, AsBrandAfter
from sharing.gates.pages import factory_inside, may_look, person, require_decider
from sharing.models import AccessRecord
from sharing.records.services import record_access

Look = AsBrand | AsBrandAfter


@dataclass(frozen=True)
class SeenAs:
    """The content of the banner: whose eyes, on which factory; of a preview, its token and where it is decided."""

    factory: Factory
    brand: Brand
    is_inside: bool = False
    token: str = ""
    decision_url: str = ""

    @property
    def is_preview(self) -> bool:
        """True when it shows what a decision would do."""
        return bool(self.token)

    @property
    def list_url(self) -> str:
        """The address of the list, seen through the same eyes."""
        return self._address("as_brand_after" if self.is_preview else "as_brand")

    def page_url(self, assessment: Assessment) -> str:
        """Return the address of an assessment's page, seen through the same eyes."""
        return self._address("as_brand_after_assessment" if self.is_preview else "as_brand_assessment", assessment.pk)

    def _address(self, name: str, *more: object) -> str:
        address = reverse(name, args=[self.factory.pk, self.brand.pk, *more])
        return with_token(address, self.token) if self.is_preview else address


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
    return _list(request, looker, SeenAs(looker.factory, looker.brand))


@login_required
@require_safe
def as_brand_assessment(request: HttpRequest, pk: int, brand: int, assessment: UUID) -> HttpResponse:
    """Show the brand's page of one assessment; not found where the brand finds none."""
    looker = _looker(request, pk, brand)
    return _page(request, looker, SeenAs(looker.factory, looker.brand, is_inside=True), pk=assessment)


@login_required
@require_safe
def as_brand_after(request: HttpRequest, pk: int, brand: int) -> HttpResponse:
    """Show the list as it would be after a decision that is filled in but not made: its draft is in the address."""
    return _after(request, pk, brand, _list)


@login_required
@require_safe
def as_brand_after_assessment(request: HttpRequest, pk: int, brand: int, assessment: UUID) -> HttpResponse:
    """Show an assessment's page as it would be after a decision; not found where the brand would find none."""
    return _after(request, pk, brand, partial(_page, pk=assessment), is_inside=True)


def _list(request: HttpRequest, looker: Look, seen_as: SeenAs) -> HttpResponse:
    show_days_of_each()  # as the brand's own list does
    context = shared_context(request, looker) | {"seen_as": seen_as}
    record_page(person(request), context, is_brand=False)
    return render(request, "reading/shared_list.html", context)


def _page(request: HttpRequest, looker: Look, seen_as: SeenAs, *, pk: UUID) -> HttpResponse:
    context, openings = assessment_context(looker, pk)
    own = dict.fromkeys(openings)  # by no grant: it is not the brand that looks
    record_access(by=person(request), assessment=context["assessment"], openings=own, action=AccessRecord.Action.VIEW)
    return render(request, "reading/assessment.html", context | {"seen_as": seen_as})


def _after(
    request: HttpRequest,
    pk: int,
    brand_id: int,
    show: Callable[[HttpRequest, Look, SeenAs], HttpResponse],
    *,
    is_inside: bool = False,
) -> HttpResponse:
    """Show a page of a preview, or why there is none. Raises 404, also for somebody else's draft, and 403."""
    factory = factory_inside(request, pk)
    token = request.GET.get("draft", "")
    signed = opened(token)
    if signed is None:
        return _no_draft(request, factory, brand_id)
    if not signed.is_for(request.user, factory, brand_id):
        raise Http404
    decision_url = decision_address(signed, token)
    try:
        looker = _look_after(person(request), factory, brand_id, signed)
    except ValidationError as error:
        context = {"factory": factory, "text": " ".join(error.messages), "back": decision_url}
        return render(request, "disclosure/no_preview.html", context, status=STALE)
    return show(request, looker, SeenAs(factory, looker.brand, is_inside, token, decision_url))


def _look_after(by: User, factory: Factory, brand_id: int, signed: SignedDraft) -> AsBrandAfter:
    """Return the brand's eyes after the decision. Raises what it would be refused with, or that it is too old."""
    if signed.is_expired:
        raise ValidationError(_("This preview has expired. Check your decision, then open the preview again."))
    return look_after(by=by, factory=factory, brand_id=brand_id, draft=signed.draft)


def _no_draft(request: HttpRequest, factory: Factory, brand_id: int) -> HttpResponse:
    """Return the page for an address without a draft that is whole: it leads to where the brand is decided about."""
    require_decider(request, factory)
    brand = get_object_or_404(Brand.objects.visible_to(request.user), pk=brand_id)
    text = _("This address is incomplete. Open the preview again from your decision.")
    context = {
        "factory": factory,
        "text": text,
        "brand": brand,
        "back": reverse("factory_brand", args=[factory.pk, brand.pk]),
    }
    return render(request, "disclosure/no_preview.html", context, status=REFUSED)
