"""Corrections over the API: which old versions are held by whom, and taking note."""

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
    """A version that one brand read, and that was replaced or withdrawn since."""

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
        """Return whether it was replaced, or withdrawn."""
        return "superseded" if notice.successor_id else "withdrawn"

    def get_correction_note(self, notice: CorrectionNotice) -> str:
        """Empty for a withdrawal: its reason is the programme's."""
        return notice.successor.correction_note if notice.successor else ""


class CorrectionQuery(PageQuery):
    """How the list is narrowed."""

    acknowledged = serializers.BooleanField(required=False)


class CorrectionRows(PortalView):
    """A brand's own; those of one's factory, or of the factories one works on."""

    serializer_class = CorrectionSerializer

    def rows(self) -> CorrectionNoticeQuerySet:
        """With what the answer names."""
        rows = CorrectionNotice.objects.visible_to(self.user)
        return rows.select_related("assessment__factory__programme", "brand", "successor", "acknowledged_by")


class CorrectionListView(CorrectionRows, ListView):
    """Corrections and withdrawals, newest first."""

    query_class = CorrectionQuery
    keyset_order = ("-id",)

    def rows(self) -> CorrectionNoticeQuerySet:
        """Those that fit what is asked."""
        rows = super().rows()
        if "acknowledged" in self.query:
            rows = rows.filter(acknowledged_at__isnull=not self.query["acknowledged"])
        return rows


class AcknowledgeView(CorrectionRows):
    """Taking note."""

    @extend_schema(request=None, responses={200: CorrectionSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Acknowledge for the brand (its people only, never a token) what became of a version.

        A second time changes nothing.
        """
        notice = self.rows().filter(assessment=pk).order_by(F("acknowledged_at").asc(nulls_first=True), "pk").first()
        if notice is None:
            raise Http404
        acknowledge_correction(by=self.user, notice=notice)
        return Response(CorrectionSerializer(self.rows().get(pk=notice.pk)).data)
