"""Scans that people upload as evidence: a whole PDF, JPEG or PNG, recognised by its content and not by its name."""

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.utils.translation import gettext as _

MAX_BYTES = 10 * 1024 * 1024
# The beginning and the end of a scan, by its kind.
PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
BEGINNINGS = {PDF: b"%PDF-", JPEG: b"\xff\xd8\xff", PNG: b"\x89PNG\r\n\x1a\n"}
ENDS = {PDF: b"%%EOF", JPEG: b"\xff\xd9", PNG: b"IEND\xae\x42\x60\x82"}
END_BYTES = 2048  # scanners write a little after the end


def kind_of_scan(scan: "File[bytes]") -> str:
    """Return the kind of a scan. Raises `ValidationError` for one that is too large, and for anything else."""
    if not 0 < scan.size <= MAX_BYTES:
        raise ValidationError(_("Upload a scan of up to %s MB.") % (MAX_BYTES // 1024**2))
    scan.seek(0)
    beginning = scan.read(16)
    scan.seek(max(0, scan.size - END_BYTES))
    end = scan.read()
    scan.seek(0)
    for kind, mark in BEGINNINGS.items():
        if beginning.startswith(mark) and ENDS[kind] in end:
            return kind
    raise ValidationError(_("This is not a complete PDF, JPEG or PNG file. Scan or photograph the signed form."))
