"""The list of questionnaire versions, the contents of one, its file, and importing another."""

from collections.abc import Mapping
from typing import ClassVar, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError
from django.db.models import Count, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from assessments.models import Question, Tool
from assessments.questionnaires.queries import importing, programmes_of, tool_seen_by, tools_seen_from
from assessments.questionnaires.successions import questions_of
from assessments.questionnaires.tables import COLUMNS, ToolRefused, import_tool, read_questions, rows_of
from assessments.questionnaires.views.successions import versions_to_compare
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
            "compliance_point, question_id, label, type (NC or FGW). Optional columns: answer_type, options, help, "
            "required, evidence, condition, step, reference, tags, in_vcc. Separate several options or tags with "
            "semicolons. Up to %s MB."
        ) % megabytes(table_limit("questionnaires"))


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


@login_required
@require_GET
def tool_list(request: HttpRequest) -> HttpResponse:
    """List the questionnaire versions by name, ignoring upper and lower case."""
    person = person_of(request)
    programmes = programmes_of(person)
    countries = [(one.country, country_name(one.country)) for one in programmes if not one.is_global]
    form = ToolFilter(request.GET, countries=sorted(countries, key=lambda pair: pair[1]))
    found = form.narrow(tools_seen_from(programmes))
    found = found.annotate(question_count=Count("questions"), sort_name=Lower("name"))
    page = requested_page(request, found, form.order)
    may_import = may_somewhere(person, "import_assessments")
    return render(request, "questionnaires/tool_list.html", {"page": page, "form": form, "may_import": may_import})


@login_required
@require_GET
def tool(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one version: its clusters, their compliance points and questions."""
    found = tool_seen_by(person_of(request), pk)
    questions = questions_of(found)
    context = {
        "tool": found,
        "questions": questions,
        "facts": _facts(found, questions),
        "versions": versions_to_compare(found),
    }
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
    programmes_of(person)
    programmes, for_all = importing(person)
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
@require_GET
def tool_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Return a version as the file that an import of it reads."""
    found = tool_seen_by(person_of(request), pk)
    return table_response("xlsx", f"questionnaire-{found.pk}", COLUMNS, rows_of(found))
