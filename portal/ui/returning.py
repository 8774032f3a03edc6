"""The page to which a form that is on every page leads back: one that answers GET."""

import inspect
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve


def page_to_return_to(request: HttpRequest) -> str:
    """Return the address of the shown page, or of the nearest one that answers GET.

    A page that answered a POST may have an address that takes nothing else. Then it is the page whose form was sent,
    if the browser names it, or the first address above that answers GET.
    """
    if answers_get(request.path_info) or not leads_somewhere(request.path_info):
        return request.get_full_path()
    nearest = [*_sent_from(request), *_above(request.path_info)]
    return next((path for path in nearest if answers_get(path)), "/")


def _sent_from(request: HttpRequest) -> list[str]:
    """Return the page of this portal whose form was sent, if the browser names one; it may be an invalid address."""
    try:
        address = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return []
    return [address.path] if address.netloc == request.get_host() else []


def leads_somewhere(path: str) -> bool:
    """Return whether this portal has a view at an address."""
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def answers_get(path: str) -> bool:
    """Return whether an address of this portal has a view that takes GET."""
    try:
        view: Callable[..., object] | None = resolve(path).func
    except Resolver404:
        return False
    of_class = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if of_class is not None:
        return hasattr(of_class, "get")
    while view is not None:
        # `require_POST` and its like say it nowhere else.
        methods = (
            inspect.getclosurevars(view).nonlocals.get("request_method_list") if inspect.isfunction(view) else None
        )
        if methods is not None:
            return "GET" in methods
        view = getattr(view, "__wrapped__", None)
    return True


def _above(path: str) -> Iterator[str]:
    parts = path.strip("/").split("/")
    for count in range(len(parts) - 1, 0, -1):
        yield f"/{'/'.join(parts[:count])}/"
