"""Granting over the API: one order for several brands, what it would do, when reports open, keeping them back.

Consent on signed paper has no address here: it needs the scan, and somebody who looks at it (the page does).
"""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from factories.models import Factory
from portal.core.api.views import PortalView, require
from portal.disclosure.openings import openings_of
from portal.disclosure.previews import preview_change, preview_grants
from portal.disclosure.resuming import preview_resuming
from portal.disclosure.serializers import (
    BrandOpeningsSerializer,
    DifferenceSerializer,
    RestoreOrder,
    RestorePreviewSerializer,
    SharingOrder,
    WithheldSerializer,
    WithholdOrder,
)
from sharing.gates.api import factory_from_inside
from sharing.grants.api.grants import GrantRows
from sharing.grants.serializers.grants import GrantChange, GrantSerializer
from sharing.grants.services.granting import share, share_again
from sharing.holds.services import allow_report, withhold_report
from sharing.models import WithheldReport


class FactoryConsent(PortalView):
    """What concerns one factory's consent."""

    def factory(self) -> Factory:
        """Return the factory of the address. Raises 404 unless visible, 403 if consent is not the asker's business."""
        return factory_from_inside(self.user, self.kwargs["pk"])

    def decided_by_asker(self) -> Factory:
        """Return the same, for who decides for it. Raises 403 for others."""
        factory = self.factory()
        require(Factory.objects.where(self.user, "manage_sharing"), factory)
        return factory


class SharingOrderView(GrantRows, FactoryConsent):
    """Access for several brands at once."""

    @extend_schema(request=SharingOrder, responses={201: GrantSerializer(many=True)})
    def post(self, request: Request, pk: int) -> Response:
        """Grant several brands access to several kinds of data on the same terms. All grants are made, or none."""
        factory = self.decided_by_asker()
        order = self.body(SharingOrder)
        terms = GrantChange.terms(order)
        grants = share(by=self.user, factory=factory, brands=order["brands"], scopes=order["scopes"], terms=terms)
        rows = self.rows().filter(pk__in=[grant.pk for grant in grants]).order_by("brand__name", "scope")
        return Response(self.get_serializer(rows, many=True).data, status=201)


class SharingPreviewView(FactoryConsent):
    """A preview of new grants."""

    serializer_class = DifferenceSerializer

    @extend_schema(request=SharingOrder, responses={200: DifferenceSerializer(many=True)})
    def post(self, request: Request, pk: int) -> Response:
        """Preview new grants: for each brand, the reports that open now, open on a later day or are held.

        Nothing is shared.
        """
        factory = self.decided_by_asker()
        order = self.body(SharingOrder)
        terms = GrantChange.terms(order)
        found = preview_grants(
            by=self.user, factory=factory, brands=order["brands"], scopes=order["scopes"], terms=terms
        )
        return Response(self.get_serializer(found, many=True).data)


class RestoreView(GrantRows, FactoryConsent):
    """Access that the factory stopped, shared again."""

    @extend_schema(request=RestoreOrder, responses={201: GrantSerializer(many=True)})
    def post(self, request: Request, pk: int) -> Response:
        """Share again, on the old terms, what the factory stopped. All grants are made, or none.

        The response lists the new grants. Idempotent. Only the last grant of a brand and scope can be restored, and
        only if it was stopped (`end_code` is `stopped`).
        """
        factory = self.decided_by_asker()
        order = self.body(RestoreOrder, factory=factory)
        grants = share_again(by=self.user, factory=factory, grants=order["grants"])
        rows = self.rows().filter(pk__in=[grant.pk for grant in grants]).order_by("brand__name", "scope")
        return Response(self.get_serializer(rows, many=True).data, status=201)


class RestorePreviewView(FactoryConsent):
    """A preview of access that is shared again."""

    serializer_class = RestorePreviewSerializer

    @extend_schema(request=RestoreOrder, responses={200: RestorePreviewSerializer(many=True)})
    def post(self, request: Request, pk: int) -> Response:
        """Preview sharing again: for each ended grant, the reports that open now or on a later day.

        Nothing is shared.
        """
        factory = self.decided_by_asker()
        grants = self.body(RestoreOrder, factory=factory)["grants"]
        effects = preview_resuming(by=self.user, factory=factory, grants=grants)
        found = [{"grant": grant.pk, "effect": effect} for grant, effect in zip(grants, effects, strict=True)]
        return Response(self.get_serializer(found, many=True).data)


class ChangePreviewView(GrantRows):
    """A preview of a change."""

    @extend_schema(request=GrantChange, responses={200: DifferenceSerializer})
    def post(self, request: Request, pk: object) -> Response:
        """Preview what new terms for a grant would add and remove. Nothing is changed."""
        grant = get_object_or_404(self.rows(), pk=pk)
        require(Factory.objects.where(self.user, "manage_sharing"), grant.factory)
        terms = GrantChange.terms(self.body(GrantChange), before=grant)
        return Response(DifferenceSerializer(preview_change(by=self.user, grant=grant, terms=terms)).data)


class OpeningsView(FactoryConsent):
    """The days on which reports open."""

    serializer_class = BrandOpeningsSerializer

    @extend_schema(responses={200: BrandOpeningsSerializer(many=True)})
    def get(self, request: Request, pk: int) -> Response:
        """Return for each brand the reports that open later (with the day), are held, or are visible now."""
        openings = openings_of(person=self.user, factory=self.factory())
        return Response(self.get_serializer(openings, many=True).data)


class WithholdView(FactoryConsent):
    """Holding a report."""

    serializer_class = WithheldSerializer

    @extend_schema(request=WithholdOrder, responses={201: WithheldSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Hold one cycle's report for one brand, from the next request on. Idempotent."""
        factory = self.decided_by_asker()
        kept = withhold_report(by=self.user, factory=factory, **self.body(WithholdOrder))
        return Response(self.get_serializer(kept).data, status=201)


class ReleaseView(PortalView):
    """Ending the hold on a report."""

    serializer_class = WithheldSerializer

    @extend_schema(request=None, responses={200: WithheldSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """End the hold on a report. From the next request on, only the grants decide. Idempotent."""
        rows = WithheldReport.objects.visible_to(self.user).select_related("factory", "brand")
        kept = get_object_or_404(rows, pk=pk)
        require(Factory.objects.where(self.user, "manage_sharing"), kept.factory)
        return Response(self.get_serializer(allow_report(by=self.user, withheld=kept)).data)
