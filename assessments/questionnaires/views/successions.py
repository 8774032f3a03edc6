"""What changed between two versions of a questionnaire, and what became of each question."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from assessments.models import Question, Succession, Tool
from assessments.questionnaires.conditions import condition_of
from assessments.questionnaires.queries import earlier_versions, tool_seen_by
from assessments.questionnaires.rights import may_import_for
from assessments.questionnaires.successions import (
    Change,
    Pairs,
    Step,
    pairs_of,
    proposed,
    put_succession,
    questions_of,
    steps,
)
from factories.views import person_of
from portal.ui.forms import REFUSED

COMPARED: Mapping[str, Promise] = {
    "ext_id": gettext_lazy("ID"),
    "label": gettext_lazy("Question"),
    "type": gettext_lazy("Type"),
    "answer_type": gettext_lazy("Answer"),
    "options": gettext_lazy("Options"),
    "help_text": gettext_lazy("Help"),
    "condition": gettext_lazy("Condition"),
    "is_required": gettext_lazy("Required"),
    "needs_evidence": gettext_lazy("Evidence required"),
    "tags": gettext_lazy("Tags"),
    "step": gettext_lazy("Step"),
    "in_vcc": gettext_lazy("In the Virtual Compliance Check"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """What became of some questions, as the page shows it; `field` and `typed` are of each later question."""

    step: Step
    differences: tuple[str, ...]
    fields: tuple[tuple[Question, str, str], ...]

    @property
    def is_unchanged(self) -> bool:
        """True for a question of which nothing but the id changed."""
        return self.step.change == Change.SAME and not set(self.differences) - {str(COMPARED["ext_id"])}


@login_required
@require_http_methods(["GET", "POST"])
def tool_changes(request: HttpRequest, pk: int, earlier: int) -> HttpResponse:
    """Show what became of each question since an earlier version; let staff correct and confirm it."""
    person = person_of(request)
    later = tool_seen_by(person, pk)
    before = get_object_or_404(earlier_versions(later), pk=earlier)
    may_confirm = may_import_for(person, later.programme_id)
    if request.method == "POST" and not may_confirm:
        raise PermissionDenied(_("Only the country's staff can confirm how its questions changed."))
    olds, news = questions_of(before), questions_of(later)
    stored = Succession.objects.filter(earlier=before, later=later).select_related("reviewed_by").first()
    pairs, errors = pairs_of(stored) if stored else proposed(olds, news), dict[int, str]()
    if request.method == "POST":
        pairs, errors = _sent(request.POST, olds, news, pairs)
        if not errors:
            confirm = "confirm" in request.POST
            put_succession(by=person, earlier=before, later=later, pairs=pairs, confirm=confirm)
            told = _("Confirmed.") if confirm else _("Saved, but not confirmed yet.")
            messages.success(request, told)
            return redirect("tool_changes", pk=pk, earlier=earlier)
    rows = list(_rows(olds, news, pairs, request.POST))
    context = {
        "tool": later,
        "earlier": before,
        "succession": stored,
        "may_confirm": may_confirm,
        "errors": [(question, errors[question.pk]) for question in news if question.pk in errors],
        "unchanged": [row for row in rows if row.is_unchanged],
        "groups": _groups(rows),
    }
    return render(request, "questionnaires/changes.html", context, status=REFUSED if errors else 200)


def _groups(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    titles = {
        Change.SAME: _("Same question, changed"),
        Change.SPLIT: _("Split"),
        Change.MERGED: _("Merged"),
        Change.NEW: _("New"),
        Change.GONE: _("Removed"),
    }
    groups = [
        (title, [row for row in rows if row.step.change == change and not row.is_unchanged])
        for change, title in titles.items()
    ]
    return [group for group in groups if group[1]]


def _rows(olds: list[Question], news: list[Question], pairs: Pairs, sent: QueryDict) -> Iterator[Row]:
    ids = {question.pk: question.ext_id for question in olds}
    origins: dict[int, list[str]] = {}
    for before, after in sorted(pairs):
        origins.setdefault(after, []).append(ids[before])
    renamed = {question.ext_id: origins.get(question.pk, []) for question in news}
    for step in steps(olds, news, pairs):
        one_to_one = step.change == Change.SAME
        differences = _differences(step.earlier[0], step.later[0], renamed) if one_to_one else ()
        fields = tuple(
            (question, name := f"q{question.pk}", sent.get(name, "; ".join(origins.get(question.pk, ()))))
            for question in step.later
        )
        yield Row(step, differences, fields)


def _differences(before: Question, after: Question, renamed: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Return what differs between two questions, in words. A condition is the same if it names the same questions."""
    names = [name for name in COMPARED if getattr(before, name) != getattr(after, name)]
    return tuple(
        str(COMPARED[name]) for name in names if name != "condition" or not _same_tests(before, after, renamed)
    )


def _same_tests(before: Question, after: Question, renamed: Mapping[str, list[str]]) -> bool:
    earlier, later = condition_of(before.condition), condition_of(after.condition)
    if earlier is None or later is None or earlier.needs_all is not later.needs_all:
        return False
    tests = [([test.question], test.sign, test.value) for test in earlier.tests]
    return tests == [(renamed.get(test.question, []), test.sign, test.value) for test in later.tests]


def _sent(sent: QueryDict, olds: list[Question], news: list[Question], shown: Pairs) -> tuple[Pairs, dict[int, str]]:
    """Return the pairs that a form sends, and what is wrong, by later question; what it does not name stays."""
    keys = {question.ext_id: question.pk for question in olds}
    pairs: Pairs = {pair for pair in shown if f"q{pair[1]}" not in sent}
    errors: dict[int, str] = {}
    for question in news:
        for ext_id in filter(None, (part.strip() for part in sent.get(f"q{question.pk}", "").split(";"))):
            if ext_id in keys:
                pairs.add((keys[ext_id], question.pk))
            else:
                errors[question.pk] = _("There is no question %s in the earlier version.") % ext_id
    return pairs, errors


def versions_to_compare(tool: Tool) -> list[tuple[Tool, bool]]:
    """Return the versions that a version can be compared with, and whether what became of them is confirmed."""
    confirmed = Succession.objects.filter(later=tool, earlier=OuterRef("pk")).exclude(reviewed_at=None)
    return [(one, one.is_confirmed) for one in earlier_versions(tool).annotate(is_confirmed=Exists(confirmed))]
