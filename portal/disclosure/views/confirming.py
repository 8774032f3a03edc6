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
from portal.disclosure.brands import brand_rows, copies_kept
from portal.disclosure.previews import preview_confirmation
from portal.disclosure.sentences import decision_in_a_sentence
from portal.ui.forms import REFUSED, posted, show_errors
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
    grants = SharingGrant.objects.visible_to(request.user).select_related("factory__programme", "brand", "granted_by")
    found = get_object_or_404(grants, pk=pk)
    show_days_of(found.factory)
    if not may_confirm(request, found.factory):
        raise PermissionDenied(_("Only the factory's worker representative confirms what its managers share."))
    form = RefuseForm(posted(request))
    status = 200
    if request.method == "POST":
        if form.is_valid() and _answered(request, found, form):
            return redirect("confirmations", pk=found.factory_id)
        status = REFUSED
    by = person(request)
    row = brand_rows(person=by, factory=found.factory, only=found.brand_id)[0]
    waits, only_plan = found.status() is Status.UNCONFIRMED, not rule_of(found.scope).opens_assessments
    difference = None
    if waits:
        difference = preview_confirmation(position=row.position, reports=row.sight.reports, grant=found)
    context = {
        "grant": found,
        "factory": found.factory,
        "form": form,
        "is_own": found.granted_by_id == by.pk,
        "row": row,
        "copies": copies_kept(by, found.factory, [row.brand.pk]).get(row.brand.pk, 0),
        "difference": difference,
        "sentence": decision_in_a_sentence(difference, found) if difference and not only_plan else "",
        "only_plan": only_plan,
        "replaced_grant": found.replaced_grant(),
    }
    return render(request, "disclosure/grant_confirmation.html", context, status=status)


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
