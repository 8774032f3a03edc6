"""One answer to several requests of one factory: a sheet that says for each brand what will happen, then it does.

Each request is answered on its own: one that somebody else has since answered does not delay the others.
"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from factories.models import Factory
from portal.accounts.models import User
from portal.core.listing import listed
from portal.core.turns import one_at_a_time
from portal.disclosure.drafts import Draft
from portal.disclosure.sheets import Seen, compared_and_decided, history_seen, in_a_sentence, seal, seen_by, sheet_of
from portal.disclosure.views.answering import effects_of
from portal.disclosure.views.deciding import say_changed
from portal.ui.forms import REFUSED, STALE
from portal.ui.repeats import unsaved
from sharing.gates.pages import about, factory_inside, person, require_decider, uuids
from sharing.models import AccessRequest
from sharing.requests.forms import DeclineForm, LaterForm
from sharing.requests.queries import with_times_reopened
from sharing.requests.services.answering import (
    answered_in_words,
    approve_request,
    as_asked,
    decline_request,
    snooze_request,
)
from sharing.requests.states import State

ANSWERS = ("approve", "decline", "later")
MOST = 100


@login_required
@require_POST
@one_at_a_time
def requests_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the sheet of an answer to what was ticked in the inbox; from the sheet, answer the requests."""
    factory = factory_inside(request, pk)
    require_decider(request, factory)
    if (count := len(request.POST.getlist("ids"))) > MOST:
        text = _("Tick up to %(most)s requests at a time; you ticked %(count)s. None was answered.")
        messages.error(request, text % {"most": MOST, "count": count})
        return redirect("request_inbox", pk=pk)
    with compared_and_decided(request, pk) as is_locked:
        return _sent(request, factory_inside(request, pk) if is_locked else factory)


def _sent(request: HttpRequest, factory: Factory) -> HttpResponse:
    """Answer what is still open of the ticked requests if the sheet showed that; show it first if not.

    Requests that expire too soon to be postponed stay as they are, and on the sheet.
    """
    answer, chosen = request.POST.get("answer", ""), _ticked(request, factory)
    closed = _closed_since(request, factory, chosen)
    if answer not in ANSWERS or not (chosen or closed):
        messages.error(request, _("Tick the open requests that you want to answer."))
        return redirect("request_inbox", pk=factory.pk)
    for one in closed:
        messages.warning(request, f"{one.brand}{_(': ')}{answered_in_words(one)}")
    if not chosen:
        _say_unsaved(request)
        return redirect("request_inbox", pk=factory.pk)
    sheet = _sheet(request, factory, answer, chosen)
    seen = seen_by(request, str(sheet["seen"]))
    too_soon = [one for one in chosen if answer == "later" and not LaterForm(requests=[one]).may_wait]
    answered = [one for one in chosen if one not in too_soon]
    form = _form(request, answer, seen, answered)
    if not answered or seen is not Seen.SAME or (form is not None and not form.is_valid()):
        shown = {"answered": answered, "too_soon": too_soon, "count": len(answered or chosen)}
        return _show(request, {**sheet, **shown, "form": form if answered else None}, seen)
    waits = _answer_all(request, factory, answer, answered, form)
    if too_soon:
        text = _("These requests expire too soon to be postponed. Decide on them now: %(brands)s")
        messages.warning(request, text % {"brands": listed(one.brand for one in too_soon)})
    if answer != "approve":
        return redirect("request_inbox", pk=factory.pk)
    return redirect(reverse("factory_brands", args=[factory.pk]) + ("?state=waiting" if waits else ""))


def _form(request: HttpRequest, answer: str, seen: Seen, chosen: list[AccessRequest]) -> Form | None:
    """Return the form that the answer has, with what was sent from its sheet."""
    data = None if seen is Seen.NOT_YET else request.POST
    if answer == "later":
        return LaterForm(data, requests=chosen)
    return DeclineForm(data) if answer == "decline" else None


def _ticked(request: HttpRequest, factory: Factory) -> list[AccessRequest]:
    """Return the open requests among those ticked; invalid ids, and those of another factory, are ignored."""
    rows = AccessRequest.objects.visible_to(request.user).open().filter(factory=factory)
    rows = with_times_reopened(rows.filter(pk__in=uuids(request.POST.getlist("ids"))))
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


def _sheet(request: HttpRequest, factory: Factory, answer: str, chosen: list[AccessRequest]) -> dict[str, object]:
    """Return the context of the page: per brand what the answer does, and the seal of what it shows."""
    effects = _effects(request, factory, chosen) if answer == "approve" else []
    told = [[one.get("refused") or one["difference"], one["history"]] for one in effects]
    given = [one for one in effects if "refused" not in one]
    sentence = in_a_sentence([one["sentence"] for one in given], [one["difference"] for one in given]) if given else ""
    return {
        "factory": factory,
        "answer": answer,
        "chosen": chosen,
        "effects": effects,
        "sentence": sentence,
        "can_share": bool(given),
        "seen": seal(answer, [*([one.pk, one.times_reopened, one.brand] for one in chosen), *told]),
        "hidden": [("ids", one.pk) for one in chosen],
    }


def _show(request: HttpRequest, context: dict[str, object], seen: Seen) -> HttpResponse:
    """Return the page; say what is wrong with what was sent from it, if it was."""
    if seen is Seen.CHANGED:
        say_changed(request)
    status = {Seen.NOT_YET: 200, Seen.CHANGED: STALE, Seen.SAME: REFUSED}[seen]
    return render(request, "disclosure/requests_answer.html", context, status=status)


def _effects(request: HttpRequest, factory: Factory, chosen: list[AccessRequest]) -> list[dict[str, Any]]:
    """Return for each request who asks, what there was, and what an approval does or why it would be refused."""
    sheet = sheet_of(by=person(request), factory=factory, brand_ids={one.brand_id for one in chosen})
    rows = {row.brand.pk: row for row in sheet.rows}
    found: list[dict[str, Any]] = []
    for one in chosen:
        row, copies = rows[one.brand_id], sheet.copies.get(one.brand_id, 0)
        known = {"brand": one.brand, "row": row, "copies": copies, "history": history_seen(row.position, copies)}
        try:
            answer = sheet.approving(one)
        except ValidationError as error:
            found.append({**known, "refused": " ".join(error.messages)})
        else:
            effects = effects_of(answer, one, one.scopes, as_asked(one))
            found.append({**known, **effects, "draft": Draft.approve(one)})
    return found


def _answer_all(
    request: HttpRequest, factory: Factory, answer: str, chosen: list[AccessRequest], form: Form | None
) -> bool:
    """Answer each request, and say what was done; return whether any of it waits for a second person."""
    done = []
    for one in chosen:
        try:
            done.append(_answer(person(request), answer, one, form.cleaned_data if form else {}))
        except ValidationError as error:
            messages.warning(request, f"{one.brand}{_(': ')}{' '.join(error.messages)}")
    if done:
        messages.success(request, about(factory, _done_words(answer, len(done))))
    else:
        _say_unsaved(request)
    return any(one.state == State.OPEN for one in done)


def _answer(by: User, answer: str, one: AccessRequest, data: dict[str, Any]) -> AccessRequest:
    if answer == "approve":
        return approve_request(by=by, request=one, scopes=one.scopes, terms=as_asked(one))
    if answer == "decline":
        return decline_request(by=by, request=one, reason=data["reason"])
    return snooze_request(by=by, request=one, days=data["days"])


def _done_words(answer: str, count: int) -> str:
    words = {
        "approve": ngettext("%(count)s request was approved.", "%(count)s requests were approved.", count),
        "decline": ngettext("%(count)s request was declined.", "%(count)s requests were declined.", count),
        "later": ngettext("%(count)s request was postponed.", "%(count)s requests were postponed.", count),
    }
    return words[answer] % {"count": count}
