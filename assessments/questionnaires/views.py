"""Pages of questionnaire versions: the list, the contents of one, importing another. For the programme's staff only:
brands and factories never learn which questionnaire was used (R1, R12).
"""

from collections.abc import Mapping
from typing import ClassVar, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from assessments.models import Question, Tool
from assessments.questionnaires.rights import may_import_for
from assessments.questionnaires.tables import ToolRefused, import_tool, read_questions
from assessments.questionnaires.translations import TEXT, read_wordings, rows_to_translate
from assessments.questionnaires.wordings import languages_of, put_wordings, texts_of, wordings_of
from factories.models import CountryProgramme
from factories.rights import may_somewhere
from factories.views import person_of
from portal.accounts.models import User
from portal.core.countries import country_name
from portal.core.exports import table_response
from portal.core.search import search
from portal.core.tables import Problems
from portal.core.uploads import limited_table, megabytes, table_limit
from portal.ui.forms import REFUSED, ListFilter, posted, show_errors
from portal.ui.lists import requested_page

FOR_ALL = "all"


class ToolForm(forms.Form):
    """A form to import a questionnaire. Without a country it is for all of them: only global staff may do that."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=150,
        help_text=gettext_lazy(
            "The name used in the assessment table, including the version. Each name can be used only once."
        ),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Tool.Kind.choices)
    programme = forms.ModelChoiceField(
        label=gettext_lazy("Country programme"), queryset=CountryProgramme.objects.none()
    )
    version = forms.CharField(label=gettext_lazy("Version"), max_length=40, required=False)
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the questions"), choices=settings.REPORT_LANGUAGES, initial="en"
    )
    file = forms.FileField(
        label=gettext_lazy("Questions"), widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,text/csv"})
    )

    def __init__(
        self,
        data: QueryDict | None,
        files: "MultiValueDict[str, UploadedFile[bytes]] | None",
        *,
        programmes: QuerySet[CountryProgramme],
        for_all: bool,
    ) -> None:
        super().__init__(data, files)
        field = cast(forms.ModelChoiceField, self.fields["programme"])  # type: ignore[type-arg]
        field.queryset = programmes
        field.required = not for_all
        field.empty_label = _("All countries") if for_all else "—"
        self.fields["file"].help_text = _(
            "CSV (UTF-8) or Excel workbook (.xlsx) with a row for each question. Required columns: cluster, "
            "compliance_point, question_id, label, type (NC or FGW). Optional columns: step, reference, tags "
            "(separated by semicolons), in_vcc, condition. Up to %s MB."
        ) % megabytes(table_limit("questionnaires"))


class TranslationForm(forms.Form):
    """A form to upload the file for translators."""

    file = forms.FileField(
        label=gettext_lazy("Translations"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
        help_text=gettext_lazy(
            "Download the file above, fill in the columns of the languages, and upload it. Empty cells change nothing."
        ),
    )


class ToolFilter(ListFilter):
    """The filter and order of the list of questionnaires."""

    ORDERS: ClassVar = {"": ("sort_name", "id"), "recent": ("-created_at", "-id")}

    q = forms.CharField(label=gettext_lazy("Questionnaire"), max_length=100, required=False)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=[("", gettext_lazy("Any")), *Tool.Kind.choices], required=False
    )
    country = forms.ChoiceField(
        label=gettext_lazy("Country"),
        choices=[("", gettext_lazy("Any")), (FOR_ALL, gettext_lazy("All countries"))],
        required=False,
    )
    sort = forms.ChoiceField(
        label=gettext_lazy("Order"),
        choices=[("", gettext_lazy("By name")), ("recent", gettext_lazy("Newest first"))],
        required=False,
    )

    def __init__(self, data: Mapping[str, object] | None = None, *, countries: list[tuple[str, str]]) -> None:
        self.countries = countries
        super().__init__(data)

    def full_clean(self) -> None:
        """Offer the visitor's own countries only."""
        offered = self.fields["country"].choices[:2]  # type: ignore[attr-defined]
        self.fields["country"].choices = [*offered, *self.countries]  # type: ignore[attr-defined]
        super().full_clean()

    def narrow(self, tools: QuerySet[Tool]) -> QuerySet[Tool]:
        """Return the questionnaires that match every filter; none if a filter is invalid."""
        if self.errors:
            return tools.none()
        if words := self.asked("q"):
            tools = search(tools, words, names=("name",), ids=("version",))
        if kind := self.asked("kind"):
            tools = tools.filter(kind=kind)
        if country := self.asked("country"):
            tools = tools.filter(programme=None) if country == FOR_ALL else tools.filter(programme__country=country)
        return tools

    @property
    def order(self) -> tuple[str, ...]:
        """The columns to order by."""
        return self.ORDERS[self.asked("sort") or ""]


def _worked_in(person: User) -> list[CountryProgramme]:
    """Return the country programmes in which a person works. Raises `Http404` if there are none."""
    programmes = list(CountryProgramme.objects.where(person, "assess_country"))
    if not programmes:
        raise Http404
    return programmes


def _visible(programmes: list[CountryProgramme]) -> QuerySet[Tool]:
    """Return the questionnaires of these countries, and those of all countries."""
    return Tool.objects.filter(Q(programme=None) | Q(programme__in=programmes))


def _importing(person: User) -> tuple[QuerySet[CountryProgramme], bool]:
    """Return the countries for which a person imports questionnaires, and whether they do for all of them at once."""
    programmes = CountryProgramme.objects.where(person, "import_assessments")
    for_all = programmes.filter(is_global=True).exists()
    return programmes.filter(is_global=False), for_all


@login_required
@require_GET
def tool_list(request: HttpRequest) -> HttpResponse:
    """List the questionnaire versions by name, ignoring upper and lower case."""
    person = person_of(request)
    programmes = _worked_in(person)
    countries = [(one.country, country_name(one.country)) for one in programmes if not one.is_global]
    form = ToolFilter(request.GET, countries=sorted(countries, key=lambda pair: pair[1]))
    found = form.narrow(_visible(programmes)).select_related("programme")
    found = found.annotate(question_count=Count("questions"), sort_name=Lower("name"))
    page = requested_page(request, found, form.order)
    may_import = may_somewhere(person, "import_assessments")
    return render(request, "questionnaires/tool_list.html", {"page": page, "form": form, "may_import": may_import})


def _found(request: HttpRequest, pk: int) -> Tool:
    """Return a version that the visitor may see. Raises `Http404`."""
    return get_object_or_404(_visible(_worked_in(person_of(request))).select_related("programme"), pk=pk)


@login_required
@require_GET
def tool(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one version: its clusters, their compliance points and questions."""
    found = _found(request, pk)
    questions = list(
        Question.objects.filter(tool=found)
        .select_related("compliance_point__cluster")
        .order_by("compliance_point__cluster__order", "compliance_point__order", "order", "pk")
    )
    context = {"tool": found, "questions": questions, "facts": _facts(found, questions)}
    return render(request, "questionnaires/tool.html", context)


def _facts(found: Tool, questions: list[Question]) -> list[tuple[str, object]]:
    steps = [question.step for question in questions]
    facts: list[tuple[str, object]] = [
        (_("Kind"), found.get_kind_display()),
        (_("Country programme"), found.programme or _("All countries")),
        (_("Version"), found.version),
        (_("Language of the questions"), found.get_language_display()),
    ]
    counts = [
        (_("Questions"), len(questions)),
        *((_("Questions of Step %s") % step, steps.count(step)) for step in (1, 2, 3)),
        (_("Better Work's own questions"), steps.count(None)),
        (_("Publicly reported"), sum(question.is_public_issue for question in questions)),
        (_("Zero tolerance"), sum(question.is_zero_tolerance for question in questions)),
        (_("In the Virtual Compliance Check"), sum(question.in_vcc for question in questions)),
    ]
    return facts + [(label, str(count)) for label, count in counts]


@login_required
@limited_table("questionnaires")
@require_http_methods(["GET", "POST"])
def tool_import(request: HttpRequest) -> HttpResponse:
    """Import a version from a file: all of it; or nothing, and show the errors by row and column."""
    person = person_of(request)
    _worked_in(person)
    programmes, for_all = _importing(person)
    if not for_all and not programmes.exists():
        raise PermissionDenied(_("Your role does not allow importing questionnaires."))
    files = request.FILES if request.method == "POST" else None
    form = ToolForm(posted(request), files, programmes=programmes, for_all=for_all)
    problems = Problems()
    if form.is_valid():
        made, read_from, problems = _import(person, form)
        if made is not None:
            text = _("The questionnaire was imported. It cannot change once it is used.")
            messages.success(request, f"{text} {read_from}".strip())
            return redirect("tool", pk=made.pk)
    context = {"form": form, "problems": problems}
    return render(request, "questionnaires/tool_import.html", context, status=REFUSED if form.is_bound else 200)


def _import(person: User, form: ToolForm) -> tuple[Tool | None, str, Problems]:
    """Return the new version and its sheet in the file; or None, with the file's problems or a reason on the form."""
    data = {name: value for name, value in form.cleaned_data.items() if name != "file"}
    try:
        rows = read_questions(form.cleaned_data["file"])
        return import_tool(by=person, rows=rows, **data), rows.read_from, Problems()
    except ToolRefused as refused:
        return None, "", refused.problems
    except ValidationError as error:
        show_errors(form, error)
    except IntegrityError:
        form.add_error("name", _("A questionnaire with this name was just imported."))
    return None, "", Problems()


@login_required
@limited_table("questionnaires")
@require_http_methods(["GET", "POST"])
def tool_translations(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a version is translated; take a file with translations: all of it, or nothing and its errors."""
    found, person = _found(request, pk), person_of(request)
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
    found = _found(request, pk)
    header = [TEXT, *(code for code, _name in languages_of(found))]
    return table_response("xlsx", f"translations-{found.pk}", header, rows_to_translate(found))
