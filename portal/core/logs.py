"""What the log may say of a request: its route, never its address."""

import logging
from typing import Any

from django.http import HttpRequest


def route_of(request: HttpRequest) -> str:
    """The pattern of the address, such as `factories/<int:pk>/`; an address may hold a secret or what was searched."""
    return request.resolver_match.route or "/" if request.resolver_match else "(no page)"


class RoutesOnly(logging.Filter):
    """Django names addresses where it refuses a form or fails: the line gets the route in their place (invariant 8)."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, without an address."""
        request: Any = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            addresses = {request.path, request.path_info, request.get_full_path()}
            record.args = tuple(route_of(request) if value in addresses else value for value in record.args)
        return True
