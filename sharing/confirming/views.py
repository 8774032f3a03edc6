"""The page of the second person: grants that wait for confirmation, and the rule itself."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from factories.models import Factory
from factories.roles import active_in_role
from sharing.confirming.services import (
    answer_confirmation_end,
    ask_to_end_confirmation,
    may_answer_confirmation_end,
    switch_confirmation_on,
)
from sharing.gates.pages import factory_inside, may_confirm, may_decide, person
from sharing.models import ConfirmationEnd, SharingGrant


@login_required
@require_http_methods(["GET", "POST"])
def confirmations(request: HttpRequest, pk: int) -> HttpResponse:
    """Show whether a second person confirms at this factory, what waits for them, and the ways to change the rule."""
    factory = factory_inside(request, pk)
    if request.method == "POST":
        _change_rule(request, factory)
        return redirect("confirmations", pk=pk)
    if request.GET.get("act") == "on" and may_decide(request, factory) and not factory.confirms_sharing:
        return _before_on(request, factory)
    waiver = ConfirmationEnd.objects.visible_to(request.user).open().filter(factory=factory).select_related("asked_by")
    open_waiver = waiver.first()
    waiting = SharingGrant.objects.visible_to(request.user).unconfirmed().filter(factory=factory)
    context = {
        "factory": factory,
        "grants": waiting.select_related("factory", "brand", "granted_by").order_by("created_at"),
        "representatives": active_in_role(factory, "worker_representative"),
        "waiver": open_waiver,
        "may_decide": may_decide(request, factory),
        "may_confirm": may_confirm(request, factory),
        "may_answer": open_waiver is not None and may_answer_confirmation_end(person(request), factory, open_waiver),
    }
    return render(request, "confirming/confirmations.html", context)


def _before_on(request: HttpRequest, factory: Factory) -> HttpResponse:
    """Ask once more before the rule is switched on, because a manager alone cannot switch it off."""
    others = active_in_role(factory, "worker_representative").exclude(pk=person(request).pk)
    names = [one.name for one in others]
    return render(request, "confirming/confirmation_on.html", {"factory": factory, "names": names})


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
