"""Pages to read assessments: what was shared with a brand, a factory's own list, and one assessment's page.

A page starts from what is visible (`visible_to`), shows each scope only if the reader may see it, and records who saw
what. Nothing on it says which questionnaire was used or where a finding came from (R1, R12).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypedDict, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Subquery, UUIDField
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from assessments.figures.queries import count_drafts, points_of, with_figures
from assessments.models import Assessment, ReportCopy
from assessments.publication.deadlines import has_review_ended, review_end
from assessments.publication.rights import StepRights
from assessments.publication.views.steps import NEWEST_FIRST
from assessments.reading.filters import SharedFilter, shared_choices
from assessments.reading.listing import LISTED, SharedRows, record_filter
from assessments.reading.scopes import documents_for, report_language, with_scopes
from assessments.reports.document import Cluster, CompliancePoint, Counts, ReportDocument, Summary
from assessments.reports.labels import Labels, labels_for
from assessments.visits.models import AssessmentQuerySet
from brands.models import Brand
from factories.models import Factory
from factories.rights import may_somewhere
from portal.accounts.models import User
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor
from portal.core.compiled import Parameter
from portal.core.days import show_days_of
from portal.ui.lists import requested_page
from sharing import access
from sharing.grants.queries import granted_to
from sharing.models import AccessRecord, SharingGrant
from sharing.models import Scope as GrantScope
from sharing.records.services import record_access, settle_listed
from sharing.scopes import ScopeRule, rule_of

FACTORIES_TO_ASK_ABOUT = 20


class ReportOrder(forms.Form):
    """A form to order a file of an assessment. It offers only the scopes visible to the reader."""

    scope = forms.ChoiceField(label=gettext_lazy("Content"))
    format = forms.ChoiceField(label=gettext_lazy("Format"), choices=ReportCopy.Format.choices)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=settings.REPORT_LANGUAGES,
        help_text=gettext_lazy(
            "For headings and, where they are translated, questions. Findings and CSV files stay in the programme's "
            "language."
        ),
    )

    def __init__(
        self, data: QueryDict | None = None, *, scopes: Iterable[str], initial: dict[str, str] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        field = cast(forms.ChoiceField, self.fields["scope"])
        field.choices = [(scope, GrantScope(scope).label) for scope in scopes]


@login_required
@require_safe
def shared_list(request: HttpRequest) -> HttpResponse:
    """List what factories shared with the visitor's brand, newest first. Raises `Http404` for people of no brand."""
    user = cast(User, request.user)
    context = shared_context(request, user)
    record_page(user, context)
    if not context["rows"]:
        if not Brand.objects.own(user).exists():
            raise Http404
        granted = granted_to(user).values("factory")
        context["to_ask_about"] = Factory.objects.filter(pk__in=granted).order_by("name")[:FACTORIES_TO_ASK_ABOUT]
    return render(request, "reading/shared_list.html", context)


def shared_context(request: HttpRequest, reader: Visitor) -> dict[str, object]:
    """Return the contents of the list shared with `reader`: one code path for a brand's people and for `AsBrand`."""
    form = SharedFilter(request.GET, choices=shared_choices())
    found = SharedRows(reader, partial(form.narrow, reader=reader) if form.in_use else None)
    page = requested_page(request, found, LISTED)
    rows = _rows(page.items)
    is_all = not (page.next_cursor or page.previous_cursor)
    return {"page": page, "rows": rows, "form": form, "count": len(rows) if is_all else found.count()}


def record_page(user: User, context: dict[str, Any], *, is_brand: bool = True) -> None:
    """Record which factories a page of the shared list named because of its filter."""
    brands = {row.report_id: row.brand_id for row in context["page"].items if is_brand}
    record_filter(user, context["form"].asked("cluster"), (row["assessment"] for row in context["rows"]), brands)


class Row(TypedDict):
    """An assessment in a list, with its numbers of points (`points_of`)."""

    assessment: Assessment
    nc: int
    assessed: int


def _rows(assessments: list[Assessment]) -> list[Row]:
    counted = ((one, *points_of(one)) for one in assessments)
    return [{"assessment": one, "nc": nc, "assessed": assessed} for one, nc, assessed in counted]


@login_required
@require_safe
def assessment_list(request: HttpRequest) -> HttpResponse:
    """List a factory's own assessments, newest cycle first; redirect other people to the list that is theirs."""
    user = cast(User, request.user)
    factories = Factory.objects.where(user, "view_data")
    own = Assessment.objects.visible_to(user).filter(factory__in=factories.values("pk"))
    page = requested_page(
        request, with_figures(with_scopes(own, user)).select_related("factory__programme"), NEWEST_FIRST
    )
    if not page.items and not factories.exists():
        return _send_elsewhere(user)
    rows = _rows(page.items)
    context = {
        "page": page,
        "rows": rows,
        "trends": _trends(rows),
        "many_factories": len({one.factory_id for one in page.items}) > 1,
    }
    return render(request, "reading/assessment_list.html", context)


def _send_elsewhere(user: User) -> HttpResponse:
    if may_somewhere(user, "assess_country"):
        return redirect("board")
    if Brand.objects.own(user).exists():
        return redirect("shared_list")
    raise Http404


class Trend(TypedDict):
    """A factory's rates: the label of a cycle, and per cent."""

    factory: Factory
    points: list[tuple[str, float]]


def _trends(rows: list[Row]) -> list[Trend]:
    """Return for each factory its rate over the cycles, oldest first, each cycle by its current version."""
    factories: dict[int, Trend] = {}
    for row in reversed(rows):
        assessment = row["assessment"]
        if assessment.state == Assessment.State.SUPERSEDED or not row["assessed"]:
            continue
        trend = factories.setdefault(assessment.factory_id, {"factory": assessment.factory, "points": []})
        trend["points"].append((_("Cycle %s") % assessment.cycle, 100 * row["nc"] / row["assessed"]))
    return [trend for trend in factories.values() if len(trend["points"]) > 1]


@login_required
@require_safe
def assessment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one assessment, each scope as far as it is visible to the reader. Every opening is recorded."""
    user = cast(User, request.user)
    context, openings = _settled_context(user, pk)
    opened = context["assessment"]
    show_days_of(opened.factory)
    record_access(by=user, assessment=opened, openings=openings, action=AccessRecord.Action.VIEW)
    if not any(openings.values()):  # one of the factory's people or staff
        context["steps"] = StepRights(user).steps(opened)
    return render(request, "reading/assessment.html", context)


def _settled_context(user: User, pk: UUID) -> tuple[dict[str, Any], dict[str, SharingGrant | None]]:
    """Return `assessment_context`, with all grants settled that a brand's page shows something of.

    The page also lists the factory's other cycles, which other grants than those in `openings` may open.
    """
    context, openings = assessment_context(user, pk)
    known = set[UUID]()
    while any(openings.values()) and (news := settle_listed(user, {context["factory"].pk})) - known:
        known |= news
        context, openings = assessment_context(user, pk)
    return context, openings


def assessment_context(reader: Visitor, pk: UUID) -> tuple[dict[str, Any], dict[str, SharingGrant | None]]:
    """Return what an assessment's page shows `reader`, and what opened it: one code path for people and `AsBrand`.

    Raises `Http404` if nothing of it is visible to them.
    """
    family = _family_rows(reader, pk=pk)
    count_drafts(family)
    opened = next((one for one in family if one.pk == pk), None)
    openings = access.openings(reader, opened) if opened is not None else {}
    if opened is None or not openings:
        raise Http404
    return _page_context(reader, opened, family, list(openings)), openings


def _family_of(user: Visitor, pk: UUID | Parameter) -> AssessmentQuerySet:
    """Return the assessment and others of its factory that `user` may see, newest first."""
    factory = Assessment.objects.visible_to(user).filter(pk=pk).values("factory")
    visible = Assessment.objects.visible_to(user).filter(factory=Subquery(factory))
    rows = with_figures(with_scopes(visible, user)).select_related("factory__programme")
    return rows.order_by("-cycle", "-version")


_family_rows: Prepared[Assessment, Assessment] = Prepared(_family_of, pk=UUIDField())


def _page_context(user: Visitor, opened: Assessment, family: list[Assessment], scopes: list[str]) -> dict[str, object]:
    language = report_language(get_language())
    documents = documents_for(user, opened, scopes, language)
    history = _rows(family)
    widest, main = next(iter(documents.items()))
    return {
        "assessment": opened,
        "factory": opened.factory,
        "labels": labels_for(language),
        "documents": documents,
        "parts": _parts(documents, labels_for(language)),
        "correction_under_way": any(one.supersedes_id == opened.pk for one in family),
        "review_end": review_end(opened),
        "has_review_ended": has_review_ended(opened),
        "main": main,
        "covers": rule_of(widest).covers,
        "chart_rows": [(line.name, line.points_nc, line.points_assessed) for line in main.summary],
        "history": history,
        "trend": next((trend["points"] for trend in _trends(history)), None),
        "replacement": _replacement(opened, family),
        "order_form": ReportOrder(scopes=scopes, initial={"language": language}),
    }


@dataclass(frozen=True)
class Part:
    """One scope's part of the page: what was found, or every answer."""

    rule: ScopeRule
    anchor: str
    heading: str
    sections: list[tuple[Cluster, Summary, set[str]]]


def _parts(documents: dict[str, ReportDocument], labels: Labels) -> list[Part]:
    rules = [rule_of(scope) for scope in documents]
    is_one_list = sum(rule.lists_answers for rule in rules) == 1
    parts = []
    for rule, document in zip(rules, documents.values(), strict=True):
        heading = labels["findings"]
        if rule.lists_answers:
            heading = labels[f"answers_{rule.scope}"] if is_one_list else str(rule.scope.label)
        anchor = rule.scope.value if rule.lists_answers else "findings"
        parts.append(Part(rule, anchor, heading, _sections(document)))
    return parts


def _sections(document: ReportDocument) -> list[tuple[Cluster, Summary, set[str]]]:
    """Return each cluster with its summary and the names of its points in which nothing is judged (R22)."""
    clusters = zip(document.clusters, document.summary, strict=True)
    return [(cluster, line, {one.name for one in cluster.points if _only_informs(one)}) for cluster, line in clusters]


def _only_informs(point: CompliancePoint) -> bool:
    return bool(point.findings) and point.counts == Counts(0, 0, 0, 0, 0)


def _replacement(opened: Assessment, family: list[Assessment]) -> Assessment | None:
    """Return the version that replaced this one, if the reader may see it."""
    newer = (one for one in family if one.cycle == opened.cycle and one.version > opened.version)
    return next((one for one in newer if one.state == Assessment.State.PUBLISHED), None)
