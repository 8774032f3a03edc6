"""Receiving a file: counted while it comes in, kept in private storage under a name of our own."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from portal.core.turns import View, one_at_a_time

FORM_BYTES = 64 * 1024  # what a form needs around its file


class CountedUpload(FileUploadHandler):
    """Stops reading when the files of a request pass the limit, whatever its header announced."""

    def __init__(self, request: HttpRequest, most: int) -> None:
        super().__init__(request)
        self.received, self.most = 0, most

    @property
    def is_over(self) -> bool:
        """Whether more came than is accepted."""
        return self.received > self.most

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the chunk on. Raises `StopUpload` past the limit."""
        self.received += len(raw_data)
        if self.is_over:
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler makes the file."""


def limited_to(setting: str) -> Callable[[View], View]:
    """Make the decorator of views that receive files of at most so many bytes as `setting` says.

    Too large a request is answered 413 with a page that says the limit. The size is looked at before anything is read,
    the CSRF token included (which is checked right after). Each person is served one at a time (`portal.core.turns`).
    """

    def decorator(view: View) -> View:
        in_turn = one_at_a_time(view)

        @csrf_protect
        def received(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            counted = [handler for handler in request.upload_handlers if isinstance(handler, CountedUpload)]
            over = len(request.FILES) == 0 and any(handler.is_over for handler in counted)  # reading them counts them
            return _too_large(request, getattr(settings, setting)) if over else in_turn(request, *args, **kwargs)

        @csrf_exempt
        @wraps(view)
        def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            most: int = getattr(settings, setting)
            if _announced(request) > most + FORM_BYTES:
                return _too_large(request, most)
            if request.method == "POST":
                request.upload_handlers.insert(0, CountedUpload(request, most))
            return received(request, *args, **kwargs)

        return limited

    return decorator


limited_upload = limited_to("UPLOAD_MAX_BYTES")  # what a job works on, or what is only kept
limited_table = limited_to("TABLE_MAX_BYTES")  # tables that are read while their sender waits


def _announced(request: HttpRequest) -> int:
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(length) if length.isdigit() else 0


def _too_large(request: HttpRequest, most: int) -> HttpResponseBase:
    """413, with the limit in words."""
    text = _("Files of up to %s MB are accepted. Split the table, or leave out columns that are not needed.")
    return render(request, "core/upload_too_large.html", {"text": text % (most // 1024**2)}, status=413)


def keep_upload(upload: "File[Any]", folder: str = "uploads") -> str:
    """Store a received file privately; returns its name in the private storage."""
    return str(storages["private"].save(f"{folder}/{uuid.uuid4().hex}", upload))


def drop_old_uploads(folder: str, age: timedelta) -> None:
    """Delete the uploads of a folder that were kept longer than `age` without a decision."""
    storage = storages["private"]
    names = storage.listdir(folder)[1] if storage.exists(folder) else []
    for name in names:
        if storage.get_modified_time(f"{folder}/{name}") < timezone.now() - age:
            storage.delete(f"{folder}/{name}")


def drop_upload(name: str) -> None:
    """Delete a stored upload; one that is gone already is fine."""
    if name:
        storages["private"].delete(name)


@contextmanager
def open_upload(name: str) -> Iterator[BinaryIO]:
    """A stored upload as a seekable binary file. Raises `FileNotFoundError` when it is gone."""
    with storages["private"].open(name) as stored:
        yield cast(BinaryIO, stored.file)
