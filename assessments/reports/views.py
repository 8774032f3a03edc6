"""Pages of report files: ordering one, watching it being made, fetching it.

Each step checks access again; what is no longer visible to the visitor is not found, be it an order, a progress bar, a
finished file or an old link.
"""

from typing import cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from assessments.models import Assessment, ReportCopy
from assessments.reading.views import ReportOrder
from assessments.reports.downloads import file_response, own_copy
from assessments.reports.services import KIND, check_link_key, hand_over, link_key, order_report
from portal.accounts.models import User
from portal.core.models import Job
from portal.core.views import job_pages
from sharing import access


@login_required
@require_POST
def report_order(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Order a file and redirect to its progress. Raises `Http404` for a scope that the visitor may not see."""
    user = cast(User, request.user)
    assessment = get_object_or_404(Assessment.objects.visible_to(user).select_related("factory__programme"), pk=pk)
    openings = access.openings(user, assessment)
    if request.POST.get("scope") in set(access.ASSESSMENT_SCOPES) - set(openings):
        raise Http404
    form = ReportOrder(request.POST, scopes=openings)
    if not form.is_valid():
        messages.error(request, _("Choose a content, a format and a language from the lists."))
        return redirect("assessment", pk=pk)
    try:
        copy = order_report(by=user, assessment=assessment, **form.cleaned_data)
    except PermissionDenied as error:  # revoked between the check above and the order
        raise Http404 from error
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("assessment", pk=pk)
    return redirect("job", job_id=copy.job_id)


def report_job(request: HttpRequest, job: Job) -> HttpResponseBase:
    """Show how far a file is, and then a link that is valid for some minutes. htmx asks for the fragment alone."""
    is_poll = bool(request.headers.get("HX-Request"))
    try:
        context = _progress(cast(User, request.user), job)
    except Http404:
        if not is_poll:
            raise
        return HttpResponse(status=404, headers={"HX-Refresh": "true"})  # the page behind the bar is gone too
    template = "reports/parts/report_progress.html" if is_poll else "reports/report_job.html"
    return render(request, template, context)


def _progress(user: User, job: Job) -> dict[str, object]:
    copy = own_copy(user, job=job)
    link = ""
    if copy.file:
        key = urlencode({"key": link_key(by=user, copy=copy)})
        link = f"{reverse('report_download', args=[copy.pk])}?{key}"
    assessment_url = reverse("assessment", args=[copy.assessment_id])
    return {
        "job": job,
        "copy": copy,
        "assessment": copy.assessment,
        "poll_url": reverse("job", args=[job.pk]),
        "cancel_url": reverse("job_cancel", args=[job.pk]),
        "assessment_url": assessment_url,
        "breadcrumbs": [(copy.assessment.factory.name, assessment_url)],
        "facts": _facts(copy),
        "result_url": link,
    }


def _facts(copy: ReportCopy) -> list[tuple[str, object]]:
    return [
        (_("Content"), copy.get_scope_display()),
        (_("Format"), copy.get_format_display()),
        (_("Language"), dict(settings.REPORT_LANGUAGES).get(copy.language, copy.language)),
        (_("Copy number"), copy.number),
    ]


job_pages[KIND] = report_job


@login_required
@require_GET
def report_download(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Serve the file to the person it was made for. A link that is too old leads to a fresh one, if still open."""
    user = cast(User, request.user)
    copy = own_copy(user, pk=pk)
    try:
        check_link_key(request.GET.get("key", ""), by=user, copy=copy)
    except signing.SignatureExpired:
        messages.info(request, _("That link had expired. Here is a new one."))
        return redirect("job", job_id=copy.job_id)
    except signing.BadSignature as error:
        raise Http404 from error
    try:
        file = hand_over(by=user, copy=copy)
    except (PermissionDenied, FileNotFoundError) as error:
        raise Http404 from error
    return file_response(file, copy)
