"""Copies to destroy over the API: both sides read, the brand's people answer."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from portal.core.api import Query
from portal.core.api.views import DetailView, ListView, PortalView, SignedInPerson, require
from sharing.copies.models import DestroyNoticeQuerySet
from sharing.copies.serializers import DestroyAnswer, DestroyNoticeQuery, DestroyNoticeSerializer
from sharing.copies.services import answer_destroy_notice
from sharing.models import DestroyNotice


class DestroyNoticeRows(PortalView):
    """The notices that the asker may see: their factory's, their country's, or to their brand; no tokens."""

    permission_classes = [IsAuthenticated, SignedInPerson]
    serializer_class = DestroyNoticeSerializer

    def rows(self) -> DestroyNoticeQuerySet:
        """With their copies."""
        notices = DestroyNotice.objects.visible_to(self.user).with_waiting()
        notices = notices.select_related("factory__programme", "brand")
        return notices.select_related("answered_by").prefetch_related("copies")


class DestroyNoticeListView(DestroyNoticeRows, ListView):
    """Requests to destroy copies, newest first."""

    query_class: type[Query] = DestroyNoticeQuery
    keyset_order = ("-created_at", "-id")

    def rows(self) -> DestroyNoticeQuerySet:
        """Return the notices that match all filters."""
        rows = super().rows()
        if "answered" in self.query:
            rows = rows.filter(answered_at__isnull=False) if self.query["answered"] else rows.open()
        return rows.filter(factory=self.query["factory"]) if "factory" in self.query else rows


class DestroyNoticeView(DestroyNoticeRows, DetailView):
    """One request to destroy copies."""

    @extend_schema(request=DestroyAnswer, responses={200: DestroyNoticeSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Answer the request for the brand. A copy reported destroyed cannot be changed back. Idempotent.

        A different remark is a new answer while copies are kept; when all are destroyed, it is refused."""
        notice = get_object_or_404(self.rows(), pk=pk)
        require(DestroyNotice.objects.asked_of(self.user), notice)
        order = self.body(DestroyAnswer)
        kept = {copy["number"]: copy["because"] for copy in order["kept"]}
        answer_destroy_notice(by=self.user, notice=notice, kept=kept, remark=order["remark"])
        return Response(self.get_serializer(self.rows().get(pk=pk)).data)
