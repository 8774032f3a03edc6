"""Report files: ordering one, making it, and handing it over to the person who ordered it.

The reader's access is checked three times: when the file is ordered, when the job starts and ends, and when the file
is handed over. If a grant is revoked in between, nothing is left: no file, no link, no row that tells of one (R7).

Each file carries its reader's name and a copy number that is never used twice; who-saw-what names the copy.
"""

import secrets
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from assessments.events import AssessmentEvent
from assessments.job_texts import ReportText
from assessments.models import Assessment, ReportCopy
from assessments.reading.scopes import answer_rows, document_from, header_of, with_note
from assessments.reports import (
    FORMATS,
    ReaderStamp,
    RenderCancelledError,
    RenderedFile,
    RenderError,
    RenderTimeoutError,
    languages,
    render,
    render_programme_table,
)
from portal.accounts.models import User
from portal.core.days import day_of, zone_in_words
from portal.core.events import record
from portal.core.jobs import JobCancelled, JobError, JobRun, start_job
from portal.core.models import Job
from portal.core.uploads import drop_upload, store_file
from sharing import access
from sharing.access import ASSESSMENT_SCOPES
from sharing.access.reasons import Decision, Reason
from sharing.models import AccessRecord, Scope
from sharing.records.services import record_access, settle

KIND = "report"
MOST_WAITING = 10  # files that one person may have waiting at a time
UNFINISHED = (Job.State.QUEUED, Job.State.RUNNING)
FOLDER = "reports"
FILE_LIFETIME = timedelta(days=1)  # after that, a fresh copy must be ordered
_LINK = "assessments.report-link"


@transaction.atomic
def order_report(*, by: User, assessment: Assessment, scope: str, language: str, format: str) -> ReportCopy:  # noqa: A002
    """Order a report file for `by`; its job shows how far it is.

    The same order placed twice while the first is under way (a double click) is one order. Raises `PermissionDenied`,
    or `ValidationError` for an unknown scope, language or format, and if too many files are waiting.
    """
    if scope not in ASSESSMENT_SCOPES:
        raise ValidationError({"scope": _("There is no such report.")})
    decision = access.decide(by, assessment, scope)
    if not decision:
        raise PermissionDenied(decision.sentence)
    if language not in languages():
        raise ValidationError({"language": _("There are no reports in this language.")})
    if format not in FORMATS:
        raise ValidationError({"format": _("There are no reports in this format.")})
    # One order of a person at a time. Rows that refer to them are written at the same time, under the factory's lock,
    # which is taken next: whoever holds it must not wait for this.
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    settle([decision.grant] if decision.grant else [])
    waiting = ReportCopy.objects.filter(reader=by, job__state__in=UNFINISHED)
    order = {"assessment": assessment, "scope": scope, "language": language, "format": format}
    under_way: ReportCopy | None = waiting.filter(**order, **_made_for(decision)).first()
    if under_way is not None:
        return under_way
    if waiting.count() >= MOST_WAITING:
        raise ValidationError(
            _("%s files are already being created for you. Wait until they are finished.") % MOST_WAITING
        )
    return _start(by, decision, assessment.factory_id, order)


def _brand_id(decision: Decision) -> int | None:
    return decision.grant.brand_id if decision.grant else None


def _made_for(decision: Decision) -> dict[str, object]:
    """Return the side, and the brand, for which a copy is made."""
    return {"side": decision.reason.value, "brand_id": _brand_id(decision)}


def _start(by: User, decision: Decision, factory_id: int, order: dict[str, object]) -> ReportCopy:
    job = start_job(kind=KIND, by=by, params={}, factory_id=factory_id)
    copy = ReportCopy.objects.create(number=_next_number(), job=job, reader=by, **_made_for(decision), **order)
    record(
        AssessmentEvent.REPORT_ORDERED,
        by=by,
        factory_id=factory_id,
        brand_id=copy.brand_id,
        subject=copy.pk,
        assessment=str(copy.assessment_id),
        scope=copy.scope,
        copy_number=copy.number,
    )
    return copy


def _next_number() -> int:
    """Return an unused number, drawn at random: two numbers do not reveal how many others were ordered in between."""
    while True:
        number = secrets.randbelow(900_000_000) + 100_000_000
        if not ReportCopy.objects.filter(number=number).exists():
            return number


# --- making ------------------------------------------------------------------------------------------


def make_report(run: JobRun) -> dict[str, object]:
    """Make the file of the copy that this job is for. Safe to run again after a worker was lost.

    Raises `JobError` if the reader may no longer read it or it cannot be made, `JobCancelled` if the job is cancelled.
    """
    copy = ReportCopy.objects.select_related(
        "assessment__factory__programme", "assessment__tool", "brand", "reader"
    ).get(job=run.job)
    with override(copy.reader.language):
        decision = _still_open(copy)
        run.report(10, 100, ReportText.READING)
        file = _render(run, copy, decision)
        # It may have been replaced or withdrawn since.
        copy.assessment.refresh_from_db(fields=["state", "superseded_at", "withdrawn_at"])
        _still_open(copy)
        run.report(100, 100, ReportText.READY)
        _store(run, copy, file)
    return {"copy": str(copy.pk)}


def _still_open(copy: ReportCopy) -> Decision:
    """Return the decision that opens the copy to its reader, on the side for which it was made. Raises `JobError`."""
    decision = opening_of(copy)
    if decision is None:
        raise JobError(ReportText.NOT_OPEN)
    return decision


def opening_of(copy: ReportCopy) -> Decision | None:
    """Return what opens the copy to its reader now, on the side, and for the brand, it was made for; or None.

    Somebody who was staff and now belongs to a factory or a brand gets no file that was made for the staff, and the
    other way round, even of a report that they may read on both sides.
    """
    decision = access.decide(copy.reader, copy.assessment, copy.scope)
    is_same = decision.reason == copy.side and _brand_id(decision) == copy.brand_id
    return decision if decision and is_same else None


def _render(run: JobRun, copy: ReportCopy, decision: Decision) -> RenderedFile:
    scope: str = copy.scope
    rows = answer_rows(copy.reader, copy.assessment, scope)
    readable = Assessment.objects.visible_to(copy.reader)
    noted = with_note(readable.filter(pk=copy.assessment_id), readable)
    assessment = noted.select_related("factory__programme").first() or copy.assessment
    # A CSV file is for programs: its words, including the country's name, are the programme's in every language.
    language = "en" if copy.format == ReportCopy.Format.CSV else copy.language
    document = document_from(rows, assessment, scope, language)
    run.report(40, 100, ReportText.MAKING)
    if _is_for_import(copy, decision):
        return render_programme_table(
            document,
            _stamp(copy, decision),
            header_of(assessment, "en"),
            rows,
            questionnaire=copy.assessment.tool.name,
            is_obsolete=assessment.factory.is_obsolete,
        )
    try:
        return render(document, _stamp(copy, decision), copy.format, should_cancel=run.is_cancelled)  # type: ignore[arg-type]
    except RenderCancelledError as error:
        raise JobCancelled from error
    except RenderTimeoutError as error:
        raise JobError(ReportText.TOO_SLOW) from error
    except RenderError as error:
        raise JobError(ReportText.NOT_MADE) from error


def _is_for_import(copy: ReportCopy, decision: Decision) -> bool:
    """Return whether it is the programme's own table, with all answers and the questionnaire's name: for staff only."""
    return decision.reason is Reason.STAFF and copy.format == ReportCopy.Format.CSV and copy.scope == Scope.REPORT


def _stamp(copy: ReportCopy, decision: Decision) -> ReaderStamp:
    factory = copy.assessment.factory
    sides = {Reason.OWN_FACTORY: factory.name, Reason.STAFF: factory.programme.name}
    return ReaderStamp(
        reader=copy.reader.name or copy.reader.email,
        organisation=copy.brand.name if copy.brand else sides[decision.reason],
        date=day_of(copy.created_at, factory),
        copy_number=copy.number,
        zone=zone_in_words(factory),
    )


def _store(run: JobRun, copy: ReportCopy, file: RenderedFile) -> None:
    """Store the file, unless the job has since been cancelled or taken over. Raises `JobCancelled`."""
    name = store_file(f"{FOLDER}/{copy.pk}.{copy.format}", ContentFile(file.content))
    mine = Job.objects.filter(pk=run.job.pk, state=Job.State.RUNNING, attempts=run.job.attempts, cancel_requested=False)
    if not ReportCopy.objects.filter(pk=copy.pk, job__in=mine).update(file=name):
        drop_upload(name)
        raise JobCancelled


# --- handing over -------------------------------------------------------------------------------------


def link_key(*, by: User, copy: ReportCopy) -> str:
    """Return the key in a link to the file: valid for this person and this copy, for some minutes."""
    return signing.dumps([str(copy.pk), by.pk], salt=_LINK)


def check_link_key(key: str, *, by: User, copy: ReportCopy) -> None:
    """Raise `signing.SignatureExpired` for a link that is too old, `signing.BadSignature` for any other fault."""
    made_for = signing.loads(key, salt=_LINK, max_age=settings.REPORT_LINK_LIFETIME)
    if made_for != [str(copy.pk), by.pk]:
        raise signing.BadSignature("The link was made for another person or file.")


def hand_over(*, by: User, copy: ReportCopy) -> "File[bytes]":
    """Return the finished file to the person it was made for, after recording it in who-saw-what.

    The foreign keys of the record are checked at once. That waits for a decision about the factory that is being made,
    and lets the next one wait: either a revoke finds the copy and asks to destroy it, or this finds the revoke.

    Raises `PermissionDenied` if `by` may no longer read it, `FileNotFoundError` if there is no file.
    """
    decision = opening_of(copy) if copy.reader_id == by.pk else None
    if decision is None:
        raise PermissionDenied(ReportText.NOT_OPEN)
    if not copy.file or copy.job.state != Job.State.DONE:
        raise FileNotFoundError
    with transaction.atomic():
        record_access(
            by=by,
            assessment=copy.assessment,
            openings={copy.scope: decision.grant},
            action=AccessRecord.Action.DOWNLOAD,
            copy_number=copy.number,
            copy_format=copy.format,
        )
        connection.check_constraints()
        if opening_of(copy) is None:
            raise PermissionDenied(ReportText.NOT_OPEN)
        return storages["private"].open(copy.file)


def clear_old_files() -> int:
    """Delete files older than a reader needs to fetch them, and return how many; the copies' numbers stay."""
    storage, before = storages["private"], timezone.now() - FILE_LIFETIME
    ReportCopy.objects.filter(created_at__lt=before).exclude(file="").update(file="")
    if not storage.exists(FOLDER):
        return 0
    names = [f"{FOLDER}/{name}" for name in storage.listdir(FOLDER)[1]]
    old = [name for name in names if storage.get_modified_time(name) < before]
    for name in old:
        storage.delete(name)
    return len(old)
