"""Pages for load balancers and monitoring. None of them reveals anything about anybody's data."""

from secrets import compare_digest

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from portal.core.health.checks import answer, readiness
from portal.core.health.metrics import exposition


@require_safe
@never_cache
def health(_request: HttpRequest) -> HttpResponse:
    """Answer load balancers: 200 when the web can reach the database, 503 when it cannot. Nothing else is revealed."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("unavailable", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def ready(_request: HttpRequest) -> JsonResponse:
    """Answer monitoring: 200 when everything the portal needs is there, else 503; which part fails, but not why."""
    found = {check.name: answer(check)[0] for check in readiness}
    checks = {name: "ok" if is_well else "failed" for name, is_well in found.items()}
    is_ready = all(found.values())
    return JsonResponse(
        {"status": "ready" if is_ready else "not ready", "checks": checks}, status=200 if is_ready else 503
    )


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus, with `METRICS_TOKEN` as bearer token; not found where none is set."""
    if not settings.METRICS_TOKEN:
        raise Http404
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if not compare_digest(sent, settings.METRICS_TOKEN.encode()):
        challenge = {"WWW-Authenticate": "Bearer"}
        return HttpResponse("unauthorised", status=401, content_type="text/plain", headers=challenge)
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)
