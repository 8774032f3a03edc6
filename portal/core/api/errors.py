"""Errors as `application/problem+json`: type, title, status, detail, and the errors of each field.

What a service refuses (Django's `ValidationError` and `PermissionDenied`) becomes the 400 or 403 it means. Nothing
an exception says about what exists is passed on with a 404.
"""

import math
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import defaults
from rest_framework import exceptions, status
from rest_framework.settings import api_settings

from portal.core.changed import HasChangedError
from portal.core.pages import BadCursor

MEDIA_TYPE = "application/problem+json"
ECHO_LENGTH = 300
GENERAL = str(api_settings.NON_FIELD_ERRORS_KEY)


class Conflict(exceptions.APIException):
    """Somebody else changed the same thing before: a verb says so (`HasChangedError`), or the database refused."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = gettext_lazy("This has since changed. Read it again before you decide.")
    default_code = "conflict"


class BodyTooLarge(exceptions.APIException):
    """More bytes in the body than any request of this API needs."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = gettext_lazy("The body is too large.")
    default_code = "too_large"


def problem_response(error: Exception, _context: Mapping[str, object]) -> HttpResponse | None:
    """Return the answer to any error of a view, or None for what is a defect of ours (it becomes a plain 500).

    It is rendered here: a view that answers in another format than JSON has its errors in this one all the same.
    """
    known = _as_api_error(error)
    if not isinstance(known, exceptions.APIException):
        return None
    return JsonResponse(_problem(known), status=known.status_code, content_type=MEDIA_TYPE, headers=_headers(known))


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        headers["WWW-Authenticate"] = getattr(error, "auth_header", "")
    if wait := getattr(error, "wait", None):  # throttled
        headers["Retry-After"] = str(math.ceil(wait))
    return headers


def _as_api_error(error: Exception) -> Exception:
    match error:
        case BadCursor():
            return exceptions.ValidationError({"cursor": [str(error)]})
        case Http404():
            return exceptions.NotFound()  # never the exception's own words: they may name what exists
        case PermissionDenied():
            return exceptions.PermissionDenied(str(error) or None)
        case HasChangedError():
            return Conflict(" ".join(error.messages))
        case DjangoValidationError():
            return exceptions.ValidationError(_by_field(error))
        case RequestDataTooBig():
            return BodyTooLarge()
        case IntegrityError():
            return Conflict()
    return error


def _by_field(error: DjangoValidationError) -> dict[str, list[str]]:
    if not hasattr(error, "error_dict"):
        return {GENERAL: error.messages}
    return {GENERAL if name == NON_FIELD_ERRORS else name: texts for name, texts in error.message_dict.items()}


def _problem(error: exceptions.APIException) -> dict[str, object]:
    title = HTTPStatus(error.status_code).phrase
    body: dict[str, object] = {"type": "about:blank", "title": title, "status": error.status_code}
    if isinstance(error.detail, str):
        return body | {"detail": readable(error.detail)}
    errors: dict[str, list[str]] = {}
    for name, text in _flat(error.detail):
        errors.setdefault(name or GENERAL, []).append(text)
    return body | {"detail": _("Some values were not accepted. See `errors`."), "errors": errors}


def _flat(data: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield every message with the path of its field, as in `roles.0`."""
    if isinstance(data, Mapping):
        for key, inner in data.items():
            yield from _flat(inner, f"{name}.{readable(key)}" if name else readable(key))
    elif isinstance(data, list):
        for index, inner in enumerate(data):
            yield from _flat(inner, f"{name}.{index}" if isinstance(inner, Mapping | list) and inner else name)
    else:
        yield name, readable(data)


def readable(value: object) -> str:
    """Return a message that may repeat what was sent: bounded, and with nothing that UTF-8 cannot carry."""
    text = str(value).encode("utf-8", "replace").decode()
    return text if len(text) <= ECHO_LENGTH else text[: ECHO_LENGTH - 1] + "…"


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the answer to a defect of ours: problem+json under `/api/`, the portal's page elsewhere."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    problem = {"type": "about:blank", "title": "Internal Server Error", "status": 500}
    problem["detail"] = _("Something went wrong on our side. Nothing was changed.")
    return JsonResponse(problem, status=500, content_type=MEDIA_TYPE)
