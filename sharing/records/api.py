"""Who saw what over the API."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from brands.models import Brand
from portal.core.api.views import ListView, PortalView
from sharing.gates.api import factory_from_inside
from sharing.models import AccessRecord, SearchRecord
from sharing.records.digest import last_month, month_of, monthly_digest
from sharing.records.forms import narrowed, narrowed_searches
from sharing.records.models import AccessRecordQuerySet
from sharing.records.serializers import (
    AccessRecordQuery,
    AccessRecordSerializer,
    DigestSerializer,
    MonthQuery,
    OwnReadingQuery,
    OwnReadingSerializer,
    SearchRecordQuery,
    SearchRecordSerializer,
)
from sharing.searches.models import SearchRecordQuerySet


class WhoSawWhatView(ListView):
    """Who saw what of one factory's data, newest first: for its people and its country's staff."""

    serializer_class = AccessRecordSerializer
    query_class = AccessRecordQuery
    keyset_order = AccessRecord.ORDER

    def rows(self) -> AccessRecordQuerySet:
        """Those that fit everything asked. Raises 404 for no such factory, 403 where its log is not theirs."""
        factory = factory_from_inside(self.user, self.kwargs["pk"])
        rows = AccessRecord.objects.visible_to(self.user).filter(factory=factory).with_own_people()
        return narrowed(rows, self.query, factory).select_related("person", "brand")


class FactorySearchesView(ListView):
    """Searches by findings that named one factory, newest first: for its people and its country's staff."""

    serializer_class = SearchRecordSerializer
    query_class = SearchRecordQuery
    keyset_order = SearchRecord.ORDER

    def rows(self) -> SearchRecordQuerySet:
        """Those that fit everything asked. Raises 404 for no such factory, 403 where its log is not theirs."""
        factory = factory_from_inside(self.user, self.kwargs["pk"])
        rows = SearchRecord.objects.visible_to(self.user).naming(factory)
        return narrowed_searches(rows, self.query, factory).select_related("person", "brand")


class WhatWeReadView(ListView):
    """What one brand's people and programs read, newest first: for the brand itself."""

    serializer_class = OwnReadingSerializer
    query_class = OwnReadingQuery
    keyset_order = AccessRecord.ORDER

    def rows(self) -> AccessRecordQuerySet:
        """Those that fit everything asked. Raises 404 for a brand that the asker does not read for."""
        brand = get_object_or_404(Brand.objects.own(self.user), pk=self.kwargs["pk"])
        rows = AccessRecord.objects.visible_to(self.user).filter(brand=brand)
        return narrowed(rows, self.query).select_related("person", "factory__programme")


class MonthlySummaryView(PortalView):
    """A factory's month in numbers."""

    query_class = MonthQuery

    @extend_schema(responses=DigestSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Per brand and kind of data: people and reads; and which sharing nobody used. The last full month, or one."""
        factory = factory_from_inside(self.user, pk)
        month = month_of(self.query["month"]) if "month" in self.query else last_month(factory)
        return Response(DigestSerializer(monthly_digest(user=self.user, factory=factory, month=month)).data)
