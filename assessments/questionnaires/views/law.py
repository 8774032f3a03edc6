"""The law beside a version's questions, by country and day: a list, and the file with which it is kept."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from assessments.models import LegalReference, Tool
from assessments.questionnaires.legal import COLUMNS, put_references, read_references, references_of
from assessments.questionnaires.queries import importing, tool_seen_by
from assessments.questionnaires.tables import ToolRefused
from factories.models import CountryProgramme
from factories.views import person_of
from portal.accounts.models import User
from portal.core.exports import table_response
from portal.core.tables import Problems
from portal.core.uploads import limited_table
from portal.ui.forms import REFUSED, posted, show_errors
from portal.ui.lists import requested_page


class LawForm(forms.Form):
    """A form to upload references to the law."""

    file = forms.FileField(
        label=gettext_lazy("References to the law"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
        help_text=gettext_lazy(
            "One row for each reference, with the columns question_id, country, valid_from, valid_until and text. "
            "Leave valid_until empty while the law is in force. A later reference ends the one before it."
        ),
    )


@login_required
@limited_table("questionnaires")
@require_http_methods(["GET", "POST"])
def tool_law(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the references of a version; take a file with more: all of it, or nothing and its errors."""
    person = person_of(request)
    found = tool_seen_by(person, pk)
    programmes = _programmes(person, found)
    if request.method == "POST" and not programmes:
        raise PermissionDenied(_("Only the country's staff can add references to its law."))
    form = LawForm(posted(request), request.FILES if request.method == "POST" else None)
    problems = Problems()
    if form.is_valid():
        try:
            count = put_references(
                by=person, tool=found, references=read_references(found, programmes, form.cleaned_data["file"])
            )
        except ToolRefused as refused:
            problems = refused.problems
        except ValidationError as error:
            show_errors(form, error)
        else:
            saved = ngettext("%(count)s reference was saved.", "%(count)s references were saved.", count)
            messages.success(request, saved % {"count": count})
            return redirect("tool_law", pk=pk)
    context = {
        "tool": found,
        "form": form,
        "problems": problems,
        "may_import": bool(programmes),
        "page": requested_page(request, _references(found), ("question_order", "country", "valid_from", "id")),
    }
    return render(request, "questionnaires/law.html", context, status=REFUSED if form.is_bound else 200)


def _programmes(person: User, tool: Tool) -> list[CountryProgramme]:
    """Return the countries whose law a person may put beside a version."""
    programmes, _for_all = importing(person)
    return list(programmes.filter(pk=tool.programme_id) if tool.programme_id else programmes)


def _references(tool: Tool) -> QuerySet[LegalReference]:
    found = LegalReference.objects.filter(question__tool=tool).select_related("question", "programme")
    return found.annotate(question_order=F("question__order"), country=F("programme__country"))


@login_required
@require_GET
def tool_law_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Return the references of a version as the file with which they are kept."""
    person = person_of(request)
    found = tool_seen_by(person, pk)
    return table_response("xlsx", f"law-{found.pk}", COLUMNS, references_of(found, _programmes(person, found)))
