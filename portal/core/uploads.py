"""Receiving a file: counted while it comes in, kept in private storage under a name of our own."""

import hashlib
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
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from portal.core.turns import View, one_at_a_time

PIECE_BYTES = 1024 * 1024
FORM_BYTES = 64 * 1024  # what a form needs around its file


class CountedUpload(FileUploadHandler):
    """Stops reading when the files of a request pass a limit, whatever its header announced."""

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


def limited_upload(view: View) -> View:
    """For a view that receives a file for a job, or to keep: too large a request is answered 413 with the limit.

    The size is looked at before anything is read, the CSRF token included (which is checked right after). Each person
    is served one at a time (`portal.core.turns`).
    """
    return _limited(view, lambda: int(settings.UPLOAD_MAX_BYTES))


def limited_table(door: str) -> Callable[[View], View]:
    """For a view that reads a table while its sender waits: `limited_upload` with the door's own limit."""

    def decorated(view: View) -> View:
        return _limited(view, lambda: table_limit(door))

    return decorated


def table_limit(door: str) -> int:
    """The bytes that a table may have at a door."""
    return min(settings.TABLE_MAX_BYTES[door], settings.UPLOAD_MAX_BYTES)


def size_help(door: str) -> str:
    """Return the door's limit as a sentence for the field of its form."""
    return _("At most %s MB.") % megabytes(table_limit(door))


def _limited(view: View, most: Callable[[], int]) -> View:
    in_turn = one_at_a_time(view)

    @csrf_protect
    def received(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        counted = [handler for handler in request.upload_handlers if isinstance(handler, CountedUpload)]
        over = len(request.FILES) == 0 and any(handler.is_over for handler in counted)  # reading them counts them
        return too_large(request, most()) if over else in_turn(request, *args, **kwargs)

    @csrf_exempt
    @wraps(view)
    def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if _announced(request) > most() + FORM_BYTES:
            return too_large(request, most())
        if request.method == "POST":
            request.upload_handlers.insert(0, CountedUpload(request, most()))
        return received(request, *args, **kwargs)

    return limited


def _announced(request: HttpRequest) -> int:
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(length) if length.isdigit() else 0


def too_large(request: HttpRequest, most: int) -> HttpResponseBase:
    """413, with the limit in words."""
    text = _("Files of up to %s MB are accepted. Split the table, or leave out columns that are not needed.")
    return render(request, "core/upload_too_large.html", {"text": text % megabytes(most)}, status=413)


def megabytes(size: int) -> str:
    """Return a limit as it is shown, rounded down."""
    return str(size // 1024**2) if size >= 1024**2 else f"{size / 1024**2:.2g}"


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


def sha256_of_upload(name: str) -> str:
    """Return the SHA-256 of a stored upload, read in pieces. Raises `FileNotFoundError` when it is gone."""
    found = hashlib.sha256()
    with open_upload(name) as stored:
        while piece := stored.read(PIECE_BYTES):
            found.update(piece)
    return found.hexdigest()


def missing_upload(request: HttpRequest) -> HttpResponse:
    """Answer 404 with a sentence, for a file that was kept and is gone from the storage: it never was deleted here."""
    text = _(
        "The portal kept this file, but it is missing from its storage. It was not deleted through the portal. "
        "Tell the programme's staff: the operators have to look for it and restore it."
    )
    return render(request, "core/missing_file.html", {"text": text}, status=404)


def wrong_scan(name: str, sha256: str) -> str:
    """Return what is wrong with a kept file: missing, or not the file whose hash was kept; empty where nothing is."""
    try:
        found = sha256_of_upload(name)
    except OSError:
        return "its scan is missing from the storage of private files"
    return "" if found == sha256 else "its scan is not the file that was recorded"
