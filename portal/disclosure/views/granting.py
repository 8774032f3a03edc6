"""Pages that give consent: sharing with brands, changing the terms, renewing.

Each first says in words what will happen, and shows what opens and closes; only a second submit does it.
"""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from brands.identity import identities
from brands.models import Brand
from factories.models import Factory
from portal.core.days import in_words
from portal.core.turns import one_at_a_time
from portal.disclosure.previews import Difference, preview_change, preview_grants
from portal.disclosure.reports_offered import offer_reports
from portal.disclosure.sentences import decision_in_a_sentence
from portal.ui.forms import STALE, form_status, posted
from sharing.gates.pages import (
    about,
    factory_inside,
    grant_to_decide,
    in_place_of,
    person,
    require_decider,
    uuids,
)
from sharing.grants.forms.granting import (
    GrantForm,
    TermsForm,
    add_errors,
    copied_terms,
    default_terms,
    initial_terms,
    renewed_terms,
)
from sharing.grants.services.granting import change_grant, share
from sharing.grants.services.outcomes import Terms
from sharing.models import Scope, SharingGrant
from sharing.scopes import rule_of
from sharing.terms import Status


@login_required
@require_http_methods(["GET", "POST"])
@one_at_a_time
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Share with brands: the form, then a page that says in words what will happen, then it happens."""
    factory = factory_inside(request, pk)
    require_decider(request, factory)
    shared = _templates(request, factory)
    holders = {one.brand_id for one in shared}
    initial = _start(request, factory)
    form = GrantForm(posted(request), user=person(request), place=factory, initial=initial, holders=holders)
    offer_reports(form, person(request), factory)
    if form.is_valid():
        try:
            if "confirmed" in request.POST:
                return _granted(request, factory, form)
            if _is_new(request, factory, form):
                return _confirm_grant(request, factory, form)
        except ValidationError as error:
            add_errors(form, error)
    context = {"factory": factory, "form": form, "templates": shared}
    return render(request, "disclosure/grant.html", context, status=form_status(request))


def _start(request: HttpRequest, factory: Factory) -> dict[str, object]:
    """Return the form's initial values: the country's defaults, or the terms of the grant named in `copy`.

    That may have ended: "Share again" starts from it.
    """
    start = default_terms(factory)
    grants = SharingGrant.objects.visible_to(request.user).filter(factory=factory).select_related("factory")
    copied = grants.filter(pk__in=uuids(request.GET.getlist("copy"))).first()
    if copied is not None:
        start |= copied_terms(copied)
    if request.GET.get("brand", "").isdecimal():
        start["brands"] = [request.GET["brand"]]
    return start


def _templates(request: HttpRequest, factory: Factory) -> list[SharingGrant]:
    """Return the grants in force whose terms may be copied."""
    grants = SharingGrant.objects.visible_to(request.user).filter(factory=factory).not_ended()
    return list(grants.select_related("brand", "factory").order_by("brand__name", "scope"))


def _is_new(request: HttpRequest, factory: Factory, form: GrantForm) -> bool:
    """Return whether nothing like it is shared yet; if not, the form says what is, and links to where to change it."""
    terms = form.terms()
    shared = SharingGrant.objects.visible_to(request.user).filter(factory=factory).not_ended()
    shared = shared.filter(scope__in=form.cleaned_data["scopes"], brand__in=form.cleaned_data["brands"])
    shared = shared.select_related("brand").order_by("brand__name")
    others = [one for one in shared if not terms.same_as(one)]
    if not others and len(shared) == len(form.cleaned_data["scopes"]) * len(form.cleaned_data["brands"]):
        form.add_error(None, _("You share exactly this already: nothing would change."))
        return False
    for other in others:
        words = {"what": other.get_scope_display(), "brand": other.brand}
        message = format_html(
            '{} {} <a href="{}">{}</a>',
            _("You share “%(what)s” with %(brand)s already.") % words,
            _("Change that access instead of adding a second one."),
            reverse("grant_change", args=[other.pk]),
            _("Change it"),
        )
        has_other_cycles = (terms.cycles, terms.cycle_number) != (other.cycles, other.cycle_number)
        form.add_error("cycles" if has_other_cycles else "brands", message)
    return not others


def _confirm_grant(request: HttpRequest, factory: Factory, form: GrantForm) -> HttpResponse:
    """Return the page that says what will happen, brand by brand. Raises what `share` would raise."""
    brands, scopes, terms = form.cleaned_data["brands"], form.cleaned_data["scopes"], form.terms()
    differences = preview_grants(by=person(request), factory=factory, brands=brands, scopes=scopes, terms=terms)
    granted, only_plan = as_grant(factory, terms), not any(rule_of(scope).opens_assessments for scope in scopes)
    context = {
        "factory": factory,
        "form": form,
        "brands": brands_with(differences, granted, only_plan=only_plan),
        "scopes": [Scope(scope).label for scope in scopes],
        "only_plan": only_plan,
        "terms": granted,
        "hidden": posted_again(request, form),
        "hidden_for_preview": posted_again(request, form)[:-1],
    }
    return render(request, "disclosure/grant_confirm.html", context)


def brands_with(differences: list[Difference], terms: SharingGrant, *, only_plan: bool) -> list[dict[str, object]]:
    """Return each brand's identity beside what changes for it, and that in a sentence."""
    known = identities(difference.brand for difference in differences)
    return [
        {
            "identity": one,
            "difference": other,
            "sentence": "" if only_plan else decision_in_a_sentence(other, terms),
        }
        for one, other in zip(known, differences, strict=True)
    ]


def as_grant(factory: Factory, terms: Terms) -> SharingGrant:
    """Return an unsaved grant of a factory with these terms: pages show its words."""
    names = ("cycles", "cycle_number", "expires_at", "purpose", "hold_days")
    grant = SharingGrant(factory=factory, **{name: getattr(terms, name) for name in names})
    if terms.valid_from is not None:
        grant.valid_from = terms.valid_from
    return grant


def posted_again(request: HttpRequest, form: Form) -> list[tuple[str, str]]:
    """Return what was posted for the fields of a form, to be posted again by the confirmation page."""
    pairs = [(name, value) for name in form.fields for value in request.POST.getlist(name)]
    return [*pairs, ("confirmed", "yes")]


def _granted(request: HttpRequest, factory: Factory, form: GrantForm) -> HttpResponse:
    brands, scopes = form.cleaned_data["brands"], form.cleaned_data["scopes"]
    grants = share(by=person(request), factory=factory, brands=brands, scopes=scopes, terms=form.terms())
    messages.success(request, _said(factory, brands, grants))
    if len(brands) == 1:
        return redirect("factory_brand", factory.pk, brands[0].pk)
    return redirect("factory_brands", factory.pk)


def _said(factory: Factory, brands: list[Brand], grants: list[SharingGrant]) -> str:
    words = {"factory": factory, "brands": ", ".join(brand.name for brand in brands)}
    statuses = {grant.status() for grant in grants}
    if Status.UNCONFIRMED in statuses:
        return _("%(factory)s will share with %(brands)s as soon as a worker representative has confirmed it.") % words
    if Status.WAITING in statuses:
        words["day"] = in_words(grants[0].valid_from, factory)
        return _("%(factory)s will share with %(brands)s from %(day)s on.") % words
    return _("%(brands)s can now read what %(factory)s shares.") % words


@login_required
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change the terms of one grant, or renew it: the form, then what it adds and takes away, then the change."""
    found = grant_to_decide(request, pk)
    successor = in_place_of(found)
    changed, found = (found, successor) if successor else (None, found)
    if found.ended_at is not None:
        messages.error(request, about(found.factory, _("This access has since ended and cannot be changed.")))
        return redirect("factory_brand", found.factory_id, found.brand_id)
    is_renewal = "renew" in request.GET
    initial = renewed_terms(found) if is_renewal else initial_terms(found)
    form = TermsForm(posted(request), place=found.factory, ends=found.expires_at, initial=initial)
    offer_reports(form, person(request), found.factory)
    if form.is_valid():
        if form.terms().same_as(found):  # what a second click finds
            messages.info(request, about(found.factory, _("These terms already apply; nothing was changed.")))
            return redirect("factory_brand", found.factory_id, found.brand_id)
        proceed = _changed if "confirmed" in request.POST else _confirm_change
        try:
            if not changed:
                return proceed(request, found, form)
        except ValidationError as error:
            add_errors(form, error)
    context = {"grant": found, "changed": changed, "factory": found.factory, "form": form, "is_renewal": is_renewal}
    status = STALE if request.method == "POST" and changed else form_status(request)
    return render(request, "disclosure/change.html", context, status=status)


def _confirm_change(request: HttpRequest, found: SharingGrant, form: TermsForm) -> HttpResponse:
    terms = form.terms()
    difference = preview_change(by=person(request), grant=found, terms=terms)
    granted, only_plan = as_grant(found.factory, terms), not rule_of(found.scope).opens_assessments
    context = {
        "grant": found,
        "factory": found.factory,
        "brands": brands_with([difference], granted, only_plan=only_plan),
        "scopes": [found.get_scope_display()],
        "only_plan": only_plan,
        "terms": granted,
        "needs_confirmation": found.factory.confirms_sharing and not terms.narrows(found),
        "hidden": posted_again(request, form),
        "hidden_for_preview": [*posted_again(request, form)[:-1], ("grant", str(found.pk))],
    }
    return render(request, "disclosure/change_confirm.html", context)


def _changed(request: HttpRequest, found: SharingGrant, form: TermsForm) -> HttpResponse:
    changed = change_grant(by=person(request), grant=found, terms=form.terms())
    if changed.status() is Status.UNCONFIRMED:
        said = _("The change for %s is waiting for a worker representative; until then the current terms apply.")
    else:
        said = _("Access for %s was changed.")
    messages.success(request, about(found.factory, said % found.brand))
    return redirect("factory_brand", found.factory_id, found.brand_id)
