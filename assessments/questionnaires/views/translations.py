"""Translations of a questionnaire version: how far they are, and the file for translators."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from assessments.models import Tool
from assessments.questionnaires.queries import tool_seen_by
from assessments.questionnaires.rights import may_import_for
from assessments.questionnaires.tables import ToolRefused
from assessments.questionnaires.translations import TEXT, read_wordings, rows_to_translate
from assessments.questionnaires.wordings import languages_of, put_wordings, texts_of, wordings_of
from factories.views import person_of
from portal.core.exports import table_response
from portal.core.tables import Problems
from portal.core.uploads import limited_table
from portal.ui.forms import REFUSED, posted


class TranslationForm(forms.Form):
    """A form to upload the file for translators."""

    file = forms.FileField(
        label=gettext_lazy("Translations"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
        help_text=gettext_lazy(
            "Download the file above, fill in the columns of the languages, and upload it. Empty cells change nothing."
        ),
    )


@login_required
@limited_table("questionnaires")
@require_http_methods(["GET", "POST"])
def tool_translations(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a version is translated; take a file with translations: all of it, or nothing and its errors."""
    person = person_of(request)
    found = tool_seen_by(person, pk)
    may_translate = may_import_for(person, found.programme_id)
    if request.method == "POST" and not may_translate:
        raise PermissionDenied(_("Only the country's staff can translate a questionnaire."))
    form = TranslationForm(posted(request), request.FILES if request.method == "POST" else None)
    problems = Problems()
    if form.is_valid():
        try:
            texts = read_wordings(found, form.cleaned_data["file"])
        except ToolRefused as refused:
            problems = refused.problems
        else:
            count = put_wordings(by=person, tool=found, texts=texts)
            saved = ngettext("%(count)s translation was saved.", "%(count)s translations were saved.", count)
            messages.success(request, saved % {"count": count})
            return redirect("tool_translations", pk=pk)
    context = {"tool": found, "form": form, "problems": problems, "may_translate": may_translate, **_coverage(found)}
    return render(request, "questionnaires/translations.html", context, status=REFUSED if form.is_bound else 200)


def _coverage(found: Tool) -> dict[str, object]:
    """Return for each language how many of the texts have a translation, in words."""
    texts, known = set(texts_of(found)), wordings_of(found)
    counts = [(name, len(texts & known.get(code, {}).keys())) for code, name in languages_of(found)]
    words = _("%(count)s of %(all)s")
    return {"languages": [(name, words % {"count": count, "all": len(texts)}) for name, count in counts]}


@login_required
@require_GET
def tool_translations_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Return the file for translators: a row for each text, with the translations there are."""
    found = tool_seen_by(person_of(request), pk)
    header = [TEXT, *(code for code, _name in languages_of(found))]
    return table_response("xlsx", f"translations-{found.pk}", header, rows_to_translate(found))
