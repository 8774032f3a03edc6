"""Pages of who saw what: a factory's log, a brand's own reads, and the month in numbers."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from heapq import merge
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_safe

from brands.models import Brand
from factories.models import Factory
from portal.core.days import at_place
from portal.core.events import record
from portal.core.exports import FORMATS, table_response
from portal.core.pages import rows_after
from portal.ui.forms import REFUSED
from portal.ui.lists import page_at_cursor, requested_page
from sharing.events import SharingEvent
from sharing.gates.pages import factory_inside, own_brand, person
from sharing.models import AccessRecord, SearchRecord, SharingGrant
from sharing.records.activity import activity_page, reads_by_week
from sharing.records.digest import last_month, latest_month, month_after, month_before, month_of, monthly_digest
from sharing.records.forms import WhoSawFilter
from sharing.searches.models import Searches

CHUNK = 2000
GROUPS_SHOWN = 50
Line = TypeVar("Line", AccessRecord, SearchRecord)
Columns = dict[str, Callable[[Any], object]]  # of a record, or of a search


@login_required
@require_GET
def who_saw(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show who saw what of this factory's data, by day and brand, newest first; also as a table to download."""
    factory = factory_inside(request, pk)
    every = AccessRecord.objects.visible_to(request.user).filter(factory=factory)
    every = every.select_related("person", "brand", "factory").with_own_people()
    shared_with = SharingGrant.objects.visible_to(request.user).filter(factory=factory).values("brand")
    brands = Brand.objects.filter(pk__in=shared_with).order_by("name")
    form = WhoSawFilter(request.GET, records=every, place=factory, brands=brands)
    seen = form.narrow(every)
    searches = form.narrow(SearchRecord.objects.visible_to(request.user).naming(factory))
    searches = searches.select_related("person", "brand")
    if _is_export(request, form):
        record(SharingEvent.RECORD_EXPORTED, by=person(request), factory_id=factory.pk, format=request.GET["format"])
        name = f"who-saw-what-{factory.bw_id.replace('/', '-')}{_period(form)}"
        columns, named = _factory_columns(factory), _search_columns(factory)
        return _export(request, name, columns, _cells(seen, columns), _cells(searches, named))
    page = page_at_cursor(request, lambda cursor: activity_page(seen, factory, cursor))
    context = {
        "factory": factory,
        "form": form,
        "page": page,
        "weeks": [] if page.previous_cursor else reads_by_week(form.narrow_without_days(every), factory),
        "searches": [_group(one) for one in searches.grouped()[:GROUPS_SHOWN]],
    }
    return render(request, "records/who_saw.html", context, status=_status(form))


@login_required
@require_GET
def what_we_read(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show what a brand's own people and programs read, newest first: the same records that the factories see."""
    brand = own_brand(request, pk)
    seen = AccessRecord.objects.visible_to(request.user).filter(brand=brand).select_related("person", "factory")
    factories = SharingGrant.objects.visible_to(request.user).filter(brand=brand).values("factory")
    sharing = Factory.objects.filter(pk__in=factories).order_by("name")
    form = WhoSawFilter(request.GET, records=seen, factories=sharing)
    seen = form.narrow(seen)
    if _is_export(request, form):
        record(SharingEvent.RECORD_EXPORTED, by=person(request), brand_id=brand.pk, format=request.GET["format"])
        columns = _brand_columns()
        return _export(request, "what-we-read", columns, _cells(seen, columns))
    context = {"brand": brand, "page": requested_page(request, seen, AccessRecord.ORDER), "form": form}
    return render(request, "records/what_we_read.html", context, status=_status(form))


def _period(form: WhoSawFilter) -> str:
    """Return the period that was asked for, as the end of a file's name: a whole month as one; empty without one."""
    since, until = form.cleaned_data.get("since"), form.cleaned_data.get("until")
    if since and until and since.day == 1 and until + timedelta(days=1) == month_after(since):
        return f"-{since:%Y-%m}"
    return "".join([f"-from-{since}" if since else "", f"-until-{until}" if until else ""])


def _status(form: WhoSawFilter) -> int:
    return 200 if form.is_valid() else REFUSED


def _is_export(request: HttpRequest, form: WhoSawFilter) -> bool:
    return request.GET.get("format") in FORMATS and _status(form) != REFUSED


def _export(request: HttpRequest, name: str, header: Iterable[str], *logs: Iterator[list[Any]]) -> HttpResponseBase:
    """Export the rows of one or several logs with the same columns, the moment first; newest first."""
    rows = merge(*logs, key=lambda cells: cells[0], reverse=True)
    return table_response(request.GET["format"], name, list(header), rows)


def _cells(seen: QuerySet[Line], columns: Columns) -> Iterator[list[Any]]:
    for line in _every(seen):
        yield [read(line) for read in columns.values()]


def _every(seen: QuerySet[Line]) -> Iterator[Line]:
    """Yield all records, newest first, in chunks; each chunk is a new query, which checks again what is visible."""
    last: tuple[datetime, int] | None = None
    while chunk := list(rows_after(seen, AccessRecord.ORDER, last, CHUNK)):
        yield from chunk
        last = chunk[-1].at, chunk[-1].pk


def _factory_columns(factory: Factory) -> Columns:
    return {
        _("When"): lambda line: at_place(line.at, factory),
        _("Who"): lambda line: line.person.name,
        _("On behalf of"): lambda line: _side(line.brand.name if line.brand is not None else "", is_own=line.is_own),
        **_columns(),
    }


def _search_columns(factory: Factory) -> Columns:
    """Return the columns of `_factory_columns` for a search that named the factory."""
    return {
        **_factory_columns(factory),
        **dict.fromkeys(_columns(), lambda _line: None),
        _("What was done"): lambda _line: _("Named in a search"),
        _("Data"): lambda line: line.in_words,
    }


def _brand_columns() -> Columns:
    return {
        _("When"): lambda line: at_place(line.at, line.factory),
        _("Who"): lambda line: line.person.name,
        _("Factory"): lambda line: line.factory.name,
        _("Better Work ID"): lambda line: line.factory.bw_id,
        **_columns(),
    }


def _columns() -> Columns:
    return {
        _("What was done"): lambda line: line.get_action_display(),
        _("Data"): lambda line: line.get_scope_display(),
        _("Cycle"): lambda line: line.cycle,
        _("Version"): lambda line: line.version,
        _("Copy"): lambda line: line.copy_number,
    }


def _side(brand: str, *, is_own: bool) -> str:
    return brand or (_("The factory itself") if is_own else _("The programme's staff"))


def _group(found: Searches) -> dict[str, object]:
    """Return, in words, the searches of one side for the same thing."""
    text = ngettext(
        "Named in %(times)s search for non-compliance in %(about)s",
        "Named in %(times)s searches for non-compliance in %(about)s",
        found["times"],
    )
    side = _side(found["brand__name"] or "", is_own=found["is_own"])
    return {"text": text % found, "side": side, "last": found["last"]}


@login_required
@require_safe
def monthly_summary(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a month of who-saw-what in numbers: `?month=2026-03`, or the latest one in which a brand read something."""
    factory = factory_inside(request, pk)
    asked = request.GET.get("month")
    try:
        month = month_of(asked) if asked else latest_month(user=person(request), factory=factory)
    except ValueError as error:
        raise Http404 from error
    digest = monthly_digest(user=person(request), factory=factory, month=month)
    is_running = month == last_month(factory, running=True)
    months = _months_beside(factory, month)
    context = {"factory": factory, "digest": digest, "months": months, "is_running": is_running}
    return render(request, "records/monthly_summary.html", context)


def _months_beside(factory: Factory, month: date) -> dict[str, date]:
    earlier, later = month_before(month), month_after(month)
    return {"earlier": earlier, **({"later": later} if later <= last_month(factory, running=True) else {})}
