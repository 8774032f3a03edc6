"""Report files as pages and API hand them out: the visitor's own copy, and its file as a response."""

from django.core.files import File
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404

from assessments.models import ReportCopy
from assessments.reports import CONTENT_TYPES, file_name
from assessments.reports.services import opening_of
from portal.accounts.models import User


def own_copy(user: User, **key: object) -> ReportCopy:
    """Return the person's own copy, if they may still read it on the side it was made for. Raises `Http404`."""
    copies = ReportCopy.objects.visible_to(user)
    copy: ReportCopy = get_object_or_404(
        copies.select_related("assessment__factory__programme", "reader", "brand", "job"), **key
    )
    if opening_of(copy) is None:
        raise Http404
    return copy


def file_response(file: "File[bytes]", copy: ReportCopy) -> FileResponse:
    """Return the file of a copy as a download."""
    name = file_name(
        bw_id=copy.assessment.factory.bw_id,
        cycle=copy.assessment.cycle,
        version=copy.assessment.version,
        scope=copy.scope,
        language=copy.language,
        copy_number=copy.number,
        format=copy.format,
    )
    content_type = CONTENT_TYPES[copy.format]  # type: ignore[index]
    return FileResponse(file, as_attachment=True, filename=name, content_type=content_type)
