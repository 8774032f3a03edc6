"""Report files and jobs: ordering, watching, cancelling, fetching.

Each step asks the gate anew; what is not open to the asker any more is not found, be it an order, a job, a finished
file or an old link (R7).
"""

from urllib.parse import urlencode

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language, gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from assessments.models import Assessment, ReportCopy
from assessments.reading.scopes import report_language
from assessments.reading.serializers import JobSerializer, ReportCopySerializer, ReportOrder
from assessments.reports import CONTENT_TYPES
from assessments.reports.downloads import file_response, own_copy
from assessments.reports.services import check_link_key, hand_over, link_key, order_report
from portal.core.api import Query
from portal.core.api.schema import PROBLEM, ProblemSerializer
from portal.core.api.views import DetailView, PortalView
from portal.core.jobs import cancel_job
from portal.core.models import Job


class LinkTooOld(exceptions.APIException):
    """A valid link that has expired."""

    status_code = status.HTTP_410_GONE
    default_detail = gettext_lazy("This link has expired. Request the report again to get a new one.")
    default_code = "link_too_old"


class ReportCopyRows(PortalView):
    """The user's own report files, while they may read the content."""

    serializer_class = ReportCopySerializer

    def shown(self, pk: object, status: int = 200) -> Response:
        """Return the response for one file, with a fresh link if it is ready. Raises 404."""
        copy = own_copy(self.user, pk=pk)
        link = None
        if copy.file:
            address = reverse("api:report-file", args=[copy.pk], request=self.request)
            link = f"{address}?{urlencode({'key': link_key(by=self.user, copy=copy)})}"
        copy.download_url = link  # type: ignore[attr-defined]
        return Response(ReportCopySerializer(copy).data, status=status)


class ReportOrderView(ReportCopyRows):
    """Orders of report files."""

    integrations_may_write = True

    @extend_schema(request=ReportOrder, responses={202: ReportCopySerializer})
    def post(self, request: Request) -> Response:
        """Order a report file. The response names the job; poll the report until it has a link."""
        order = self.body(ReportOrder)
        visible = Assessment.objects.visible_to(self.user, order["scope"]).select_related("factory__programme")
        order["assessment"] = get_object_or_404(visible, pk=order["assessment"])
        order.setdefault("language", report_language(get_language()))
        try:
            copy = order_report(by=self.user, **order)
        except PermissionDenied as error:  # revoked between the check above and the order
            raise Http404 from error
        return self.shown(copy.pk, status=202)


class ReportDetailView(ReportCopyRows):
    """One report file."""

    @extend_schema(responses=ReportCopySerializer)
    def get(self, request: Request, pk: object) -> Response:
        """Return the progress and, once the file is ready, a link that is valid for a few minutes."""
        return self.shown(pk)


class LinkQuery(Query):
    """The key in a download link."""

    key = serializers.CharField(max_length=500)


FILES = {
    (200, media_type.split(";")[0]): OpenApiTypes.OBJECT if "json" in media_type else OpenApiTypes.BINARY
    for media_type in CONTENT_TYPES.values()
}


class ReportFileView(ReportCopyRows):
    """Download of a report file."""

    query_class = LinkQuery

    @extend_schema(responses=FILES | {(410, PROBLEM): ProblemSerializer})
    def get(self, request: Request, pk: object) -> FileResponse:
        """Download the file that was created for you. Each download is recorded under “Who saw what”."""
        copy = own_copy(self.user, pk=pk)
        try:
            check_link_key(self.query["key"], by=self.user, copy=copy)
            file = hand_over(by=self.user, copy=copy)
        except signing.SignatureExpired as error:
            raise LinkTooOld from error
        except (signing.BadSignature, PermissionDenied, FileNotFoundError) as error:
            raise Http404 from error
        return file_response(file, copy)


class JobRows(PortalView):
    """The user's own jobs, except those of reports that they may no longer read."""

    serializer_class = JobSerializer

    def rows(self) -> QuerySet[Job]:
        """Return the user's jobs."""
        open_copies = ReportCopy.objects.visible_to(self.user).values("pk")
        return Job.objects.visible_to(self.user).filter(Q(report_copy=None) | Q(report_copy__in=open_copies))


class JobDetailView(JobRows, DetailView):
    """The progress of one job."""


class JobCancelView(JobRows):
    """Cancellation of a job."""

    @extend_schema(request=None, responses={200: JobSerializer})
    def post(self, request: Request, pk: object) -> Response:
        """Cancel a job. A waiting job ends at once, a running one at its next step; a finished job does not change."""
        job = get_object_or_404(self.rows(), pk=pk)
        return Response(JobSerializer(cancel_job(by=self.user, job=job)).data)
