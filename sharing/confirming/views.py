"""Pages of the second person: grants that wait for confirmation, confirming or refusing one, and the rule itself."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from factories.models import Factory
from factories.rights import member_may
from factories.roles import active_in_role
from portal.core.days import show_days_of
from portal.ui.forms import REFUSED, posted, show_errors
from portal.ui.repeats import unsaved, warn_done_already
from sharing.confirming.services import (
    answer_confirmation_end,
    ask_to_end_confirmation,
    confirm_grant,
    may_answer_confirmation_end,
    refuse_grant,
    switch_confirmation_on,
)
from sharing.gates.pages import factory_inside, may_decide, person
from sharing.grants.forms.revoking import RefuseForm
from sharing.models import ConfirmationEnd, SharingGrant


def _may_confirm(request: HttpRequest, factory: Factory) -> bool:
    return member_may(request.user, "confirm_sharing", factory.pk)


@login_required
@require_http_methods(["GET", "POST"])
def confirmations(request: HttpRequest, pk: int) -> HttpResponse:
    """Show whether a second person confirms at this factory, what waits for them, and the ways to change the rule."""
    factory = factory_inside(request, pk)
    if request.method == "POST":
        _change_rule(request, factory)
        return redirect("confirmations", pk=pk)
    waiver = ConfirmationEnd.objects.visible_to(request.user).open().filter(factory=factory).select_related("asked_by")
    open_waiver = waiver.first()
    waiting = SharingGrant.objects.visible_to(request.user).unconfirmed().filter(factory=factory)
    context = {
        "factory": factory,
        "grants": waiting.select_related("factory", "brand", "granted_by").order_by("created_at"),
        "representatives": active_in_role(factory, "worker_representative"),
        "waiver": open_waiver,
        "may_decide": may_decide(request, factory),
        "may_confirm": _may_confirm(request, factory),
        "may_answer": open_waiver is not None and may_answer_confirmation_end(person(request), factory, open_waiver),
    }
    return render(request, "confirming/confirmations.html", context)


def _change_rule(request: HttpRequest, factory: Factory) -> None:
    """Do what a button says; a refusal by the service is shown above the page. Raises `PermissionDenied`."""
    act = request.POST.get("act", "")
    by, words = person(request), {"factory": factory}
    acts: dict[str, tuple[Callable[[], object], str]] = {
        "on": (
            lambda: switch_confirmation_on(by=by, factory=factory),
            _("At %(factory)s a worker representative now confirms each new grant of access."),
        ),
        "ask_off": (
            lambda: ask_to_end_confirmation(by=by, factory=factory),
            _("%(factory)s: your request is recorded. Someone else must agree to it."),
        ),
        "agree": (
            lambda: answer_confirmation_end(by=by, factory=factory, is_agreed=True),
            _("%(factory)s no longer uses confirmation by a second person."),
        ),
        "refuse": (
            lambda: answer_confirmation_end(by=by, factory=factory, is_agreed=False),
            _("%(factory)s: a worker representative continues to confirm each grant of access."),
        ),
    }
    if act not in acts:
        messages.error(request, _("Choose one of the buttons on the page."))
        return
    do, done = acts[act]
    try:
        do()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, done % words)


@login_required
@require_http_methods(["GET", "POST"])
def grant_confirmation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one grant that waits: what it would open, and the buttons that confirm or refuse it."""
    grants = SharingGrant.objects.visible_to(request.user).select_related("factory__programme", "brand", "granted_by")
    found = get_object_or_404(grants, pk=pk)
    show_days_of(found.factory)
    if not _may_confirm(request, found.factory):
        raise PermissionDenied(_("Only the factory's worker representative confirms what its managers share."))
    form = RefuseForm(posted(request))
    status = 200
    if request.method == "POST":
        if form.is_valid() and _answered(request, found, form):
            return redirect("confirmations", pk=found.factory_id)
        status = REFUSED
    is_own = found.granted_by_id == person(request).pk
    context = {
        "grant": found,
        "factory": found.factory,
        "form": form,
        "is_own": is_own,
        "replaced_grant": found.replaced_grant(),
    }
    return render(request, "confirming/grant_confirmation.html", context, status=status)


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
