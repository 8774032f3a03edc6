"""Pages of a request and of its approval: what it opens, as asked or less.

A request has one page for both sides: the factory's manager decides there, the brand may withdraw it.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from brands.identity import Identity
from brands.models import Brand, BrandHistory
from portal.disclosure.brands import BrandRow, brand_rows, copies_kept
from portal.disclosure.drafts import Draft, drafted_values
from portal.disclosure.previews import Answer, preview_answer
from portal.disclosure.reports_offered import offer_reports
from portal.disclosure.sentences import decision_in_a_sentence
from portal.disclosure.sheets import Seen, as_grant, compared_and_decided, history_seen, seal_of, seen_by
from portal.disclosure.views.deciding import answer_with, as_it_is, filled_in, followed, say_changed
from portal.ui.forms import posted
from sharing.gates.pages import about, may_decide, person, request_seen, request_to_decide
from sharing.grants.forms.granting import add_errors
from sharing.grants.models import SharingGrantQuerySet
from sharing.grants.services.outcomes import Terms
from sharing.models import AccessRequest, Scope, SharingGrant
from sharing.requests.forms import LaterForm, LessForm, initial_answer
from sharing.requests.services.answering import AlreadyAnsweredError, answered_in_words, approve_request, as_asked
from sharing.requests.states import Shown
from sharing.requests.views.answering import already_answered
from sharing.scopes import rule_of


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
        **(_history(request, found, shown, names) if found.from_inside else {}),
        "later": LaterForm(requests=[found]),
    }
    if found.shown_state not in {Shown.OPEN, Shown.UNCONFIRMED} and not own:
        context["closed"] = answered_in_words(found)
    return render(request, "disclosure/request.html", context)


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


def effects_of(answer: Answer, found: AccessRequest, scopes: list[str], terms: Terms) -> dict[str, object]:
    """Return the context of `disclosure/parts/yes_effects.html` for these terms, except for the draft."""
    granted, only_plan = as_grant(found.factory, terms), not any(rule_of(scope).opens_assessments for scope in scopes)
    return {
        "sentence": "" if only_plan else decision_in_a_sentence(answer.difference, granted),
        "lines": [_yes_line(answer, scope) for scope in Scope if scope in scopes],
        "terms": granted,
        "difference": answer.difference,
        "only_plan": only_plan,
        "brand": found.brand,
    }


def _shown(
    request: HttpRequest, found: AccessRequest, answer: Answer, scopes: list[str], terms: Terms
) -> dict[str, Any]:
    """Return the context of an answer's effects, with the seal of what its page shows."""
    copies = _copies(request, found)
    before = [history_seen(answer.position, copies), found.times_reopened]
    return {
        **effects_of(answer, found, scopes, terms),
        "answer": answer,
        "copies": copies,
        "seen": seal_of(scopes, terms, [answer.difference], before),
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
    return {**_shown(request, found, answer, found.scopes, terms), "draft": Draft.approve(found)}


def _history(
    request: HttpRequest, found: AccessRequest, shown: dict[str, Any], names: list[BrandHistory]
) -> dict[str, object]:
    """Return what there was between the factory and the brand before; `shown` has it where there is a preview."""
    answer: Answer | None = shown.get("answer")
    if answer is None:
        row = brand_rows(person=person(request), factory=found.factory, only=found.brand_id)[0]
        return {"row": row, "copies": _copies(request, found)}
    row = BrandRow(answer.position, Identity(found.brand, [one.name for one in names]), answer.sight)
    return {"row": row, "copies": shown["copies"]}


def _copies(request: HttpRequest, found: AccessRequest) -> int:
    return copies_kept(person(request), found.factory, [found.brand_id]).get(found.brand_id, 0)


@login_required
@require_http_methods(["GET", "POST"])
def request_approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Approve a request: as asked, from its page, which says what happens; or less, on a sheet of its own."""
    found = request_to_decide(request, pk)
    with compared_and_decided(request, found.factory_id) as is_locked:
        return _answer(request, request_to_decide(request, pk) if is_locked else found)


def _answer(request: HttpRequest, found: AccessRequest) -> HttpResponse:
    initial = initial_answer(found) | drafted_values(request, found.factory)
    form = LessForm(posted(request), request=found, initial=initial)
    offer_reports(form, person(request), found.factory, asked=found.as_grant())
    if found.shown_state != Shown.OPEN:
        return already_answered(request, found, is_same=_is_given(request, found, form))
    return _as_asked(request, found) if "as_asked" in request.POST else _less(request, found, form)


def _is_given(request: HttpRequest, found: AccessRequest, form: LessForm) -> bool:
    """Return whether the approval that was sent is the one that was given before: a second click."""
    if "as_asked" in request.POST:
        scopes, terms = found.scopes, as_asked(found)
    elif form.is_valid():
        scopes, terms = form.cleaned_data["scopes"], form.answer()
    else:
        return False
    given = list(found.grants.all())
    return {one.scope for one in given} == set(scopes) and all(terms.same_as(one) for one in given)


def _as_asked(request: HttpRequest, found: AccessRequest) -> HttpResponse:
    """Approve a request as asked, if its page showed what that does now; whatever is refused is said on that page."""
    shown = _preview_of_a_plain_yes(request, found)
    if "refused" in shown:
        messages.error(request, shown["refused"])
    elif seen_by(request, shown["seen"]) is not Seen.SAME:
        say_changed(request)
    else:
        try:
            return _approve(request, found, found.scopes, as_asked(found))
        except ValidationError as error:
            for text in error.messages:
                messages.error(request, text)
    return redirect("access_request", pk=found.pk)


def _less(request: HttpRequest, found: AccessRequest, form: LessForm) -> HttpResponse:
    """Show the sheet on which less than was asked is approved; or approve it."""
    tried = as_it_is(form, lambda data: LessForm(data, request=found, initial=form.initial))
    answer = _answer_of_less(request, found, tried)
    shown = _shown(request, found, answer, tried.cleaned_data["scopes"], tried.answer()) if answer else {}
    context = {
        "found": found,
        "factory": found.factory,
        "form": form,
        "hidden": filled_in(tried),
        "draft": _draft_of_less(found, tried),
        **shown,
        **_history(request, found, shown, former_names(found.brand)),
        **followed(tried, shown.get("seen", ""), shown.get("sentence", "")),
    }
    page, summary = "disclosure/request_less.html", "disclosure/request_confirm.html"
    return answer_with(
        request,
        context,
        form,
        page=page,
        summary=summary,
        decide=lambda: _approve(request, found, tried.cleaned_data["scopes"], tried.answer()),
    )


def _draft_of_less(found: AccessRequest, tried: LessForm) -> Draft | None:
    """Return the draft of the answer as filled in; None where the form is not right."""
    return Draft.approve_less(found, tried.cleaned_data["scopes"], tried.answer()) if tried.is_valid() else None


def _answer_of_less(request: HttpRequest, found: AccessRequest, form: LessForm) -> Answer | None:
    """Return what the answer as filled in does; nothing where the form is not right, which it says then."""
    if not form.is_valid():
        return None
    scopes, terms = form.cleaned_data["scopes"], form.answer()
    try:
        return preview_answer(by=person(request), request=found, scopes=scopes, terms=terms)
    except ValidationError as error:
        add_errors(form, error)
        return None


def _approve(request: HttpRequest, found: AccessRequest, scopes: list[str], terms: Terms) -> HttpResponse:
    try:
        approve_request(by=person(request), request=found, scopes=scopes, terms=terms)
    except AlreadyAnsweredError as error:
        return already_answered(request, found, error.messages[0])
    messages.success(request, _approved(found))
    return redirect("factory_brand", found.factory_id, found.brand_id)


def _approved(found: AccessRequest) -> str:
    words = {"factory": found.factory, "brand": found.brand}
    if found.factory.confirms_sharing:
        said = _("The request of %(brand)s is approved; it takes effect once a second person confirms it.") % words
        return about(found.factory, said)
    return _("%(brand)s can now read what %(factory)s shares.") % words
