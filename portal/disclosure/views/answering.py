"""Pages of a request and of its approval: what it opens, as asked or less.

A request has one page for both sides: the factory's manager decides there, the brand may withdraw it.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from brands.identity import Identity
from brands.models import Brand, BrandHistory
from portal.disclosure.brands import BrandRow, brand_rows, copies_kept
from portal.disclosure.previews import Answer, preview_answer
from portal.disclosure.reports_offered import offer_reports
from portal.disclosure.sentences import decision_in_a_sentence
from portal.disclosure.views.granting import as_grant
from portal.ui.forms import REFUSED, fingerprint, posted
from sharing.gates.pages import about, may_decide, person, request_seen, request_to_decide
from sharing.grants.models import SharingGrantQuerySet
from sharing.grants.services.outcomes import Terms
from sharing.models import AccessRequest, Scope, SharingGrant
from sharing.requests.forms import LaterForm, LessForm, initial_answer
from sharing.requests.services.answering import AlreadyAnsweredError, answered_in_words, approve_request, as_asked
from sharing.requests.states import Shown
from sharing.requests.views.answering import already_answered
from sharing.scopes import rule_of

IDENTITY = ("name", "kind", "is_active")


@login_required
@require_GET
def access_request(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one request: who asks, for what, why; to the factory's manager also answers and an approval's effects."""
    found = request_seen(request, pk)
    decides = found.shown_state == Shown.OPEN and may_decide(request, found.factory)
    own = not found.from_inside and Brand.objects.own(request.user).filter(pk=found.brand_id).exists()
    names = former_names(found.brand)
    shown = _preview_of_a_plain_yes(request, found) if decides else {}
    context = {
        "found": found,
        "factory": found.factory,
        "decides": decides,
        "withdraws": own and found.shown_state == Shown.OPEN,
        "is_own": own,
        "former_names": names,
        "grants": _grants(request, found),
        **shown,
        **(_history(request, found, shown.get("answer"), names) if found.from_inside else {}),
        "later": LaterForm(),
        "seen": brand_seen(found.brand),
    }
    if found.shown_state not in {Shown.OPEN, Shown.UNCONFIRMED} and not own:
        context["closed"] = answered_in_words(found)
    return render(request, "disclosure/request.html", context)


def brand_seen(brand: Brand) -> str:
    """Return a digest of the asking brand as shown: if its name has since changed, approval is asked for again."""
    return fingerprint(brand, IDENTITY)


def former_names(brand: Brand) -> list[BrandHistory]:
    """Return the brand's other names, the last one first, each with since when: a factory consents to a name."""
    rows = BrandHistory.objects.filter(brand=brand).exclude(name=brand.name).order_by("name", "-since").distinct("name")
    return sorted(rows, key=lambda row: row.since, reverse=True)


def _grants(request: HttpRequest, found: Any) -> SharingGrantQuerySet:
    """Return what was granted for the request, as far as the visitor may see it.

    Grants that the brand had already are linked to an approval at once, even while it waits for confirmation: shown
    before the request is answered, the link would reveal the approval to the brand.
    """
    if not found.from_inside and found.shown_state != Shown.APPROVED:
        return SharingGrant.objects.none()
    grants = SharingGrant.objects.visible_to(request.user).filter(requests=found)
    return grants.exclude(end_code=SharingGrant.End.UNDONE).select_related("factory").order_by("scope")


def _preview(request: HttpRequest, found: AccessRequest, scopes: list[str], terms: Terms) -> dict[str, object]:
    """Return the effects of these terms: each kind new, replaced, or granted already; what opens and closes.

    Raises what `approve_request` raises.
    """
    answer = preview_answer(by=person(request), request=found, scopes=scopes, terms=terms)
    return effects_of(answer, found, scopes, terms)


def effects_of(answer: Answer, found: AccessRequest, scopes: list[str], terms: Terms) -> dict[str, object]:
    """Return the context of `disclosure/parts/yes_effects.html` for these terms, except for the way to try it."""
    granted, only_plan = as_grant(found.factory, terms), not any(rule_of(scope).opens_assessments for scope in scopes)
    return {
        "sentence": "" if only_plan else decision_in_a_sentence(answer.difference, granted),
        "lines": [_yes_line(answer, scope) for scope in Scope if scope in scopes],
        "terms": granted,
        "difference": answer.difference,
        "only_plan": only_plan,
        "brand": found.brand,
    }


def _yes_line(answer: Answer, scope: Scope) -> dict[str, object]:
    existing = answer.standing[scope]
    kind = "new" if existing is None else "kept" if answer.outcomes[scope].grant == existing else "replaced"
    return {"label": scope.label, "kind": kind, "existing": existing}


def _preview_of_a_plain_yes(request: HttpRequest, found: AccessRequest) -> dict[str, Any]:
    """Return the preview of an approval as asked; or why the portal would refuse it."""
    terms = as_asked(found)
    try:
        answer = preview_answer(by=person(request), request=found, scopes=found.scopes, terms=terms)
    except ValidationError as error:
        return {"refused": " ".join(error.messages)}
    shown = effects_of(answer, found, found.scopes, terms)
    return {**shown, "answer": answer, "hidden_for_preview": plain_yes_to_try(found)}


def _history(
    request: HttpRequest, found: AccessRequest, answer: Answer | None, names: list[BrandHistory]
) -> dict[str, object]:
    """Return what there was between the factory and the brand before; `answer` has it where there is a preview."""
    by = person(request)
    if answer is None:
        row = brand_rows(person=by, factory=found.factory, only=found.brand_id)[0]
    else:
        row = BrandRow(answer.position, Identity(found.brand, [one.name for one in names]), answer.sight)
    return {"row": row, "copies": copies_kept(by, found.factory, found.brand)}


def plain_yes_to_try(found: AccessRequest) -> list[tuple[str, str]]:
    """Return the fields to post to see the data as the brand would after an approval as asked."""
    form = LessForm(request=found, initial=initial_answer(found))
    return [*filled_in(form), ("request", str(found.pk))]


def filled_in(form: Form) -> list[tuple[str, str]]:
    """Return a form's initial values, as a browser would post them."""
    values = {name: form[name].value() for name in form.fields}
    pairs = [(name, one) for name, value in values.items() for one in (value if isinstance(value, list) else [value])]
    return [(name, str(value)) for name, value in pairs if value is not None]


@login_required
@require_http_methods(["GET", "POST"])
def request_approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Approve a request: as asked, directly from its page, which says what happens; or less, through a form."""
    found = request_to_decide(request, pk)
    form = LessForm(posted(request), request=found, initial=initial_answer(found))
    offer_reports(form, person(request), found.factory)
    posted_answer = _posted_answer(request, found, form)
    if found.shown_state != Shown.OPEN:
        is_same = posted_answer is not None and _is_given(found, *posted_answer)
        return already_answered(request, found, is_same=is_same)
    if posted_answer is None:
        return _less_page(request, found, form)
    if "as_asked" in request.POST or "confirmed" in request.POST:
        return _approve(request, found, form, *posted_answer)
    try:
        return _confirm_less(request, found, form, *posted_answer)
    except ValidationError as error:
        return _refused(request, found, form, error)


def _posted_answer(request: HttpRequest, found: AccessRequest, form: LessForm) -> tuple[list[str], Terms] | None:
    """Return the scopes and terms of the posted approval; None where nothing, or nothing valid, was posted."""
    if "as_asked" in request.POST:
        return found.scopes, as_asked(found)
    return (form.cleaned_data["scopes"], form.answer()) if form.is_valid() else None


def _is_given(found: AccessRequest, scopes: list[str], terms: Terms) -> bool:
    """Return whether this approval is the one that was given before: a second click."""
    given = list(found.grants.all())
    return {one.scope for one in given} == set(scopes) and all(terms.same_as(one) for one in given)


def _less_page(request: HttpRequest, found: AccessRequest, form: Form, status: int = REFUSED) -> HttpResponse:
    context = {"found": found, "factory": found.factory, "form": form}
    return render(request, "disclosure/request_less.html", context, status=status if form.is_bound else 200)


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
    return render(request, "disclosure/request_confirm.html", context)


def _approve(
    request: HttpRequest, found: AccessRequest, form: LessForm, scopes: list[str], terms: Terms
) -> HttpResponse:
    if request.POST.get("seen") != brand_seen(found.brand):
        messages.error(
            request, _("The brand's name or agreement has changed since you opened the page. Check it again.")
        )
        return redirect("access_request", pk=found.pk)
    try:
        approve_request(by=person(request), request=found, scopes=scopes, terms=terms)
    except AlreadyAnsweredError as error:
        return already_answered(request, found, error.messages[0])
    except ValidationError as error:
        return _refused(request, found, form, error)
    messages.success(request, _approved(found))
    return redirect("factory_brand", found.factory_id, found.brand_id)


def _refused(request: HttpRequest, found: AccessRequest, form: LessForm, error: ValidationError) -> HttpResponse:
    """Show what was refused on the form again; a plain approval, sent from another page, returns there with it."""
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
    return _("%(brand)s can now read what %(factory)s shares.") % words
