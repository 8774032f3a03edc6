"""Corrections over the API: which brands hold old versions, and their acknowledgement."""

from typing import Any
from uuid import UUID

from django.db.models import F
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assessments.corrections.holders import acknowledge_correction
from assessments.corrections.models import CorrectionNoticeQuerySet
from assessments.models import CorrectionNotice
from factories.serializers import FactoryBriefSerializer
from portal.core.api import PageQuery
from portal.core.api.views import ListView, PortalView
from sharing.grants.serializers.grants import BrandBriefSerializer


class CorrectionSerializer(serializers.Serializer[Any]):
    """A version that one brand read and that has since been replaced or withdrawn."""

    factory = FactoryBriefSerializer(source="assessment.factory")
    brand = BrandBriefSerializer()
    assessment = serializers.UUIDField(source="assessment_id")
    cycle = serializers.IntegerField(source="assessment.cycle")
    version = serializers.IntegerField(source="assessment.version")
    kind = serializers.SerializerMethodField(help_text="`superseded` or `withdrawn`.")
    successor = serializers.UUIDField(source="successor_id", allow_null=True)
    correction_note = serializers.SerializerMethodField(help_text="What the new version changes.")
    created_at = serializers.DateTimeField()
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    acknowledged_by = serializers.CharField(source="acknowledged_by.name", default=None, allow_null=True)

    def get_kind(self, notice: CorrectionNotice) -> str:
        """Return `superseded` or `withdrawn`."""
        return "superseded" if notice.successor_id else "withdrawn"

    def get_correction_note(self, notice: CorrectionNotice) -> str:
        """Return the note of the new version. It is empty for a withdrawal, whose reason only the staff see."""
        return notice.successor.correction_note if notice.successor else ""


class CorrectionQuery(PageQuery):
    """Filters of the list of corrections."""

    acknowledged = serializers.BooleanField(required=False)


class CorrectionRows(PortalView):
    """Notices of the user's brands and factories, and of the factories that staff work on."""

    serializer_class = CorrectionSerializer

    def rows(self) -> CorrectionNoticeQuerySet:
        """Return the notices with the related rows that the response needs."""
        rows = CorrectionNotice.objects.visible_to(self.user)
        return rows.select_related("assessment__factory__programme", "brand", "successor", "acknowledged_by")


class CorrectionListView(CorrectionRows, ListView):
    """Corrections and withdrawals, newest first."""

    query_class = CorrectionQuery
    keyset_order = ("-id",)

    def rows(self) -> CorrectionNoticeQuerySet:
        """Return the notices that match the filters."""
        rows = super().rows()
        if "acknowledged" in self.query:
            rows = rows.filter(acknowledged_at__isnull=not self.query["acknowledged"])
        return rows


class AcknowledgeView(CorrectionRows):
    """Acknowledgement of a correction."""

    @extend_schema(request=None, responses={200: CorrectionSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Acknowledge for the brand that a version was replaced or withdrawn.

        Only the brand's members can do this, never a token. Idempotent: repeating the call has no further effect.
        """
        notice = self.rows().filter(assessment=pk).order_by(F("acknowledged_at").asc(nulls_first=True), "pk").first()
        if notice is None:
            raise Http404
        acknowledge_correction(by=self.user, notice=notice)
        return Response(CorrectionSerializer(self.rows().get(pk=notice.pk)).data)
