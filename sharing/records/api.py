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
from sharing.records.forms import narrowed
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
    """Reads of one factory's data, newest first, for its members and its country's staff."""

    serializer_class = AccessRecordSerializer
    query_class = AccessRecordQuery
    keyset_order = AccessRecord.ORDER

    def rows(self) -> AccessRecordQuerySet:
        """Return the entries that match all filters.

        Responds 404 if there is no such factory, 403 if you may not see its log.
        """
        factory = factory_from_inside(self.user, self.kwargs["pk"])
        rows = AccessRecord.objects.visible_to(self.user).filter(factory=factory).with_own_people()
        return narrowed(rows, self.query, factory).select_related("person", "brand")


class FactorySearchesView(ListView):
    """Searches by findings that named one factory, newest first, for its members and its country's staff."""

    serializer_class = SearchRecordSerializer
    query_class = SearchRecordQuery
    keyset_order = SearchRecord.ORDER

    def rows(self) -> SearchRecordQuerySet:
        """Return the entries that match all filters.

        Responds 404 if there is no such factory, 403 if you may not see its log.
        """
        factory = factory_from_inside(self.user, self.kwargs["pk"])
        rows = SearchRecord.objects.visible_to(self.user).naming(factory)
        return narrowed(rows, self.query, factory).select_related("person", "brand")


class WhatWeReadView(ListView):
    """What one brand's members and programs read, newest first, for the brand itself."""

    serializer_class = OwnReadingSerializer
    query_class = OwnReadingQuery
    keyset_order = AccessRecord.ORDER

    def rows(self) -> AccessRecordQuerySet:
        """Return the entries that match all filters. Responds 404 unless you read data for the brand."""
        brand = get_object_or_404(Brand.objects.own(self.user), pk=self.kwargs["pk"])
        rows = AccessRecord.objects.visible_to(self.user).filter(brand=brand)
        return narrowed(rows, self.query).select_related("person", "factory__programme")


class MonthlySummaryView(PortalView):
    """Summary of a factory's month."""

    query_class = MonthQuery

    @extend_schema(responses=DigestSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Return a month's readers and reads by brand and kind of data, and the unused grants.

        Without `month`, the last full month.
        """
        factory = factory_from_inside(self.user, pk)
        month = month_of(self.query["month"]) if "month" in self.query else last_month(factory)
        return Response(DigestSerializer(monthly_digest(user=self.user, factory=factory, month=month)).data)
