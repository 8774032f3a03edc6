"""Why somebody may read a report or not, and who could read it on any day.

The factory's people and its country's staff ask about everybody; a brand about itself only.
"""

from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from factories.models import Factory
from portal.core.days import show_days_of
from portal.core.events import record
from portal.core.exports import FORMATS, table_response
from portal.disclosure.explaining import by_side, explain, explain_to_brand, table_of_readers, who_could_see
from portal.disclosure.moments import ExplainForm, MomentForm
from portal.disclosure.previews import reports_of
from portal.ui.forms import REFUSED
from sharing.access.publication import ReportState
from sharing.events import SharingEvent
from sharing.gates.pages import factory_inside, person
from sharing.grants.queries import granted_to
from sharing.models import Scope


def _asked(request: HttpRequest, first: dict[str, object]) -> dict[str, object] | None:
    """Return the data to bind a form to, None while nobody asked; fields left out get their `first` values."""
    if not {"cycle", "day", "reader"} & set(request.GET):
        return None
    return {"scope": first["scope"], "cycle": first["cycle"], **request.GET.dict()}


def _first_values(request: HttpRequest, factory: Factory) -> dict[str, object]:
    return {"cycle": _newest_cycle(request, factory), "scope": "report", "reader": request.GET.get("reader", "")}


def _newest_cycle(request: HttpRequest, factory: Factory) -> int:
    """Return the cycle of the newest published report; the current one where none is published."""
    published = (one.cycle for one in reports_of(person(request), factory) if one.state == ReportState.PUBLISHED)
    return max(published, default=factory.current_cycle)


@login_required
@require_safe
def explain_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Explain ("Why?") who may read what of this factory, and why; to a brand, about itself."""
    shared = granted_to(person(request)).filter(factory=pk)
    if shared.exists():
        return _explain_to_brand(request, get_object_or_404(Factory, pk__in=shared.values("factory")))
    factory = factory_inside(request, pk)
    user = person(request)
    first = _first_values(request, factory)
    form = ExplainForm(_asked(request, first), user=user, factory=factory, initial=first)
    context: dict[str, object] = {"factory": factory, "form": form, "is_inside": True}
    if form.is_valid():
        reader, asked, at = form.chosen_reader(), form.cleaned_data, form.moment()
        answers = explain(user, factory, reader, asked["scope"], asked["cycle"], at)
        context |= {"answers": answers, "reader": reader, **_moment_words(at)}
    return render(request, "disclosure/explain.html", context, status=_status(form))


def _explain_to_brand(request: HttpRequest, factory: Factory) -> HttpResponse:
    show_days_of(factory)
    data = {"scope": "report", **request.GET.dict()} if "cycle" in request.GET else None
    form = MomentForm(data, place=factory, initial={"cycle": 1, "scope": "report"})
    context: dict[str, object] = {"factory": factory, "form": form, "is_inside": False}
    if form.is_valid():
        asked, at = form.cleaned_data, form.moment()
        answers = explain_to_brand(person(request), factory, asked["scope"], asked["cycle"], at)
        context |= {"answers": answers, **_moment_words(at)}
    return render(request, "disclosure/explain.html", context, status=_status(form))


def _moment_words(at: datetime | None) -> dict[str, object]:
    now = timezone.now()
    return {"at": at or now, "is_now": at is None, "is_ahead": at is not None and at > now}


def _status(form: MomentForm) -> int:
    return REFUSED if form.is_bound and not form.is_valid() else 200


@login_required
@require_safe
def who_could_see_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show ("Who could see...?") the brands, the factory's people and the staff who could read a report at a moment."""
    factory = factory_inside(request, pk)
    user = person(request)
    first = _first_values(request, factory)
    form = MomentForm(_asked(request, first), place=factory, initial=first)
    context: dict[str, object] = {"factory": factory, "form": form}
    if form.is_valid():
        asked, at = form.cleaned_data, form.moment()
        found = who_could_see(user, factory, asked["cycle"], asked["scope"], at)
        if request.GET.get("format") in FORMATS:
            record(SharingEvent.READER_EXPORTED, by=user, factory_id=factory.pk, cycle=asked["cycle"])
            header, rows = table_of_readers(found, asked["scope"], at or timezone.now(), factory)
            name = f"who-could-see-{factory.bw_id.replace('/', '-')}-cycle-{asked['cycle']}"
            return table_response(request.GET["format"], name, header, rows)
        words = {"scope": Scope(asked["scope"]).label, "cycle": asked["cycle"], **_moment_words(at)}
        context |= {"found": found, "sides": by_side(found), **words}
    return render(request, "disclosure/who_could_see.html", context, status=_status(form))
