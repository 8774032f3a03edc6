"""Pages to import subscriptions: upload, preview, confirm. The preview signs the kept file for its viewer alone."""

from typing import BinaryIO

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from factories.models import CountryProgramme
from portal.core.exports import csv_response
from portal.core.turns import one_at_a_time
from portal.core.uploads import drop_upload, kept_upload, limited_table, open_upload
from portal.ui.forms import REFUSED, STALE
from sharing.files import DECIDE_WITHIN, TABLES
from sharing.gates.pages import person
from sharing.subscriptions.forms import SubscriptionTableForm
from sharing.subscriptions.tables import (
    COLUMNS,
    SubscriptionPlan,
    SubscriptionsChanged,
    columns_explained,
    import_subscriptions,
    plan_subscriptions,
)
from sharing.subscriptions.views import recorded_programme

SALT = "sharing.subscriptions"


@login_required
@limited_table("subscriptions")
@require_http_methods(["GET", "POST"])
def subscription_import(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Upload a table; show what importing it would do, or its errors."""
    programme = recorded_programme(request, pk)
    if request.method == "GET" and "template" in request.GET:
        return csv_response("subscriptions", COLUMNS, [])
    form = SubscriptionTableForm(request.POST, request.FILES) if request.method == "POST" else SubscriptionTableForm()
    if not form.is_valid():
        context = {"programme": programme, "form": form, "columns": columns_explained()}
        status = REFUSED if form.is_bound else 200
        return render(request, "subscriptions/subscription_import.html", context, status=status)
    with kept_upload(form.cleaned_data["file"], TABLES) as name, open_upload(name) as file:
        plan = plan_subscriptions(programme=programme, file=file)
    if plan.problems:
        drop_upload(name)
    return _preview(request, programme, name, plan, status=REFUSED if plan.problems else 200)


def _preview(
    request: HttpRequest, programme: CountryProgramme, name: str, plan: SubscriptionPlan, status: int
) -> HttpResponse:
    signed = {"file": name, "by": person(request).pk, "programme": programme.pk, "promise": plan.promise()}
    context = {
        "programme": programme,
        "form": SubscriptionTableForm(),
        "columns": columns_explained(),
        "plan": plan,
        "problems": plan.problems,
        "read_from": plan.read_from,
        "token": signing.dumps(signed, salt=SALT, compress=True),
    }
    return render(request, "subscriptions/subscription_import.html", context, status=status)


@login_required
@require_POST
@one_at_a_time
def subscription_import_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Record what the preview showed; if the result would be different by now, show the preview again."""
    programme = recorded_programme(request, pk)
    try:
        kept = signing.loads(request.POST.get("upload", ""), salt=SALT, max_age=DECIDE_WITHIN)
        if (kept["by"], kept["programme"]) != (person(request).pk, programme.pk):
            raise signing.BadSignature
        with open_upload(kept["file"]) as file:
            return _import(request, programme, kept["file"], kept["promise"], file)
    except (signing.BadSignature, FileNotFoundError):
        messages.error(request, _("This preview has expired. Upload the table again."))
        return redirect("subscription_import", pk=pk)


def _import(
    request: HttpRequest, programme: CountryProgramme, name: str, promise: list[object], file: BinaryIO
) -> HttpResponse:
    try:
        plan = import_subscriptions(by=person(request), programme=programme, file=file, promise=promise)
    except SubscriptionsChanged:
        messages.warning(
            request, _("Something changed since the preview. Nothing was imported; check the new preview.")
        )
        return _preview(request, programme, name, plan_subscriptions(programme=programme, file=file), STALE)
    drop_upload(name)
    count = len(plan.new)
    told = ngettext("%s subscription is recorded.", "%s subscriptions are recorded.", count)
    messages.success(request, told % count)
    return redirect("subscription_list", pk=programme.pk)
