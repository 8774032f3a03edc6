"""One answer to several requests of one factory: a page that names the factory and says what will happen, then it does.

Each request is answered on its own: one that somebody else has since answered does not delay the others.
"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from factories.models import Factory
from portal.accounts.models import User
from portal.core.turns import one_at_a_time
from portal.disclosure.previews import preview_plain_answers
from portal.disclosure.views.answering import brand_seen, effects_of, plain_yes_to_try
from portal.ui.forms import REFUSED
from portal.ui.repeats import unsaved
from sharing.gates.pages import about, factory_inside, person, require_decider, uuids
from sharing.models import AccessRequest
from sharing.requests.forms import DeclineForm, LaterForm
from sharing.requests.services.answering import (
    answered_in_words,
    approve_request,
    as_asked,
    decline_request,
    snooze_request,
)

ANSWERS = ("approve", "decline", "later")
FORMS: dict[str, type[Form]] = {"decline": DeclineForm, "later": LaterForm}
MOST = 100


@login_required
@require_POST
@one_at_a_time
def requests_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the confirmation page for what was ticked in the inbox; with `confirmed`, answer the requests."""
    factory = factory_inside(request, pk)
    require_decider(request, factory)
    if (count := len(request.POST.getlist("ids"))) > MOST:
        text = _("Tick up to %(most)s requests at a time; you ticked %(count)s. None was answered.")
        messages.error(request, text % {"most": MOST, "count": count})
        return redirect("request_inbox", pk=pk)
    answer, chosen = request.POST.get("answer", ""), _ticked(request, factory)
    closed = _closed_since(request, factory, chosen)
    if answer not in ANSWERS or not (chosen or closed):
        messages.error(request, _("Tick the open requests that you want to answer."))
        return redirect("request_inbox", pk=pk)
    for one in closed:
        messages.warning(request, f"{one.brand}: {answered_in_words(one)}")
    if not chosen:
        _say_unsaved(request)
        return redirect("request_inbox", pk=pk)
    form = FORMS[answer](request.POST if "confirmed" in request.POST else None) if answer in FORMS else None
    if "confirmed" not in request.POST or (form is not None and not form.is_valid()):
        return _confirm(request, factory, answer, chosen, form)
    if request.POST.get("seen") != _identities(chosen):
        messages.error(request, _("Something has changed since you opened the page. Check it again."))
        return _confirm(request, factory, answer, chosen, form)
    _answer_all(request, factory, answer, chosen, form)
    return redirect("request_inbox", pk=pk)


def _ticked(request: HttpRequest, factory: Factory) -> list[AccessRequest]:
    """Return the open requests among those ticked; invalid ids, and those of another factory, are ignored."""
    rows = AccessRequest.objects.visible_to(request.user).open().filter(factory=factory)
    rows = rows.filter(pk__in=uuids(request.POST.getlist("ids")))
    return list(rows.select_related("factory__programme", "brand").order_by("brand__name", "pk"))


def _closed_since(request: HttpRequest, factory: Factory, chosen: list[AccessRequest]) -> list[AccessRequest]:
    """Return the requests among those ticked that were answered, or ended otherwise, since the page showed them."""
    rows = AccessRequest.objects.visible_to(request.user).filter(factory=factory)
    rows = rows.filter(pk__in=uuids(request.POST.getlist("ids"))).exclude(pk__in=[one.pk for one in chosen])
    return list(rows.select_related("factory", "brand", "answered_by").order_by("brand__name", "pk"))


def _say_unsaved(request: HttpRequest) -> None:
    """Show what was written with an answer that was recorded for no request."""
    if lost := unsaved([request.POST.get("reason", "").replace("\x00", "")]):
        messages.warning(request, lost)


def _identities(chosen: list[AccessRequest]) -> str:
    """Return a digest of the asking brands as shown."""
    return ".".join(brand_seen(one.brand) for one in chosen)


def _confirm(
    request: HttpRequest, factory: Factory, answer: str, chosen: list[AccessRequest], form: Form | None
) -> HttpResponse:
    hidden = [("ids", one.pk) for one in chosen]
    context = {
        "factory": factory,
        "answer": answer,
        "chosen": chosen,
        "form": form,
        "effects": _effects(request, factory, chosen) if answer == "approve" else [],
        "hidden": [*hidden, ("answer", answer), ("confirmed", "yes"), ("seen", _identities(chosen))],
    }
    bound = form is not None and form.is_bound
    return render(request, "disclosure/requests_answer.html", context, status=REFUSED if bound else 200)


def _effects(request: HttpRequest, factory: Factory, chosen: list[AccessRequest]) -> list[dict[str, object]]:
    """Return what each approval does, as the page of a single request shows it; or why the portal would refuse it."""
    answers = preview_plain_answers(by=person(request), factory=factory, requests=chosen)
    found: list[dict[str, object]] = []
    for one, answer in zip(chosen, answers, strict=True):
        if isinstance(answer, ValidationError):
            found.append({"brand": one.brand, "refused": " ".join(answer.messages)})
        else:
            effects = effects_of(answer, one, one.scopes, as_asked(one))
            found.append({**effects, "hidden_for_preview": plain_yes_to_try(one)})
    return found


def _answer_all(
    request: HttpRequest, factory: Factory, answer: str, chosen: list[AccessRequest], form: Form | None
) -> None:
    done = 0
    for one in chosen:
        try:
            _answer(person(request), answer, one, form.cleaned_data if form else {})
            done += 1
        except ValidationError as error:
            messages.warning(request, f"{one.brand}: {' '.join(error.messages)}")
    if done:
        messages.success(request, about(factory, _done_words(answer, done)))
    else:
        _say_unsaved(request)


def _answer(by: User, answer: str, one: AccessRequest, data: dict[str, Any]) -> None:
    if answer == "approve":
        approve_request(by=by, request=one, scopes=one.scopes, terms=as_asked(one))
    elif answer == "decline":
        decline_request(by=by, request=one, reason=data["reason"])
    else:
        snooze_request(by=by, request=one, days=data["days"])


def _done_words(answer: str, count: int) -> str:
    words = {
        "approve": ngettext("%(count)s request was approved.", "%(count)s requests were approved.", count),
        "decline": ngettext("%(count)s request was declined.", "%(count)s requests were declined.", count),
        "later": ngettext("%(count)s request was postponed.", "%(count)s requests were postponed.", count),
    }
    return words[answer] % {"count": count}
