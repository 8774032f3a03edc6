"""Middleware that depends on who asks: on whose behalf the database is read, and the language of the answer."""

from collections.abc import Callable, Iterator
from typing import cast

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import translation
from django.utils.functional import SimpleLazyObject, empty

from portal.core.reader import ANONYMOUS, SIGN_IN, account_reader, reading_as, streamed_as


class RequestReader:
    """Middleware that reads the database on behalf of the sender of the request, also while the answer is streamed.

    The session and the account are read by "sign-in", and so is everything that is read to let somebody in.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with reading_as(lambda: _reader_of(request)):
            response = self.get_response(request)
        if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
            chunks = cast("Iterator[bytes]", response.streaming_content)  # no view of ours is asynchronous
            response.streaming_content = streamed_as(_reader_of(request), chunks)
        return response


def _reader_of(request: HttpRequest) -> str:
    """Return the reader by what is known of the request so far, without asking the database."""
    user = getattr(request, "user", None)
    if user is None or (isinstance(user, SimpleLazyObject) and user._wrapped is empty):
        return SIGN_IN
    if user.is_authenticated:
        return account_reader(user.pk)
    return SIGN_IN if _lets_somebody_in(request) else ANONYMOUS


def _lets_somebody_in(request: HttpRequest) -> bool:
    """Return whether this is a page of signing in, of a forgotten password or of an invitation."""
    name = (request.resolver_match and request.resolver_match.url_name) or ""
    return name.startswith(("account_", "invitation"))


class UserLanguage:
    """Middleware that answers in the language of the person's account, unless a cookie chose another one here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen = bool(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME))
        if request.user.is_authenticated and not chosen and request.user.language in dict(settings.LANGUAGES):
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language() or "en"
        return self.get_response(request)
