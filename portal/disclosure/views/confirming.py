"""The page on which a second person confirms access: who the brand is, and what it would open."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.core.days import show_days_of
from portal.disclosure.brands import BrandRow, brand_rows, copies_kept
from portal.disclosure.previews import Difference, preview_confirmation
from portal.disclosure.sentences import decision_in_a_sentence
from portal.disclosure.sheets import Seen, compared_and_decided, history_seen, seal, seen_by
from portal.disclosure.views.deciding import Context, say_changed
from portal.ui.forms import REFUSED, STALE, posted, show_errors
from portal.ui.repeats import unsaved, warn_done_already
from sharing.confirming.services import confirm_grant, refuse_grant
from sharing.gates.pages import may_confirm, person
from sharing.grants.forms.revoking import RefuseForm
from sharing.models import SharingGrant
from sharing.scopes import rule_of
from sharing.terms import Status


@login_required
@require_http_methods(["GET", "POST"])
def grant_confirmation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one grant that waits: what it would open, and the buttons that confirm or refuse it."""
    found = _grant_seen(request, pk)
    show_days_of(found.factory)
    if not may_confirm(request, found.factory):
        raise PermissionDenied(_("Only the factory's worker representative confirms what its managers share."))
    with compared_and_decided(request, found.factory_id) as is_locked:
        return _answer(request, _grant_seen(request, pk) if is_locked else found)


def _grant_seen(request: HttpRequest, pk: UUID) -> SharingGrant:
    grants = SharingGrant.objects.visible_to(request.user).select_related("factory__programme", "brand", "granted_by")
    return get_object_or_404(grants, pk=pk)


def _answer(request: HttpRequest, found: SharingGrant) -> HttpResponse:
    """Confirm what the page showed, or refuse it; otherwise show the page."""
    form, shown, status = RefuseForm(posted(request)), _shown(request, found), 200
    if request.method == "POST":
        status = REFUSED
        if form.is_valid():
            if _is_other_than_shown(request, form, str(shown["seen"])):
                say_changed(request)
                status = STALE
            elif _answered(request, found, form):
                return redirect("confirmations", pk=found.factory_id)
    return render(request, "disclosure/grant_confirmation.html", {**shown, "form": form}, status=status)


def _is_other_than_shown(request: HttpRequest, form: RefuseForm, sealed: str) -> bool:
    """Return whether what would be confirmed is not what the page said; nothing is sealed where nothing waits."""
    is_yes = form.cleaned_data["answer"] == "confirm"
    return is_yes and bool(sealed) and seen_by(request, sealed) is not Seen.SAME


def _shown(request: HttpRequest, found: SharingGrant) -> Context:
    """Return the context of the page: the brand, what confirming does, and the seal of both."""
    by = person(request)
    row = brand_rows(person=by, factory=found.factory, only=found.brand_id)[0]
    copies = copies_kept(by, found.factory, [row.brand.pk]).get(row.brand.pk, 0)
    waits, only_plan = found.status() is Status.UNCONFIRMED, not rule_of(found.scope).opens_assessments
    difference = None
    if waits:
        difference = preview_confirmation(position=row.position, reports=row.sight.reports, grant=found)
    return {
        "grant": found,
        "factory": found.factory,
        "is_own": found.granted_by_id == by.pk,
        "row": row,
        "copies": copies,
        "difference": difference,
        "sentence": decision_in_a_sentence(difference, found) if difference and not only_plan else "",
        "only_plan": only_plan,
        "replaced_grant": found.replaced_grant(),
        "seen": seal_of_confirming(found, difference, row, copies) if difference else "",
    }


def seal_of_confirming(grant: SharingGrant, difference: Difference, row: BrandRow, copies: int) -> str:
    """Return the seal of confirming a grant."""
    return seal(["confirm", grant.pk], [difference, history_seen(row.position, copies)])


def _answered(request: HttpRequest, grant: SharingGrant, form: RefuseForm) -> bool:
    words = {"factory": grant.factory, "brand": grant.brand, "what": grant.get_scope_display()}
    try:
        if form.cleaned_data["answer"] == "confirm":
            confirm_grant(by=person(request), grant=grant)
            done = _("Confirmed: %(factory)s grants %(brand)s access to “%(what)s”.")
        else:
            refused = refuse_grant(by=person(request), grant=grant, reason=form.cleaned_data["reason"])
            lost = unsaved([form.cleaned_data["reason"]], [refused.end_reason])
            at = refused.ended_at or refused.created_at
            if warn_done_already(request, lost, by=refused.ended_by, at=at, place=grant.factory):
                return True
            done = _("Refused: %(factory)s does not grant %(brand)s access to “%(what)s”.")
    except ValidationError as error:
        show_errors(form, error)
        return False
    messages.success(request, done % words)
    return True
