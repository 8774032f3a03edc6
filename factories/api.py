"""Factories, country programmes and handovers over the API, by the same gate as the pages."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from factories.models import (
    CountryProgramme,
    Factory,
    FactoryQuerySet,
    Handover,
    ProgrammeQuerySet,
    named,
)
from factories.models.handovers import HandoverQuerySet
from factories.serializers import (
    FactoryQuery,
    FactorySerializer,
    HandoverOrder,
    HandoverSerializer,
    HandoverStep,
    ProgrammeSerializer,
)
from factories.services import complete_handover, object_to_handover, open_handover, stop_handover
from portal.core.api.views import DetailView, ListView, PortalView, require


class FactoryRows(PortalView):
    """The factories that the asker may see."""

    serializer_class = FactorySerializer

    def rows(self) -> FactoryQuerySet:
        """Own, assigned or the country's; brands see none, only what was shared with them."""
        return Factory.objects.visible_to(self.user).select_related("programme")


class FactoryListView(FactoryRows, ListView):
    """Factories by name."""

    query_class = FactoryQuery

    def rows(self) -> FactoryQuerySet:
        """Those that fit everything asked."""
        rows, wanted = super().rows(), self.query
        if words := wanted.get("search"):
            rows = rows.filter(named(words))
        return rows.filter(**self._exactly(wanted))

    @staticmethod
    def _exactly(wanted: dict[str, Any]) -> dict[str, Any]:
        columns = {"country": "programme__country", "sector": "sector", "enrolment_status": "enrolment_status"}
        return {column: wanted[name] for name, column in columns.items() if name in wanted}


class FactoryDetailView(FactoryRows, DetailView):
    """One factory."""


class ProgrammeRows(PortalView):
    """The country programmes whose staff or constituents the asker belongs to."""

    serializer_class = ProgrammeSerializer

    def rows(self) -> ProgrammeQuerySet:
        """Global staff see all of them."""
        return CountryProgramme.objects.visible_to(self.user)


class ProgrammeListView(ProgrammeRows, ListView):
    """Country programmes by name."""


class ProgrammeDetailView(ProgrammeRows, DetailView):
    """One country programme."""


class HandoverRows(PortalView):
    """Handovers, for the factory's managers and the staff who enrol factories."""

    serializer_class = HandoverSerializer

    def rows(self) -> HandoverQuerySet:
        """Those that the asker may see."""
        return Handover.objects.visible_to(self.user).select_related("factory__programme", "leaving")


class HandoverListView(HandoverRows, ListView):
    """Handovers, the newest first."""

    keyset_order = ("-opened_at", "-id")

    @extend_schema(request=HandoverOrder, responses={201: HandoverSerializer})
    def post(self, request: Request) -> Response:
        """Open one; the factory's present manager is told at once. The same case twice is one."""
        order = self.body(HandoverOrder)
        factory = get_object_or_404(Factory.objects.visible_to(self.user), pk=order.pop("factory"))
        require(Factory.objects.in_programmes_where(self.user, "manage_enrolment"), factory)
        opened = open_handover(by=self.user, factory=factory, **order)
        return Response(self.get_serializer(self.rows().get(pk=opened.pk)).data, status=201)


class HandoverView(HandoverRows, DetailView):
    """One handover."""

    @extend_schema(operation_id="handovers_step", request=HandoverStep, responses={200: HandoverSerializer})
    def post(self, request: Request, pk: Any) -> Response:
        """Take a step: object as its manager, complete it as a second staff person, or give it up as staff."""
        handover = get_object_or_404(self.rows(), pk=pk)
        order = self.body(HandoverStep)
        if order["step"] == "complete":
            complete_handover(by=self.user, handover=handover)
        else:
            verb = object_to_handover if order["step"] == "object" else stop_handover
            verb(by=self.user, handover=handover, reason=order["reason"])
        handover.refresh_from_db()
        return Response(self.get_serializer(handover).data)
