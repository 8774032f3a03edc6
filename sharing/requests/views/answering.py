"""Pages of a factory that answers: the inbox, declining, postponing; and of a brand that withdraws its request."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from brands.models import Brand
from portal.ui.forms import REFUSED, posted
from portal.ui.lists import requested_page
from portal.ui.repeats import unsaved
from sharing.gates.pages import about, factory_inside, may_decide, person, request_seen, request_to_decide
from sharing.models import AccessRequest
from sharing.requests.forms import DeclineForm, LaterForm
from sharing.requests.services.answering import (
    AlreadyAnsweredError,
    answered_in_words,
    bring_back_request,
    decline_request,
    snooze_request,
)
from sharing.requests.services.asking import withdraw_request
from sharing.requests.services.standing import may_ask_again
from sharing.requests.services.undoing import answer_can_be_undone
from sharing.requests.states import Shown

PAST_SHOWN = 25


@login_required
@require_GET
def inbox(request: HttpRequest, pk: int) -> HttpResponse:
    """Show "Requests", what brands ask of this factory: those that wait, the earliest first; put off; closed."""
    factory = factory_inside(request, pk)
    rows = AccessRequest.objects.visible_to(request.user).filter(factory=factory).for_reader(request.user)
    rows = rows.select_related("factory", "brand", "asked_by", "answered_by")
    page = requested_page(request, rows.waiting(), ("created_at", "id"))
    past = list(rows.shown_closed().order_by("-answered_at", "-created_at")[:PAST_SHOWN])
    context = {
        "factory": factory,
        "page": page,
        "put_off": rows.put_off().order_by("snoozed_until"),
        "past": past,
        "to_undo": {one.pk for one in past if answer_can_be_undone(one, person(request))},
        "may_decide": may_decide(request, factory),
    }
    return render(request, "requests/inbox.html", context)


def already_answered(
    request: HttpRequest, found: AccessRequest, text: str = "", *, is_same: bool = False, typed: str = ""
) -> HttpResponse:
    """Redirect to the request's page, which says who answered first; say that an answer sent too late changed nothing.

    `is_same`: a second click. `typed`: what was written with the answer, which is not saved.
    """
    found.refresh_from_db()
    is_lost = request.method == "POST" and not is_same
    if is_lost:
        recorded = [found.decline_reason]
        said = [text or answered_in_words(found), _("Your answer changed nothing."), unsaved([typed], recorded)]
        messages.warning(request, " ".join(filter(None, said)))
    elif found.state == AccessRequest.State.OPEN:  # it has lapsed, or waits for a second person
        messages.info(request, text or answered_in_words(found))
    return redirect("access_request", pk=found.pk)


@login_required
@require_http_methods(["GET", "POST"])
def request_decline(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Decline a request, with a reason that the brand reads, or without."""
    found = request_to_decide(request, pk)
    form = DeclineForm(posted(request))
    typed = form.cleaned_data["reason"] if form.is_valid() else ""
    if found.shown_state != Shown.OPEN:
        is_same = found.state == AccessRequest.State.DECLINED and typed in {"", found.decline_reason}
        return already_answered(request, found, is_same=is_same, typed=typed)
    if form.is_valid():
        try:
            decline_request(by=person(request), request=found, reason=typed)
        except AlreadyAnsweredError as error:
            return already_answered(request, found, error.messages[0], typed=typed)
        said = _("You declined %s's request.") % found.brand
        messages.success(request, about(found.factory, said))
        return redirect("factory_brand", found.factory_id, found.brand_id)
    context = {"found": found, "factory": found.factory, "form": form}
    return render(request, "requests/request_decline.html", context, status=REFUSED if form.is_bound else 200)


@login_required
@require_POST
def request_later(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put a request off: it leaves the inbox and comes back in some days; or bring it back now."""
    found = request_to_decide(request, pk)
    if "back" in request.POST:
        return _back(request, found)
    form = LaterForm(request.POST, requests=[found])
    if not form.is_valid():
        messages.error(request, _("Choose when to be reminded."))
        return redirect("access_request", pk=found.pk)
    try:
        snooze_request(by=person(request), request=found, days=form.cleaned_data["days"])
    except AlreadyAnsweredError as error:
        return already_answered(request, found, error.messages[0])
    said = _("The request of %s is postponed; the brand is not notified.") % found.brand
    messages.success(request, about(found.factory, said))
    return redirect("request_inbox", pk=found.factory_id)


def _back(request: HttpRequest, found: AccessRequest) -> HttpResponse:
    try:
        bring_back_request(by=person(request), request=found)
    except AlreadyAnsweredError as error:
        return already_answered(request, found, error.messages[0])
    messages.success(request, about(found.factory, _("%s is back in your inbox.") % found.brand))
    return redirect("access_request", pk=found.pk)


@login_required
@require_http_methods(["GET", "POST"])
def request_withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Withdraw a request, as the brand that asked."""
    found = request_seen(request, pk)
    if not Brand.objects.own(request.user).filter(pk=found.brand_id).exists():
        raise PermissionDenied(_("Only the brand that asked can cancel its request."))
    if found.shown_state != Shown.OPEN:
        messages.info(request, _("This request is not open any more."))
        return redirect("access_request", pk=pk)
    if request.method == "POST":
        try:
            withdraw_request(by=person(request), request=found)
        except AlreadyAnsweredError as error:
            messages.info(request, error.messages[0])
        else:
            messages.success(request, _("Your request to %s is cancelled.") % found.factory)
        return redirect("brand_requests", pk=found.brand_id)
    found.answered_at = found.created_at
    return render(request, "requests/request_withdraw.html", {"found": found, "again": may_ask_again(found)})
