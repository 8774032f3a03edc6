"""Middleware for every response of the portal."""

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.urls import resolve
from django.views.defaults import page_not_found

from portal.core.logs import route_of

log = structlog.get_logger(__name__)


class Middleware:
    """A step around each request, which calls the next one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response


class RequestLog(Middleware):
    """Middleware that logs one line for each request: method, route, status and milliseconds.

    The route is the pattern (`invitations/<uuid:invitation_id>/<str:secret>/`), never the address: that may hold a
    secret, a cursor or what somebody searched for (invariant 8).
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response = self.get_response(request)
        took = round((time.perf_counter() - began) * 1000)
        log.info(
            "request", method=request.method, route=route_of(request), status=response.status_code, milliseconds=took
        )
        return response


class Probes(Middleware):
    """Middleware for health checks and metrics, answered whatever host the request names.

    A load balancer asks each web server by its address, which is not one of `ALLOWED_HOSTS`. These pages link to
    nothing and mail nothing, so the host cannot mislead anybody; everywhere else it is checked.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(("/health/", "/metrics/")):
            return self.get_response(request)
        try:
            request.resolver_match = resolve(request.path_info)
            return request.resolver_match.func(request)
        except Http404:
            request.resolver_match = None
            return self.get_response(request)


class PrivateResponses(Middleware):
    """Middleware by which answers to signed-in people are kept by no cache and sent to no other site (invariant 4)."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Show the portal's own page for "not found", while developing, too, not the debugger's list of addresses."""
        if settings.DEBUG and isinstance(exception, Http404):
            return page_not_found(request, exception)
        return None

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if settings.DEBUG and response.status_code == 404 and request.resolver_match is None:
            response = page_not_found(request, Http404())  # an address that leads nowhere: no view raised anything
        if not response.has_header("Cache-Control"):
            response.headers["Cache-Control"] = "no-store, private"
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response


class PagesOfWrongMethods(Middleware):
    """Middleware that shows a page where an address takes forms only: after a reload, or after signing in again.

    Django's own answer is empty. It is the innermost step, so that the page is in the reader's language.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content or not request.accepts("text/html"):
            return response
        page = render(request, "405.html", status=response.status_code)
        page.headers["Allow"] = response.headers["Allow"]
        return page


class CompressedPages(GZipMiddleware):
    """Middleware that compresses pages, for readers on a slow connection; files and the API's answers stay as they are.

    Django adds up to 100 random bytes to each and masks the form's token anew, so that the length of a page reveals
    nothing about a secret in it (the BREACH attack).
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress only what is HTML and complete."""
        is_page = response.headers.get("Content-Type", "").startswith("text/html") and not response.streaming
        return super().process_response(request, response) if is_page else response
