"""Receipt of files: counted while they come in, stored privately under names of our own.

A file is accepted only where a view says so, and from people who are signed in unless the view is public: sent
anywhere else it is skipped and never stored (`NoUpload`, the default of the settings).

Each folder of the storage has an owner, registered by the app whose rows name its files (`register_folder`). A file
that no row names, because a process was killed between the two, is deleted at night.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.core.files import File, uploadhandler
from django.core.files.storage import storages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from portal.core.turns import View, one_at_a_time

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FORM_BYTES = 64 * 1024  # the size of a form around its file
INCOMING_KEPT = timedelta(days=1)


class NoUpload(uploadhandler.FileUploadHandler):
    """A handler that skips every file; the fields of the form are there."""

    def new_file(self, *args: object, **kwargs: object) -> None:
        """Raise `SkipFile`."""
        raise uploadhandler.SkipFile


class OneInMemory(uploadhandler.FileUploadHandler):
    """A handler that keeps the first file of a request in memory, and stops reading past `most` bytes of it."""

    def __init__(self, request: HttpRequest, most: int) -> None:
        super().__init__(request)
        self.most, self.kept, self.is_over = most, bytearray(), False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin the first file. Raises `SkipFile` for all others."""
        if self.file_name is not None:
            raise uploadhandler.SkipFile
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep the chunk. Raises `StopUpload` past the limit."""
        self.is_over = len(self.kept) + len(raw_data) > self.most
        if self.is_over:
            raise uploadhandler.StopUpload(connection_reset=True)
        self.kept += raw_data

    def file_complete(self, file_size: int) -> "UploadedFile[bytes]":
        """Return the file."""
        return UploadedFile(BytesIO(self.kept), self.file_name, self.content_type, file_size)


class CountedUpload(uploadhandler.FileUploadHandler):
    """A handler that stops reading when the files of a request pass a limit, whatever its header announced."""

    def __init__(self, request: HttpRequest, most: int) -> None:
        super().__init__(request)
        self.received, self.most = 0, most

    @property
    def is_over(self) -> bool:
        """True when more came than is accepted."""
        return self.received > self.most

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the chunk on. Raises `StopUpload` past the limit."""
        self.received += len(raw_data)
        if self.is_over:
            raise uploadhandler.StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave it to the next handler to make the file."""


def limited_upload(view: View) -> View:
    """Wrap a view that receives a file for a job, or to keep: too large a request is answered 413 with the limit.

    The size is checked before anything is read, the CSRF token included (which is checked right after). Each person
    is served one at a time (`portal.core.turns`).
    """
    return _limited(view, lambda: int(settings.UPLOAD_MAX_BYTES))


def limited_table(door: str) -> Callable[[View], View]:
    """Wrap a view that reads a table while its sender waits: `limited_upload` with the limit of `door`."""

    return lambda view: _limited(view, lambda: table_limit(door))


def table_limit(door: str) -> int:
    """Return how many bytes a table may have at a `door`, which is a kind of upload."""
    return min(settings.TABLE_MAX_BYTES[door], settings.UPLOAD_MAX_BYTES)


def with_size_limit(text: "StrOrPromise", door: str) -> "StrOrPromise":
    """Return the help of a file field with the limit of `door`, as it is when the field is shown."""
    return format_lazy("{} {}", text, lazy(_limit_in_words, str)(door))


def _limit_in_words(door: str) -> str:
    return _("At most %s MB.") % megabytes(table_limit(door))


def _limited(view: View, most: Callable[[], int]) -> View:
    in_turn = one_at_a_time(view)

    @csrf_protect
    def received(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        counted = [handler for handler in request.upload_handlers if isinstance(handler, CountedUpload)]
        over = len(request.FILES) == 0 and any(handler.is_over for handler in counted)  # reading them counts them
        return too_large(request, most()) if over else in_turn(request, *args, **kwargs)

    @csrf_exempt
    @wraps(view)
    def limited(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if _announced(request) > most() + FORM_BYTES:
            return too_large(request, most())
        if request.method == "POST" and request.user.is_authenticated:
            in_memory = uploadhandler.MemoryFileUploadHandler(request)
            on_disk = uploadhandler.TemporaryFileUploadHandler(request)
            request.upload_handlers = [CountedUpload(request, most()), in_memory, on_disk]
        return received(request, *args, **kwargs)

    return limited


def public_upload(
    most: int, *, may_send: Callable[[HttpRequest], bool], too_large: Callable[[], str]
) -> Callable[[View], View]:
    """Wrap a public view that reads one file of up to `most` bytes; the words `too_large` answer a larger one with 413.

    Whether the address `may_send` once more, and the announced size, are checked before anything is read: strangers
    would fill the memory of a web process.
    """

    def decorated(view: View) -> View:
        @csrf_protect
        def received(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            kept = [handler for handler in request.upload_handlers if isinstance(handler, OneInMemory)]
            over = len(request.FILES) == 0 and any(handler.is_over for handler in kept)  # reading them counts them
            return _refused(request, too_large()) if over else view(request, *args, **kwargs)

        @csrf_exempt
        @wraps(view)
        def limited(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if request.method == "POST":
                if not may_send(request):
                    return render(request, "429.html", status=429)
                if _announced(request) > most + FORM_BYTES:
                    return _refused(request, too_large())
                request.upload_handlers = [OneInMemory(request, most)]
            return received(request, *args, **kwargs)

        return limited

    return decorated


def _announced(request: HttpRequest) -> int:
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(length) if length.isdigit() else 0


def too_large(request: HttpRequest, most: int) -> HttpResponseBase:
    """Answer 413, with the limit in words."""
    text = _("Files of up to %s MB are accepted. Split the table, or leave out columns that are not needed.")
    return _refused(request, text % megabytes(most))


def _refused(request: HttpRequest, text: str) -> HttpResponse:
    return render(request, "core/upload_too_large.html", {"text": text}, status=413)


def megabytes(size: int) -> str:
    """Return a limit as it is shown, rounded down."""
    return str(size // 1024**2) if size >= 1024**2 else f"{size / 1024**2:.2g}"


@dataclass(frozen=True)
class Folder:
    """A folder of the private storage: which of its files rows name, and after how long others are deleted.

    `is_evidence`: files that are kept for ever and must be there (`manage.py check_installation`).
    """

    name: str
    in_use: Callable[[], Iterable[str]]
    sweep_after: timedelta
    is_evidence: bool = False


folders: dict[str, Folder] = {}


def register_folder(folder: Folder) -> None:
    """Make the owner of a folder known."""
    folders[folder.name] = folder


def store_file(name: str, content: "File[bytes]") -> str:
    """Store a file privately, whole or not at all; return its name in the private storage. Raises `OSError`."""
    try:
        return str(storages["private"].save(name, content))
    except BaseException:
        storages["private"].delete(name)
        raise


def keep_upload(upload: "File[bytes]", folder: str = "uploads") -> str:
    """Store a received file in a registered folder; return its name in the private storage. Raises `OSError`."""
    return store_file(f"{folders[folder].name}/{uuid.uuid4().hex}", upload)


@contextmanager
def kept_upload(upload: "File[bytes] | None", folder: str = "uploads") -> Iterator[str]:
    """Store a received file, if there is one, for a block that records it; when the block fails it is deleted."""
    name = keep_upload(upload, folder) if upload else ""
    try:
        yield name
    except BaseException:
        drop_upload(name)
        raise


def sweep_orphans() -> int:
    """Delete files that no row names, and the rest of uploads that broke off; return how many."""
    orphans = [name for folder in folders.values() for name in _orphans(folder)]
    for name in orphans:
        storages["private"].delete(name)
    return len(orphans) + _sweep_incoming()


def _orphans(folder: Folder) -> set[str]:
    storage, before = storages["private"], timezone.now() - folder.sweep_after
    names = storage.listdir(folder.name)[1] if storage.exists(folder.name) else []
    stored = (f"{folder.name}/{name}" for name in names)
    candidates = {name for name in stored if storage.get_modified_time(name) < before}
    return candidates.difference(folder.in_use()) if candidates else candidates


def _sweep_incoming() -> int:
    before = (timezone.now() - INCOMING_KEPT).timestamp()
    left = [path for path in Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir() if path.stat().st_mtime < before]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def missing_evidence() -> list[str]:
    """Return the names of files that must be there for ever and are not."""
    names = (name for folder in folders.values() if folder.is_evidence for name in folder.in_use())
    return [name for name in names if not storages["private"].exists(name)]


def drop_upload(name: str) -> None:
    """Delete a stored upload; do nothing for one that is gone already."""
    if name:
        storages["private"].delete(name)


@contextmanager
def open_upload(name: str) -> Iterator[BufferedReader]:
    """Open a stored upload as a seekable binary file. Raises `FileNotFoundError` when it is gone."""
    with storages["private"].open(name) as stored:
        yield cast(BufferedReader, stored.file)


def sha256_of_upload(name: str) -> str:
    """Return the SHA-256 of a stored upload, read in pieces. Raises `FileNotFoundError` when it is gone."""
    with open_upload(name) as stored:
        return hashlib.file_digest(stored, "sha256").hexdigest()


def missing_upload(request: HttpRequest) -> HttpResponse:
    """Answer 404 with a sentence, for a stored file that is gone from the storage: it was never deleted here."""
    text = _(
        "This file is missing from the portal's storage. It was not deleted through the portal. Contact the"
        " programme's staff, so that the operators can find and restore it."
    )
    return render(request, "core/missing_file.html", {"text": text}, status=404)


def wrong_scan(name: str, sha256: str) -> str:
    """Return what is wrong with a stored file: missing, or not the file whose hash was stored; empty if nothing is."""
    try:
        found = sha256_of_upload(name)
    except OSError:
        return "its scan is missing from the storage of private files"
    return "" if found == sha256 else "its scan is not the file that was recorded"
