"""Assessments over the API: lists, findings by scope, explanations of access, and the steps of staff.

Reading one assessment or its findings is recorded under “Who saw what”, as it is for the pages. Reading a list
is recorded only if the list is filtered by a finding, because it then says which factories have it (docs/api.md).
"""

import dataclasses
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assessments.figures.queries import count_drafts, with_figures
from assessments.models import Assessment
from assessments.publication.services import take_step
from assessments.reading.listing import LISTED, SharedRows, brands_shown, narrowed, near, record_filter
from assessments.reading.scopes import document_for, report_language, with_scopes
from assessments.reading.serializers import (
    AssessmentQuery,
    AssessmentSerializer,
    DecisionSerializer,
    DocumentSerializer,
    FindingsQuery,
    ScopeQuery,
    SharedQuery,
    StepOrder,
)
from assessments.visits.models import AssessmentQuerySet
from portal.core.api.pagination import PageQuery
from portal.core.api.views import DetailView, ListView, PortalView
from sharing import access
from sharing.models import AccessRecord
from sharing.records.queries import not_used_yet
from sharing.records.services import record_access, settle_listed


def _asked(query: dict[str, object], *elsewhere: str) -> dict[str, object]:
    """Return the filters of a list, without paging and without those named `elsewhere`."""
    return {name: value for name, value in query.items() if name not in {*PageQuery().fields, *elsewhere}}


class AssessmentRows(PortalView):
    """Assessments that the user may see in any scope."""

    serializer_class = AssessmentSerializer

    def rows(self) -> AssessmentQuerySet:
        """Return what was shared with the user's brand, sent to their factory, or belongs to their country."""
        visible = Assessment.objects.visible_to(self.user)
        return with_figures(with_scopes(visible, self.user)).select_related("factory__programme")

    def prepare(self, page: list[Any]) -> list[object]:
        """Add the counts of unpublished assessments."""
        count_drafts(page)
        return page


class AssessmentListView(AssessmentRows, ListView):
    """All assessments that you may see, in every version, newest first.

    They are sorted by publication; unpublished ones by creation.
    """

    query_class = AssessmentQuery
    keyset_order = ("-listed_at", "-id")

    def rows(self) -> AssessmentQuerySet:
        """Return the assessments that match all filters."""
        rows = narrowed(super().rows().filter(near(self.user)), _asked(self.query, "state", "late"), self.user)
        if state := self.query.get("state"):
            rows = rows.filter(state=state)
        if self.query.get("late"):
            rows = rows.late()
        unused = Exists(not_used_yet(self.user).filter(factory=OuterRef("factory")))
        return rows.annotate(listed_at=Coalesce("published_at", "created_at"), may_be_undone=unused)

    def prepare(self, page: list[Any]) -> list[object]:
        """Add the counts of unpublished assessments."""
        if cluster := self.query.get("cluster"):
            record_filter(self.user, cluster, page, brands_shown(self.user, page))
        return super().prepare(self._settled(page))

    def _settled(self, page: list[Any]) -> list[Any]:
        """Settle what the page shows a brand; return it without what was undone since it was queried."""
        shared_just_now = {one.factory_id for one in page if one.may_be_undone}
        if not shared_just_now or not settle_listed(self.user, shared_just_now):
            return page
        now = {one.pk: one for one in super().rows().filter(pk__in=[one.pk for one in page])}
        return [now[one.pk] for one in page if one.pk in now]


class SharedListView(ListView):
    """Current versions shared with your brand, newest first by the day you could first read them."""

    serializer_class = AssessmentSerializer
    query_class = SharedQuery
    keyset_order = LISTED

    def rows(self) -> SharedRows:
        """Return the assessments that match all filters."""
        asked = _asked(self.query)
        return SharedRows(self.user, partial(narrowed, wanted=asked, reader=self.user) if asked else None)

    def prepare(self, page: list[Any]) -> list[object]:
        """Record the filter by findings, and return the page."""
        brands = {row.report_id: row.brand_id for row in page}
        record_filter(self.user, self.query.get("cluster"), page, brands)
        return page


class AssessmentDetailView(AssessmentRows, DetailView):
    """One assessment and the scopes that you may read. Each call is recorded under “Who saw what”."""

    def row(self) -> Assessment:
        """Return the assessment and record the access. Raises 404 unless the user may read a scope of it."""
        assessment: Assessment = super().row()
        openings = access.openings(self.user, assessment)
        if not openings:
            raise Http404
        count_drafts([assessment])
        record_access(by=self.user, assessment=assessment, openings=openings, action=AccessRecord.Action.API)
        return assessment


class FindingsView(AssessmentRows):
    """Findings of an assessment."""

    query_class = FindingsQuery

    @extend_schema(responses=DocumentSerializer)
    def get(self, request: Request, pk: object) -> Response:
        """Return the whole document of one scope. Each call is recorded under “Who saw what”.

        Responds 404 for a scope that you may not read; `explain` gives the reason.
        """
        assessment = get_object_or_404(self.rows(), pk=pk)
        scope = self.query["scope"]
        openings = access.openings(self.user, assessment, [scope])
        if scope not in openings:
            raise Http404
        record_access(by=self.user, assessment=assessment, openings=openings, action=AccessRecord.Action.API)
        language = self.query.get("language") or report_language(get_language())
        document = document_for(user=self.user, assessment=assessment, scope=scope, language=language)
        return Response(dataclasses.asdict(document))


class ExplainView(AssessmentRows):
    """Explanation of why the user may or may not read a scope."""

    query_class = ScopeQuery

    @extend_schema(responses=DecisionSerializer)
    def get(self, request: Request, pk: object) -> Response:
        """Explain why you may or may not read a scope."""
        assessment = get_object_or_404(self.rows(), pk=pk)
        decision = access.explain_to_reader(self.user, assessment, self.query["scope"])
        return Response(DecisionSerializer(decision).data)


class StepsView(AssessmentRows):
    """Steps from one state to the next."""

    @extend_schema(request=StepOrder, responses={200: AssessmentSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Take a step (staff only). Idempotent: repeating a step that was just taken has no further effect."""
        assessment = get_object_or_404(self.rows(), pk=pk)
        order = self.body(StepOrder)
        take_step(by=self.user, assessment=assessment, name=order["step"], reason=order["reason"])
        taken = self.rows().get(pk=pk)
        count_drafts([taken])
        return Response(AssessmentSerializer(taken).data)
