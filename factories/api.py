"""Factories, country programmes and handovers over the API, under the same access rules as the pages."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from factories.models import CountryProgramme, Factory, FactoryQuerySet, Handover, ProgrammeQuerySet, named
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
from portal.core.api.views import DetailView, ListView, PortalView


class FactoryRows(PortalView):
    """Factories that the user may see."""

    serializer_class = FactorySerializer

    def rows(self) -> FactoryQuerySet:
        """Return the user's own, assigned or national factories. Brands see none, only what factories share."""
        return Factory.objects.visible_to(self.user).select_related("programme")


class FactoryListView(FactoryRows, ListView):
    """Factories, sorted by name."""

    query_class = FactoryQuery

    def rows(self) -> FactoryQuerySet:
        """Return the factories that match all filters."""
        rows, wanted = super().rows(), self.query
        if words := wanted.get("search"):
            rows = rows.filter(named(words))
        columns = {"country": "programme__country", "sector": "sector", "enrolment_status": "enrolment_status"}
        return rows.filter(**{column: wanted[name] for name, column in columns.items() if name in wanted})


class FactoryDetailView(FactoryRows, DetailView):
    """One factory."""


class ProgrammeRows(PortalView):
    """Country programmes of which the user is staff or a constituent."""

    serializer_class = ProgrammeSerializer

    def rows(self) -> ProgrammeQuerySet:
        """Return the user's programmes; for global staff, all programmes."""
        return CountryProgramme.objects.visible_to(self.user)


class ProgrammeListView(ProgrammeRows, ListView):
    """Country programmes, sorted by name."""


class ProgrammeDetailView(ProgrammeRows, DetailView):
    """One country programme."""


class HandoverRows(PortalView):
    """Handovers, for the factory's managers and the staff who enrol factories."""

    serializer_class = HandoverSerializer

    def rows(self) -> HandoverQuerySet:
        """Return the handovers that the user may see."""
        return Handover.objects.visible_to(self.user).select_related("factory__programme", "leaving")


class HandoverListView(HandoverRows, ListView):
    """Handovers, newest first."""

    keyset_order = ("-opened_at", "-id")

    @extend_schema(request=HandoverOrder, responses={201: HandoverSerializer})
    def post(self, request: Request) -> Response:
        """Open a handover.

        The factory's present manager is notified at once. Idempotent: repeating the call opens no second handover.
        """
        order = self.body(HandoverOrder)
        factory = get_object_or_404(Factory.objects.visible_to(self.user), pk=order.pop("factory"))
        opened = open_handover(by=self.user, factory=factory, **order)
        return Response(self.get_serializer(self.rows().get(pk=opened.pk)).data, status=201)


class HandoverView(HandoverRows, DetailView):
    """One handover."""

    @extend_schema(operation_id="handovers_step", request=HandoverStep, responses={200: HandoverSerializer})
    def post(self, request: Request, pk: object) -> Response:
        """Object as the factory's manager, complete the handover as a second staff member, or cancel it as staff."""
        handover = get_object_or_404(self.rows(), pk=pk)
        order = self.body(HandoverStep)
        if order["step"] == "complete":
            complete_handover(by=self.user, handover=handover)
        else:
            verb = object_to_handover if order["step"] == "object" else stop_handover
            verb(by=self.user, handover=handover, reason=order["reason"])
        handover.refresh_from_db()
        return Response(self.get_serializer(handover).data)
