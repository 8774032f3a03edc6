"""Pages of the import of the long table: upload, watch the check, decide on the preview, watch the import.

All steps of an upload have one address, which shows what is next. Uploads are visible to the person who made them.
"""

from typing import cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.imports import words
from assessments.imports.applying import staged_questions
from assessments.imports.models import ImportBatch
from assessments.imports.previews import Preview
from assessments.imports.services import (
    APPLY,
    CHECK,
    confirm_import,
    discard_import,
    error_rows,
    is_applying,
    may_import,
    start_import,
)
from factories.rights import may_somewhere
from portal.accounts.models import User
from portal.core.exports import csv_response
from portal.core.models import Job
from portal.core.tables import Group
from portal.core.uploads import limited_upload
from portal.core.views import job_pages
from portal.ui.forms import REFUSED

STATE = ImportBatch.State


class TableForm(forms.Form):
    """A form for one file."""

    file = forms.FileField(
        label=gettext_lazy("Table"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
        error_messages={"required": gettext_lazy("Choose a file.")},
        help_text=lazy(
            lambda: (
                _("CSV (UTF-8; comma, semicolon or tab) or Excel workbook (.xlsx), up to %s MB.")
                % (settings.UPLOAD_MAX_BYTES // 1024**2)
            ),
            str,
        )(),
    )


class DecisionForm(forms.Form):
    """A form to decide about a table that names what the portal does not know."""

    create_missing = forms.BooleanField(
        label=gettext_lazy("Create what is new in this table"),
        required=False,
        help_text=gettext_lazy("The import creates everything listed above."),
    )
    treat_as_step1 = forms.BooleanField(
        label=gettext_lazy("Mark the compliance questions of new questionnaires as Step 1"), required=False
    )

    count_as_nc = forms.BooleanField(
        label=gettext_lazy("Count these rows as NC questions"),
        required=False,
        help_text=gettext_lazy(
            "Their finding is 1, 0 or empty, as for NC questions. The answer is remembered for the country: later "
            "tables are imported without this question."
        ),
    )

    def __init__(self, plan: Preview, data: QueryDict | None = None) -> None:
        """Build the form with the decisions that this preview needs."""
        super().__init__(data)
        is_needed = {
            "create_missing": plan["creates"],
            "treat_as_step1": plan["tools"],
            "count_as_nc": plan.get("types"),
        }
        for name in [name for name, needed in is_needed.items() if not needed]:
            del self.fields[name]
        if plan["tools"]:
            self._count_step1_questions(sum(tool["nc_questions"] for tool in plan["tools"]))

    def _count_step1_questions(self, step1_questions: int) -> None:
        number = ngettext("This concerns %(count)s question", "This concerns %(count)s questions", step1_questions) % {
            "count": step1_questions
        }
        self.fields["treat_as_step1"].help_text = (
            _(
                "%s of type NC in the lists above. If you tick the box, brands with access to Step 1 data can read "
                "each question and its answer, including compliant ones. If you do not, they cannot read any Step 1"
                " data of these assessments. You cannot change this once the questionnaire is used. The table does "
                "not give the SLCP Step of each question. To mark questions one by one, import the questionnaire "
                "first, and then this table."
            )
            % number
        )


def _staff(request: HttpRequest) -> User:
    """Return the visitor if they import for some country. Other staff get 403, everybody else 404."""
    user = cast(User, request.user)
    if may_import(user):
        return user
    if may_somewhere(user, "assess_country"):
        raise PermissionDenied(_("Your role does not allow importing assessments."))
    raise Http404


def _own(request: HttpRequest, pk: UUID) -> ImportBatch:
    batches = ImportBatch.objects.visible_to(_staff(request)).select_related("job", "owner")
    return get_object_or_404(batches, pk=pk)


@login_required
@limited_upload
@require_http_methods(["GET", "POST"])
def import_assessments(request: HttpRequest) -> HttpResponseBase:
    """Take an uploaded table; list the visitor's latest uploads below the form."""
    user = _staff(request)
    form = TableForm(request.POST, request.FILES) if request.method == "POST" else TableForm()
    if request.method == "POST" and form.is_valid():
        try:
            batch = start_import(by=user, upload=form.cleaned_data["file"])
        except ValidationError as error:
            form.add_error("file", error)
        else:
            return redirect("import_batch", pk=batch.pk)
    recent = ImportBatch.objects.visible_to(user).exclude(state=STATE.DISCARDED).order_by("-created_at")[:10]
    status = REFUSED if form.is_bound else 200
    return render(request, "imports/import_upload.html", {"form": form, "recent": recent}, status=status)


@login_required
@require_GET
def import_batch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show an upload: its progress, its errors, its preview or its outcome. htmx asks for the progress bar alone."""
    batch = _own(request, pk)
    if batch.state == STATE.DISCARDED:
        raise Http404
    if batch.state == STATE.CHECKING or is_applying(batch):
        return _progress(request, batch)
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "imports/import_batch.html", _preview(batch))


def _progress(request: HttpRequest, batch: ImportBatch) -> HttpResponse:
    is_poll = bool(request.headers.get("HX-Request"))
    titles = {STATE.CHECKING: _("Checking the table"), STATE.APPLYING: _("Importing the table")}
    context = {"batch": batch, "stage": "running", "job": batch.job, "job_title": titles[STATE(batch.state)]}
    return render(request, "imports/import_progress.html" if is_poll else "imports/import_batch.html", context)


def _preview(batch: ImportBatch, form: DecisionForm | None = None) -> dict[str, object]:
    plan = batch.plan
    notes = list(words.notes(plan))
    context: dict[str, object] = {"batch": batch, "plan": plan, "stage": batch.state, "notes": notes}
    if batch.state == STATE.APPLYING:  # its job failed or was cancelled: nothing was done, decide again
        context |= {"stage": STATE.READY, "failed": batch.job.error_in_words if batch.job else ""}
    context["types"] = list(words.types(cast(Preview, plan)))
    if batch.state == STATE.REFUSED:
        context["problems"] = {"total": plan["problems"], "groups": [Group.read(one) for one in plan["groups"]]}
        context["is_cut"] = batch.problems.count() < plan["problems"]
        return context
    context |= {"counts": words.counts(plan), "assessments": words.assessments(plan), "more": words.not_listed(plan)}
    if context["stage"] == STATE.READY and (plan["creates"] or plan.get("types")):
        context["form"] = form or DecisionForm(plan)
        context["tools"] = _tools(batch)
    return context


def _tools(batch: ImportBatch) -> list[dict[str, object]]:
    """Return the questionnaires to be created, each with its questions by cluster and compliance point."""
    tools = {tool["name"]: {**tool, "line": words.tool_line(tool), "rows": []} for tool in batch.plan["tools"]}
    for question in staged_questions(batch):
        if question.questionnaire in tools:
            tools[question.questionnaire]["rows"].append(question)
    return list(tools.values())


@login_required
@require_POST
def import_confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Import what the preview showed."""
    batch = _own(request, pk)
    form = DecisionForm(batch.plan, request.POST)
    form.is_valid()
    try:
        confirm_import(by=cast(User, request.user), batch=batch, **form.cleaned_data)
    except ValidationError as error:
        if batch.state not in {STATE.READY, STATE.APPLYING}:
            messages.error(request, " ".join(error.messages))
            return redirect("import_batch", pk=pk)
        form.add_error(None, error)
        return render(request, "imports/import_batch.html", _preview(batch, form), status=REFUSED)
    return redirect("import_batch", pk=pk)


@login_required
@require_POST
def import_discard(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Discard an upload that was not imported."""
    batch = _own(request, pk)
    try:
        discard_import(by=cast(User, request.user), batch=batch)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("import_batch", pk=pk)
    messages.success(request, _("The upload was discarded. Nothing was imported."))
    return redirect("import_assessments")


@login_required
@require_GET
def import_errors(request: HttpRequest, pk: UUID) -> StreamingHttpResponse:
    """Return every error of an upload as a CSV file in which no spreadsheet runs a formula."""
    batch = _own(request, pk)
    header = (_("Row"), _("Column"), _("Value"), _("Problem"))
    rows = ((problem.row, problem.column, problem.value, problem.message) for problem in error_rows(batch))
    return csv_response("import-errors", header, rows)


def _job_page(request: HttpRequest, job: Job) -> HttpResponse:
    """Redirect to the page of the upload, which shows the progress of its check or import."""
    batch = get_object_or_404(ImportBatch.objects.visible_to(request.user), pk=job.params["batch"])
    return redirect("import_batch", pk=batch.pk)


job_pages[CHECK] = job_pages[APPLY] = _job_page
