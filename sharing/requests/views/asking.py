"""Pages of a brand that asks: finding factories, many at once, the request itself, and "Our requests"."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from brands.models import Brand, Supplier
from factories.models import Factory
from portal.core.tables import TableError
from portal.core.turns import one_at_a_time
from portal.core.uploads import limited_table
from portal.ui.forms import REFUSED, posted, show_errors
from portal.ui.lists import requested_page
from sharing.gates.pages import keys, own_brand, person
from sharing.models import AccessRequest
from sharing.requests.forms import AskForm, FactorySearch, ListForm, RequestFilter
from sharing.requests.matching import MOST_LINES, Line, Lines, Match, match_lines, pasted_lines, table_lines
from sharing.requests.queries import factories_to_ask
from sharing.requests.services.asking import Asked, request_many
from sharing.requests.services.standing import Standing, standings
from sharing.scopes import OFFERED_SCOPES

REFUSED_SHOWN = 20
MOST_IN_ADDRESS = 100  # web servers accept about 4,000 characters


@login_required
@require_GET
def brand_requests(request: HttpRequest, pk: int) -> HttpResponse:
    """Show "Our requests": what the brand asked for, and what became of it, newest first."""
    brand = own_brand(request, pk)
    form = RequestFilter(request.GET)
    rows = AccessRequest.objects.visible_to(request.user).filter(brand=brand).for_reader(request.user)
    rows = form.narrow(rows.select_related("factory__programme").prefetch_related("grants"))
    page = requested_page(request, rows, ("-created_at", "-id"))
    return render(request, "requests/brand_requests.html", {"brand": brand, "form": form, "page": page})


@login_required
@require_GET
def ask_search(request: HttpRequest, pk: int) -> HttpResponse:
    """Show "Ask a factory": the programme's factories, with the own brand's standing with each."""
    brand = own_brand(request, pk)
    form = FactorySearch(request.GET)
    page = requested_page(request, form.narrow(factories_to_ask(request.user)), ("name", "id"))
    where = standings(request.user, brand, [factory.pk for factory in page.items])
    rows = [(factory, where[factory.pk]) for factory in page.items]
    context = {"brand": brand, "form": form, "page": page, "rows": rows}
    return render(request, "requests/ask_search.html", context)


@login_required
@limited_table("ask")
@require_http_methods(["GET", "POST"])
def ask_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Match many factories at once: a pasted list, a file or the own supplier list; show what each line may mean."""
    brand = own_brand(request, pk)
    form = ListForm(posted(request), request.FILES or None)
    if request.method == "POST" and "suppliers" in request.POST:
        return _review(request, brand, Lines(_supplier_lines(request, brand)))
    if form.is_valid():
        field = "file" if form.cleaned_data["file"] else "text"
        try:
            lines = _lines(form)
        except TableError as error:
            form.add_error(field, _where(error))
        except ValidationError as error:
            form.add_error(field, error)
        else:
            return _review(request, brand, lines)
    has_suppliers = Supplier.objects.visible_to(request.user).filter(brand=brand).exists()
    context = {"brand": brand, "form": form, "has_suppliers": has_suppliers}
    return render(request, "requests/ask_list.html", context, status=REFUSED if form.is_bound else 200)


def _lines(form: ListForm) -> Lines:
    if form.cleaned_data["file"]:
        return table_lines(form.cleaned_data["file"].file)
    return pasted_lines(form.cleaned_data["text"])


def _where(error: TableError) -> str:
    """Return what is wrong with a table, and in which row."""
    return f"{_('Row %s') % error.row}: {error.message}" if error.row else error.message


def _supplier_lines(request: HttpRequest, brand: Brand) -> list[Line]:
    """Return the brand's own supplier list, up to the most lines that a list may have."""
    suppliers = Supplier.objects.visible_to(request.user).filter(brand=brand).order_by("name", "pk")
    if (count := suppliers.count()) > MOST_LINES:
        text = _("Your supplier list has %(count)s rows. The first %(most)s are matched; upload the others as a file.")
        messages.warning(request, text % {"count": count, "most": MOST_LINES})
    columns = suppliers.values_list("name", "country", "bw_id", "os_hub_id")[:MOST_LINES]
    return [Line(number, *cells) for number, cells in enumerate(columns, start=1)]


def _review(request: HttpRequest, brand: Brand, found: Lines) -> HttpResponse:
    matches = match_lines(person(request), found.lines)
    where = standings(request.user, brand, {factory.pk for match in matches for factory in match.found})
    groups = _grouped(matches, where)
    context = {"brand": brand, "where": where, "count": len(found.lines), "read_from": found.read_from, **groups}
    context["may_send"] = bool(groups["sure"] or groups["unsure"])
    return render(request, "requests/ask_review.html", context)


def _grouped(matches: list[Match], where: dict[int, Standing]) -> dict[str, object]:
    """Return the lines grouped by what has to be done about them; a factory that is listed twice is named once."""
    groups: dict[str, Any] = {"sure": [], "unsure": [], "known": [], "missing": []}
    seen: set[int] = set()
    for match in matches:
        if not match.found:
            groups["missing"].append(match)
        elif len(match.found) > 1 or match.how == "similar":
            found = [(factory, where[factory.pk]) for factory in match.found]
            groups["unsure"].append((match, found))
        elif (factory := match.found[0]).pk not in seen:
            seen.add(factory.pk)
            standing = where[factory.pk]
            groups["sure" if standing.may_ask else "known"].append((match, factory, standing))
    return groups


@login_required
@require_http_methods(["GET", "POST"])
@one_at_a_time
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Show and send the request itself, to one or many chosen factories: what, which cycles, until when, why."""
    brand = own_brand(request, pk)
    chosen = _chosen(request)
    if not chosen:
        messages.error(request, _("Choose at least one factory that you can ask."))
        return redirect("ask_search", pk=pk)
    is_sent = request.method == "POST" and "purpose" in request.POST
    wanted = [scope for scope in request.GET.getlist("scope") if scope in OFFERED_SCOPES]
    initial = {"cycles": "all", "scopes": wanted or ["report"]}
    form = AskForm(request.POST if is_sent else None, factories=chosen, initial=initial)
    if form.is_valid():
        try:
            asked = request_many(by=person(request), brand=brand, factories=chosen, terms=form.requested_terms())
        except ValidationError as error:
            show_errors(form, error)
        else:
            return _asked(request, brand, asked)
    hidden = [("factory", factory.pk) for factory in chosen]
    where = standings(request.user, brand, [factory.pk for factory in chosen])
    context = {
        "brand": brand,
        "form": form,
        "factories": [(factory, where[factory.pk]) for factory in chosen],
        "hidden": hidden,
        "here": _asking_address(brand, hidden),
        "may_ask": is_sent or any(one.may_ask for one in where.values()),
    }
    return render(request, "requests/ask.html", context, status=REFUSED if form.is_bound else 200)


def _asking_address(brand: Brand, hidden: list[tuple[str, int]]) -> str:
    """Return where the form is sent: an address that shows it again by GET, should the visitor switch the language.

    Many factories would make the address too long; then they are only in the form.
    """
    address = reverse("ask", args=[brand.pk])
    return f"{address}?{urlencode(hidden)}" if len(hidden) <= MOST_IN_ADDRESS else address


def _chosen(request: HttpRequest) -> list[Factory]:
    """Return the factories ticked, or picked for a line of a list; ignore what is no number or no factory to ask."""
    data = request.POST if request.method == "POST" else request.GET
    names = [name for name in data if name == "factory" or name.startswith("line-")]
    ids = keys(value for name in names for value in data.getlist(name))
    return list(factories_to_ask(request.user).filter(pk__in=ids).order_by("name", "pk"))


def _asked(request: HttpRequest, brand: Brand, asked: Asked) -> HttpResponse:
    if asked.requests:
        count = len(asked.requests)
        text = ngettext("You asked one factory.", "You asked %(count)s factories.", count)
        messages.success(request, text % {"count": count})
    for factory, reason in asked.refused[:REFUSED_SHOWN]:
        messages.warning(request, _("%(factory)s was not asked. %(reason)s") % {"factory": factory, "reason": reason})
    if len(asked.refused) > REFUSED_SHOWN:
        messages.warning(request, _("Number of others that were not asked: %s.") % (len(asked.refused) - REFUSED_SHOWN))
    return redirect("brand_requests", pk=brand.pk)
