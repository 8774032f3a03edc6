"""Pages that give consent: sharing with brands, changing the terms, renewing.

Each is a sheet that says in words what will happen while it is filled in. "Share this" does it at once where that was
shown; otherwise, and without JavaScript, a page says it first.
"""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from brands.models import Brand
from factories.models import Factory
from portal.core.days import in_words
from portal.core.listing import joined
from portal.core.turns import one_at_a_time
from portal.disclosure.drafts import Draft, drafted_brands, drafted_values
from portal.disclosure.forms import SheetForm
from portal.disclosure.reports_offered import offer_reports
from portal.disclosure.sheets import Effect, Sheet, compared_and_decided, in_a_sentence, only_looks, seal_of, sheet_of
from portal.disclosure.views.choosing import choose_brands
from portal.disclosure.views.deciding import Context, answer_with, as_it_is, filled_in, followed
from portal.ui.forms import STALE, posted
from sharing.access.publication import ReportState
from sharing.gates.pages import (
    about,
    factory_inside,
    grant_to_decide,
    in_place_of,
    keys,
    person,
    require_decider,
    uuids,
)
from sharing.grants.forms.granting import (
    MAX_BRANDS,
    TermsForm,
    add_errors,
    copied_terms,
    default_terms,
    initial_terms,
    renewed_terms,
)
from sharing.grants.services.granting import change_grant, share
from sharing.models import Scope, SharingGrant
from sharing.terms import Status


@login_required
@require_http_methods(["GET", "POST"])
@one_at_a_time
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Share with brands: the list to choose from, then the sheet of those chosen, then it happens."""
    factory = factory_inside(request, pk)
    require_decider(request, factory)
    chosen = keys(request.POST.getlist("brands") if request.method == "POST" else request.GET.getlist("brand"))
    chosen = chosen or drafted_brands(request, factory)
    brands = Brand.objects.visible_to(request.user).filter(
        is_active=True, pk__in=chosen if len(chosen) <= MAX_BRANDS else []
    )
    brand_ids = list(brands.values_list("pk", flat=True))
    still_ticks = "several" in request.GET and "go" not in request.GET and request.method == "GET"
    if still_ticks or not brand_ids or (request.method == "POST" and len(brand_ids) < len(chosen)):
        return choose_brands(request, factory, chosen)
    with compared_and_decided(request, pk) as is_locked:
        return _share(request, factory_inside(request, pk) if is_locked else factory, brand_ids)


def _share(request: HttpRequest, factory: Factory, brand_ids: list[int]) -> HttpResponse:
    sheet = sheet_of(by=person(request), factory=factory, brand_ids=brand_ids)
    copied = _copied(request, factory)
    form = SheetForm(posted(request), place=factory, initial=_start(sheet, copied) | drafted_values(request, factory))
    offer_reports(form, person(request), factory, sheet.reports)
    tried = as_it_is(form, lambda data: SheetForm(data, place=factory, initial=form.initial))
    if _is_second_click(request, sheet, tried):
        return _granted(request, sheet, tried)
    effects = _effects_of_sharing(sheet, tried)
    brands = [("brands", str(row.brand.pk)) for row in sheet.rows]
    context = {
        "factory": factory,
        "form": form,
        "sheet": sheet,
        "templates": _templates(request, factory) if "copy" in request.GET and copied is None else [],
        "brand_inputs": brands,
        **_shown(tried, effects),
        "hidden": [*filled_in(tried), *brands],
        "draft": _draft_of_sharing(sheet, tried),
    }
    page, summary = "disclosure/grant.html", "disclosure/grant_confirm.html"
    return answer_with(
        request, context, form, page=page, summary=summary, decide=lambda: _granted(request, sheet, tried)
    )


def _draft_of_sharing(sheet: Sheet, tried: SheetForm) -> Draft | None:
    """Return the draft of sharing as filled in; None where the form is not right."""
    if not tried.is_valid():
        return None
    return Draft.share([row.brand for row in sheet.rows], tried.cleaned_data["scopes"], tried.terms())


def _shown(tried: TermsForm, effects: list[Effect]) -> Context:
    """Return the context of what a decision on a form of terms does, as a sheet and its summary show it."""
    if not effects:
        return followed(tried)
    first, scopes, differences = effects[0], effects[0].scopes, [one.difference for one in effects]
    return {
        "effects": effects,
        "terms": first.terms,
        "scopes": [Scope(scope).label for scope in scopes],
        **followed(
            tried,
            seal_of(scopes, tried.terms(), differences, [one.history for one in effects]),
            in_a_sentence([one.sentence for one in effects], differences),
            first.new_reports if len(effects) == 1 else "",
        ),
    }


def _copied(request: HttpRequest, factory: Factory) -> SharingGrant | None:
    """Return the grant named in `copy`, which may have ended: "Share again" starts from its terms."""
    if "copy" not in request.GET:
        return None
    grants = SharingGrant.objects.visible_to(request.user).filter(factory=factory).select_related("factory")
    return grants.filter(pk__in=uuids(request.GET.getlist("copy"))).first()


def _start(sheet: Sheet, copied: SharingGrant | None) -> dict[str, object]:
    """Return the form's initial values: the country's defaults with the terms to copy, or with the newest report."""
    return default_terms(sheet.situation.factory) | (_least(sheet) if copied is None else copied_terms(copied))


def _least(sheet: Sheet) -> dict[str, object]:
    """Return the least that is usually shared: the newest published report, if none of the brands has reports yet."""
    found: dict[str, object] = {}
    if not sheet.standing_grants([Scope.REPORT]):
        found["scopes"] = [Scope.REPORT.value]
    newest = next((one.cycle for one in sheet.reports if one.state == ReportState.PUBLISHED), None)
    if newest is not None:
        found |= {"cycles": SharingGrant.Cycles.ONLY.value, "cycle_numbers": [newest]}
    return found


def _templates(request: HttpRequest, factory: Factory) -> list[SharingGrant]:
    """Return the grants in force whose terms may be copied."""
    grants = SharingGrant.objects.visible_to(request.user).filter(factory=factory).not_ended()
    return list(grants.select_related("brand", "factory").order_by("brand__name", "scope"))


def _is_second_click(request: HttpRequest, sheet: Sheet, form: SheetForm) -> bool:
    """Return whether what is decided was decided before: then the service changes nothing."""
    if "seen" not in request.POST or only_looks(request) or not form.is_valid():
        return False
    scopes, terms = form.cleaned_data["scopes"], form.terms()
    return _is_all_shared(sheet, scopes) and all(terms.same_as(one) for one in sheet.standing_grants(scopes))


def _is_all_shared(sheet: Sheet, scopes: list[str]) -> bool:
    return len(sheet.standing_grants(scopes)) == len(scopes) * len(sheet.rows)


def _effects_of_sharing(sheet: Sheet, form: SheetForm) -> list[Effect]:
    """Return what sharing as filled in does; nothing where the form is not right, which it says then."""
    if not form.is_valid() or not _is_new(sheet, form):
        return []
    try:
        return sheet.sharing(form.cleaned_data["scopes"], form.terms())
    except ValidationError as error:
        add_errors(form, error)
        return []


def _is_new(sheet: Sheet, form: SheetForm) -> bool:
    """Return whether nothing like it is shared yet; if not, the form says what is, and links to where to change it."""
    terms, scopes = form.terms(), form.cleaned_data["scopes"]
    others = [one for one in sheet.standing_grants(scopes) if not terms.same_as(one)]
    if not others and _is_all_shared(sheet, scopes):
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
        form.add_error("scopes", message)
    return not others


def _granted(request: HttpRequest, sheet: Sheet, form: SheetForm) -> HttpResponse:
    factory, brands = sheet.situation.factory, [row.brand for row in sheet.rows]
    scopes, terms = form.cleaned_data["scopes"], form.terms()
    grants = share(by=person(request), factory=factory, brands=brands, scopes=scopes, terms=terms)
    messages.success(request, _said(factory, brands, grants))
    if len(brands) == 1:
        return redirect("factory_brand", factory.pk, brands[0].pk)
    waits = any(grant.status() is Status.UNCONFIRMED for grant in grants)
    return redirect(reverse("factory_brands", args=[factory.pk]) + ("?state=waiting" if waits else ""))


def _said(factory: Factory, brands: list[Brand], grants: list[SharingGrant]) -> str:
    words = {"factory": factory, "brands": joined(brand.name for brand in brands)}
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
    """Change the terms of one grant, or renew it: a sheet that says what that adds and takes away, then the change."""
    found = grant_to_decide(request, pk)
    with compared_and_decided(request, found.factory_id) as is_locked:
        return _change(request, grant_to_decide(request, pk) if is_locked else found)


def _change(request: HttpRequest, found: SharingGrant) -> HttpResponse:
    successor = in_place_of(found)
    changed, found = (found, successor) if successor else (None, found)
    if found.ended_at is not None:
        messages.error(request, about(found.factory, _("This access has since ended and cannot be changed.")))
        return redirect("factory_brand", found.factory_id, found.brand_id)
    initial = renewed_terms(found) if "renew" in request.GET else initial_terms(found)
    initial |= drafted_values(request, found.factory)
    form = _form_of_change(found, initial, posted(request))
    sheet = sheet_of(by=person(request), factory=found.factory, brand_ids=[found.brand_id])
    offer_reports(form, person(request), found.factory, sheet.reports, named=found.cycle_numbers)
    tried = as_it_is(form, lambda data: _form_of_change(found, initial, data))
    is_same = tried.is_valid() and tried.terms().same_as(found)
    if is_same and form.is_bound and not only_looks(request):  # what a second click finds
        messages.info(request, about(found.factory, _("These terms already apply; nothing was changed.")))
        return redirect("factory_brand", found.factory_id, found.brand_id)
    effects = [] if changed or is_same else _effects_of_change(sheet, found, tried)
    context = {
        "grant": found,
        "changed": changed,
        "factory": found.factory,
        "form": form,
        "sheet": sheet,
        "is_renewal": "renew" in request.GET,
        "is_same": is_same,
        **_shown(tried, effects),
        "hidden": filled_in(tried),
        "draft": Draft.change(found, tried.terms()) if tried.is_valid() else None,
    }
    if changed and form.is_bound and not only_looks(request):
        return render(request, "disclosure/change.html", context, status=STALE)
    page, summary = "disclosure/change.html", "disclosure/change_confirm.html"
    return answer_with(
        request, context, form, page=page, summary=summary, decide=lambda: _changed(request, found, tried)
    )


def _form_of_change(found: SharingGrant, initial: dict[str, object], data: QueryDict | None) -> TermsForm:
    return TermsForm(data, place=found.factory, ends=found.expires_at, initial=initial)


def _effects_of_change(sheet: Sheet, found: SharingGrant, form: TermsForm) -> list[Effect]:
    """Return what the terms as filled in do; nothing where the form is not right, which it says then."""
    if not form.is_valid():
        return []
    try:
        return [sheet.changing(found, form.terms())]
    except ValidationError as error:
        add_errors(form, error)
        return []


def _changed(request: HttpRequest, found: SharingGrant, form: TermsForm) -> HttpResponse:
    changed = change_grant(by=person(request), grant=found, terms=form.terms())
    if changed.status() is Status.UNCONFIRMED:
        said = _("The change for %s is waiting for a worker representative; until then the current terms apply.")
    else:
        said = _("Access for %s was changed.")
    messages.success(request, about(found.factory, said % found.brand))
    return redirect("factory_brand", found.factory_id, found.brand_id)
