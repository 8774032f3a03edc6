"""Pages of a factory that answers: the inbox, the decision, less than asked, no, later.

A request is one page for both sides: the factory's manager decides there, the brand may take it back.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from brands.models import Brand, BrandHistory
from portal.ui.forms import REFUSED, fingerprint, posted
from portal.ui.lists import requested_page
from portal.ui.repeats import unsaved
from sharing.gates.pages import about, factory_inside, may_decide, person, request_seen, request_to_decide
from sharing.grants.services.outcomes import Terms
from sharing.grants.views.granting import as_grant
from sharing.models import AccessRequest, Scope, SharingGrant
from sharing.preview import Answer, preview_answer
from sharing.requests.forms import DeclineForm, LaterForm, LessForm, initial_answer
from sharing.requests.services.requests import (
    AlreadyAnsweredError,
    answered_in_words,
    approve_request,
    as_asked,
    decline_request,
    snooze_request,
    withdraw_request,
)
from sharing.requests.services.standing import may_ask_again
from sharing.requests.states import Shown
from sharing.scopes import rule_of

PAST_SHOWN = 25
IDENTITY = ("name", "kind", "is_active")


@login_required
@require_GET
def inbox(request: HttpRequest, pk: int) -> HttpResponse:
    """ "Requests": what brands ask of this factory; first what waits, then what was put off, then what is over."""
    factory = factory_inside(request, pk)
    rows = AccessRequest.objects.visible_to(request.user).filter(factory=factory).for_reader(request.user)
    rows = rows.select_related("factory", "brand", "asked_by", "answered_by")
    page = requested_page(request, rows.waiting(), ("-created_at", "-id"))
    context = {
        "factory": factory,
        "page": page,
        "put_off": rows.put_off().order_by("snoozed_until"),
        "past": rows.shown_closed().order_by("-answered_at", "-created_at")[:PAST_SHOWN],
        "may_decide": may_decide(request, factory),
    }
    return render(request, "sharing/inbox.html", context)


@login_required
@require_GET
def access_request(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One request: who asks, for what, why; for the factory's manager also what a yes would do, and the answers."""
    found = request_seen(request, pk)
    decides = found.shown_state == Shown.OPEN and may_decide(request, found.factory)
    own = Brand.objects.own(request.user).filter(pk=found.brand_id).exists()
    context = {
        "found": found,
        "factory": found.factory,
        "decides": decides,
        "withdraws": own and found.shown_state == Shown.OPEN,
        "is_own": own,
        "former_names": former_names(found.brand),
        "grants": _grants(request, found),
        **(_preview_of_a_plain_yes(request, found) if decides else {}),
        "later": LaterForm(),
        "seen": brand_seen(found.brand),
    }
    if found.shown_state not in {Shown.OPEN, Shown.UNCONFIRMED} and not own:
        context["closed"] = answered_in_words(found)
    return render(request, "sharing/request.html", context)


def brand_seen(brand: Brand) -> str:
    """Who asks, as it was shown: a yes to a name that has changed meanwhile is asked for again."""
    return fingerprint(brand, IDENTITY)


def former_names(brand: Brand) -> list[BrandHistory]:
    """Other names that the brand had, the last one first, each with since when: a factory consents to a name."""
    rows = BrandHistory.objects.filter(brand=brand).exclude(name=brand.name).order_by("name", "-since").distinct("name")
    return sorted(rows, key=lambda row: row.since, reverse=True)


def _grants(request: HttpRequest, found: Any) -> Any:
    """What was given for the request, as far as the visitor may see it.

    What the brand had already is linked to a yes at once, also to one that waits: before it is answered, that the link
    is there would tell the brand of the yes.
    """
    if not found.from_inside and found.shown_state != Shown.APPROVED:
        return SharingGrant.objects.none()
    return (
        SharingGrant.objects.visible_to(request.user).filter(requests=found).select_related("factory").order_by("scope")
    )


def _preview(request: HttpRequest, found: AccessRequest, scopes: list[str], terms: Terms) -> dict[str, Any]:
    """What a yes on these terms does: each kind new, in place of something, or given already; what opens and closes.

    Raises what `approve_request` raises.
    """
    answer = preview_answer(by=person(request), request=found, scopes=scopes, terms=terms)
    return effects_of(answer, found, scopes, terms)


def effects_of(answer: Answer, found: AccessRequest, scopes: list[str], terms: Terms) -> dict[str, Any]:
    """What `sharing/parts/yes_effects.html` shows of a yes on these terms, but for the way to try it."""
    return {
        "lines": [_yes_line(answer, scope) for scope in Scope if scope in scopes],
        "terms": as_grant(found.factory, terms),
        "difference": answer.difference,
        "only_plan": not any(rule_of(scope).opens_assessments for scope in scopes),
        "brand": found.brand,
    }


def _yes_line(answer: Answer, scope: Scope) -> dict[str, Any]:
    existing = answer.standing[scope]
    kind = "new" if existing is None else "kept" if answer.outcomes[scope].grant == existing else "replaced"
    return {"label": scope.label, "kind": kind, "existing": existing}


def _preview_of_a_plain_yes(request: HttpRequest, found: AccessRequest) -> dict[str, Any]:
    """The same of a yes as asked; or why the portal would refuse it."""
    try:
        shown = _preview(request, found, found.scopes, as_asked(found))
    except ValidationError as error:
        return {"refused": " ".join(error.messages)}
    return {**shown, "hidden_for_preview": plain_yes_to_try(found)}


def plain_yes_to_try(found: AccessRequest) -> list[tuple[str, str]]:
    """What is posted to see the data as the brand would after a yes as asked."""
    form = LessForm(request=found, initial=initial_answer(found))
    return [*filled_in(form), ("request", str(found.pk))]


def filled_in(form: Form) -> list[tuple[str, str]]:
    """A form's first values, as a browser would post them."""
    values = {name: form[name].value() for name in form.fields}
    pairs = [(name, one) for name, value in values.items() for one in (value if isinstance(value, list) else [value])]
    return [(name, str(value)) for name, value in pairs if value is not None]


@login_required
@require_http_methods(["GET", "POST"])
def request_approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Yes: as asked straight from the request's page, which says in words what happens; or less, through a form."""
    found = request_to_decide(request, pk)
    form = LessForm(posted(request), request=found, initial=initial_answer(found))
    if found.shown_state != Shown.OPEN:
        return _already(request, found, is_same=_is_approved_so(request, found, form))
    if "as_asked" in request.POST:
        return _approve(request, found, form, found.scopes, as_asked(found))
    if form.is_valid():
        scopes, terms = form.cleaned_data["scopes"], form.answer()
        if "confirmed" in request.POST:
            return _approve(request, found, form, scopes, terms)
        try:
            return _confirm_less(request, found, form, scopes, terms)
        except ValidationError as error:
            return _refused(request, found, form, error)
    return _less_page(request, found, form)


def _is_approved_so(request: HttpRequest, found: AccessRequest, form: LessForm) -> bool:
    """Whether the yes that was posted is the one that was given before: a second click."""
    if "as_asked" in request.POST:
        scopes, terms = found.scopes, as_asked(found)
    elif form.is_valid():
        scopes, terms = form.cleaned_data["scopes"], form.answer()
    else:
        return False
    given = list(found.grants.all())
    return {one.scope for one in given} == set(scopes) and all(terms.same_as(one) for one in given)


def _less_page(request: HttpRequest, found: AccessRequest, form: Form, status: int = REFUSED) -> HttpResponse:
    context = {"found": found, "factory": found.factory, "form": form}
    return render(request, "sharing/request_less.html", context, status=status if form.is_bound else 200)


def _confirm_less(
    request: HttpRequest, found: AccessRequest, form: LessForm, scopes: list[str], terms: Terms
) -> HttpResponse:
    pairs = [(name, value) for name in form.fields for value in request.POST.getlist(name)]
    context = {
        "found": found,
        "factory": found.factory,
        "hidden": [*pairs, ("confirmed", "yes"), ("seen", brand_seen(found.brand))],
        "hidden_for_preview": [*pairs, ("request", str(found.pk))],
        **_preview(request, found, scopes, terms),
    }
    return render(request, "sharing/request_confirm.html", context)


def _approve(
    request: HttpRequest, found: AccessRequest, form: LessForm, scopes: list[str], terms: Terms
) -> HttpResponse:
    if request.POST.get("seen") != brand_seen(found.brand):
        messages.error(
            request, _("The brand's name or agreement has changed since you opened the page. Look at it once more.")
        )
        return redirect("access_request", pk=found.pk)
    try:
        approve_request(by=person(request), request=found, scopes=scopes, terms=terms)
    except AlreadyAnsweredError as error:
        return _already(request, found, error.messages[0])
    except ValidationError as error:
        return _refused(request, found, form, error)
    messages.success(request, _approved(found))
    return redirect("request_inbox", pk=found.factory_id)


def _refused(request: HttpRequest, found: AccessRequest, form: LessForm, error: ValidationError) -> HttpResponse:
    """Back to the form, with what the rules refused; a plain yes comes from another page, which only says it."""
    if "as_asked" in request.POST:
        for text in error.messages:
            messages.error(request, text)
        return redirect("access_request", pk=found.pk)
    for name, errors in getattr(error, "error_dict", {"": error.messages}).items():
        field = {"expires_at": "expires_on"}.get(name, name)
        form.add_error(field if field in form.fields else None, errors)
    return _less_page(request, found, form)


def _approved(found: AccessRequest) -> str:
    words = {"factory": found.factory, "brand": found.brand}
    if found.factory.confirms_sharing:
        said = _("The request of %(brand)s is approved; it takes effect once a second person confirms it.") % words
        return about(found.factory, said)
    return _("%(factory)s now shares with %(brand)s.") % words


def _already(
    request: HttpRequest, found: AccessRequest, text: str = "", *, is_same: bool = False, typed: str = ""
) -> HttpResponse:
    """Somebody was first: the request's page says who did what; nothing changes, and an answer is told so.

    `is_same`: a second click. `typed`: what was written with the answer, which is kept nowhere.
    """
    found.refresh_from_db()
    is_lost = request.method == "POST" and not is_same
    if is_lost:
        recorded = [found.decline_reason]
        said = [text or answered_in_words(found), _("Your answer changed nothing."), unsaved([typed], recorded)]
        messages.warning(request, " ".join(filter(None, said)))
    elif found.state == AccessRequest.State.OPEN:  # it lapsed, or waits for a second person
        messages.info(request, text or answered_in_words(found))
    return redirect("access_request", pk=found.pk)


@login_required
@require_http_methods(["GET", "POST"])
def request_decline(request: HttpRequest, pk: UUID) -> HttpResponse:
    """No, with a reason that the brand reads, or without."""
    found = request_to_decide(request, pk)
    form = DeclineForm(posted(request))
    typed = form.cleaned_data["reason"] if form.is_valid() else ""
    if found.shown_state != Shown.OPEN:
        is_same = found.state == AccessRequest.State.DECLINED and typed in {"", found.decline_reason}
        return _already(request, found, is_same=is_same, typed=typed)
    if form.is_valid():
        try:
            decline_request(by=person(request), request=found, reason=typed)
        except AlreadyAnsweredError as error:
            return _already(request, found, error.messages[0], typed=typed)
        said = _("The request of %s is declined: nothing is shared by it.") % found.brand
        messages.success(request, about(found.factory, said))
        return redirect("request_inbox", pk=found.factory_id)
    context = {"found": found, "factory": found.factory, "form": form}
    return render(request, "sharing/request_decline.html", context, status=REFUSED if form.is_bound else 200)


@login_required
@require_POST
def request_later(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Not now: the request leaves the inbox and comes back in some days."""
    found = request_to_decide(request, pk)
    form = LaterForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose when to be reminded."))
        return redirect("access_request", pk=found.pk)
    try:
        snooze_request(by=person(request), request=found, days=form.cleaned_data["days"])
    except AlreadyAnsweredError as error:
        return _already(request, found, error.messages[0])
    said = _("The request of %s is put aside; the brand is not notified.") % found.brand
    messages.success(request, about(found.factory, said))
    return redirect("request_inbox", pk=found.factory_id)


@login_required
@require_http_methods(["GET", "POST"])
def request_withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The brand takes its request back."""
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
    return render(request, "sharing/request_withdraw.html", {"found": found, "again": may_ask_again(found)})
