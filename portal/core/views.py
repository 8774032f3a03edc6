"""The progress of one's own jobs. The result of a job is shown by the app that ordered it (`job_pages`)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from portal.core.jobs import cancel_job
from portal.core.models import Job
from portal.core.signing import jwk_set

if TYPE_CHECKING:
    from portal.accounts.models import User

# Kind of job -> the page of the app that ordered it, given the job; registered by the apps above.
job_pages: dict[str, Callable[[HttpRequest, Job], HttpResponseBase]] = {}


@require_safe
def jwks(_request: HttpRequest) -> JsonResponse:
    """Return the public keys that signed receipts and seals, retired ones too, as a JWK set for everybody."""
    response = JsonResponse(jwk_set(), json_dumps_params={"indent": 1}, content_type="application/jwk-set+json")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@login_required
@require_GET
def job(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """Show the progress of one's own job; another person's is not found. htmx asks for the fragment alone."""
    found = get_object_or_404(Job.objects.visible_to(request.user), pk=job_id)
    if found.kind in job_pages:
        return job_pages[found.kind](request, found)
    template = "core/job_fragment.html" if request.headers.get("HX-Request") else "core/job.html"
    return render(request, template, {"job": found})


@login_required
@require_POST
def job_cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Cancel one's own job."""
    found = get_object_or_404(Job.objects.visible_to(request.user), pk=job_id)
    if found.kind in job_pages:
        job_pages[found.kind](request, found)  # not found when the job's subject is no longer visible to them
    cancel_job(by=cast("User", request.user), job=found)
    return redirect("job", job_id=job_id)
