"""What the log may contain: of a request its route and no address; of an error its type and place and no message."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

from django.http import HttpRequest

ROOT = Path(__file__).resolve().parent.parent.parent
MOST_FRAMES = 40


def route_of(request: HttpRequest) -> str:
    """Return the pattern of the address, like `factories/<int:pk>/`; an address may hold a secret or a search."""
    return request.resolver_match.route or "/" if request.resolver_match else "(no page)"


class RoutesOnly(logging.Filter):
    """A filter for records of Django that name an address: they get the route in its place (invariant 8)."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, without an address."""
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            addresses = {request.path, request.path_info, request.get_full_path()}
            record.args = tuple(route_of(request) if value in addresses else value for value in record.args)
        return True


class TaskErrors(logging.Filter):
    """A filter that removes an error's message, a task's arguments and its result from the records of Celery."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, with the error's type in place of its text."""
        if record.name == "celery.app.trace" and isinstance(record.args, dict):
            error = record.exc_info[0] if record.exc_info else None
            hidden = dict.fromkeys(("args", "kwargs", "return_value", "traceback"), "")
            record.args = {**record.args, **hidden, "exc": error.__name__ if error else ""}
        return True


def without_messages(_logger: object, _method: str, event: MutableMapping[str, object]) -> MutableMapping[str, Any]:
    """Replace an exception by its types and frames: its message and its variables may hold contents."""
    error = _error(event.pop("exc_info", None))
    if error is not None:
        event["exception"] = _described(error)
    return event


def _error(given: object) -> BaseException | None:
    if isinstance(given, tuple):
        return given[1] if isinstance(given[1], BaseException) else None
    return given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None


def _described(error: BaseException) -> list[dict[str, object]]:
    """Return the error and what it came from, the last one first; each with its frames, the innermost last."""
    found: list[dict[str, object]] = []
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        found.append({"type": type(one).__qualname__, "frames": _frames(one.__traceback__)})
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return found


def _frames(trace: TracebackType | None) -> list[str]:
    walked = traceback.walk_tb(trace)
    frames = [f"{_place(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}" for frame, line in walked]
    return frames[-MOST_FRAMES:]


def _place(file: str) -> str:
    """Return the file as it is named in this repository or in its package."""
    path = Path(file)
    if "site-packages" in path.parts:
        return "/".join(path.parts[path.parts.index("site-packages") + 1 :])
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
