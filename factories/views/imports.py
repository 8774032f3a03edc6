"""Pages of the import of factories: upload, preview, confirm. A preview signs the stored file for its reader."""

from typing import BinaryIO

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from factories.files import DECIDE_WITHIN, TABLES
from factories.imports import (
    DATES,
    OPTIONAL,
    PLACES,
    REQUIRED,
    FactoriesChanged,
    FactoryPlan,
    allowed_values,
    import_factories,
    plan_factories,
)
from factories.models import Factory
from factories.rights import may_somewhere
from factories.views import person_of
from portal.accounts.models import User
from portal.core.exports import csv_response
from portal.core.turns import one_at_a_time
from portal.core.uploads import drop_upload, kept_upload, limited_table, megabytes, open_upload, table_limit
from portal.ui.forms import REFUSED, STALE

SALT = "factories.import"


class FactoryTableForm(forms.Form):
    """A form for one file."""

    file = forms.FileField(
        label=gettext_lazy("Factories"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
        error_messages={"required": gettext_lazy("Choose a file.")},
        help_text=lazy(
            lambda: (
                _("CSV (UTF-8) or Excel workbook (.xlsx), up to %s MB. Its columns are explained below.")
                % megabytes(table_limit("factories"))
            ),
            str,
        )(),
    )


def _staff(request: HttpRequest) -> User:
    """Return the visitor if they enrol factories. Others who see factories get 403, everybody else 404."""
    user = person_of(request)
    if may_somewhere(user, "manage_enrolment"):
        return user
    if Factory.objects.visible_to(user).exists():
        raise PermissionDenied(_("Only the country's staff can add factories."))
    raise Http404


@login_required
@limited_table("factories")
@require_http_methods(["GET", "POST"])
def factory_import(request: HttpRequest) -> HttpResponseBase:
    """Take an uploaded table and show what importing it would do, or its errors."""
    user = _staff(request)
    if request.method == "GET" and "template" in request.GET:
        return csv_response("factories", (*REQUIRED, *OPTIONAL), [])
    form = FactoryTableForm(request.POST, request.FILES) if request.method == "POST" else FactoryTableForm()
    if not (request.method == "POST" and form.is_valid()):
        status = REFUSED if form.is_bound else 200
        return render(request, "factories/import.html", {"form": form, "columns": _columns()}, status=status)
    with kept_upload(form.cleaned_data["file"], TABLES) as name, open_upload(name) as file:
        plan = plan_factories(by=user, file=file)
    if plan.problems:
        drop_upload(name)
    return _preview(request, user, name, plan, status=REFUSED if plan.problems else 200)


def _columns() -> list[tuple[str, str]]:
    """Return each column that an import knows, with the values that it may contain."""
    told = {
        "bw_id": _("required: the Better Work ID; letters, digits, dots, dashes and slashes"),
        "name": _("required"),
        "country": _("required: the country's English name or its code, such as Cambodia or KH"),
        "contact_email": _("an e-mail address"),
        "current_cycle": _("a whole number, 1 or higher"),
    }
    told |= dict.fromkeys(("workers_women", "workers_men"), _("a whole number"))
    told |= dict.fromkeys(PLACES, _("degrees, such as 11.5564"))
    told |= dict.fromkeys(DATES, _("a date as dd/mm/yyyy, such as 27/03/2016"))
    for name in ("sector", "enrolment_status"):
        told[name] = _("one of: %s") % ", ".join(allowed_values(name))
    return [(name, told.get(name, _("any text"))) for name in (*REQUIRED, *OPTIONAL)]


def _preview(request: HttpRequest, user: User, name: str, plan: FactoryPlan, status: int) -> HttpResponse:
    token = signing.dumps({"file": name, "by": user.pk, "promise": plan.promise()}, salt=SALT, compress=True)
    context = {
        "form": FactoryTableForm(),
        "columns": _columns(),
        "plan": plan,
        "problems": plan.problems,
        "read_from": plan.read_from,
        "is_empty": not plan.new and not plan.changes,
        "token": token,
    }
    return render(request, "factories/import.html", context, status=status)


@login_required
@require_POST
@one_at_a_time
def factory_import_confirm(request: HttpRequest) -> HttpResponse:
    """Do what the preview showed; if the result would now be different, show a new preview."""
    user = _staff(request)
    try:
        kept = signing.loads(request.POST.get("upload", ""), salt=SALT, max_age=DECIDE_WITHIN)
        if kept["by"] != user.pk:
            raise signing.BadSignature
        with open_upload(kept["file"]) as file:
            return _import(request, user, kept["file"], file, kept["promise"])
    except (signing.BadSignature, FileNotFoundError):
        messages.error(request, _("This preview has expired. Upload the table again."))
        return redirect("factory_import")


def _import(request: HttpRequest, user: User, name: str, file: BinaryIO, promise: list[object]) -> HttpResponse:
    try:
        plan = import_factories(by=user, file=file, promise=promise)
    except FactoriesChanged:
        messages.warning(
            request, _("Something changed since the preview. Nothing was imported; check the new preview.")
        )
        return _preview(request, user, name, plan_factories(by=user, file=file), status=STALE)
    if plan.problems:
        return _preview(request, user, name, plan, status=STALE)
    drop_upload(name)
    text = _("Imported: %(new)s new factories, %(changed)s changed, %(unchanged)s unchanged.")
    messages.success(request, text % {"new": len(plan.new), "changed": len(plan.changes), "unchanged": plan.unchanged})
    return redirect("factory_list")
