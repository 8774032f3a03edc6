"""The import of the long table: upload, check, decide, apply. The rules are in `assessments.imports`."""

from datetime import timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files import File
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.imports import columns as c
from assessments.imports.applying import PlanChanged, apply_batch, nothing_to_do
from assessments.imports.checks import Check, Plan
from assessments.imports.compare import count_rows
from assessments.imports.counted_types import remember, to_confirm
from assessments.imports.heartbeat import Heartbeat
from assessments.imports.listing import listed
from assessments.imports.models import ImportBatch, ImportQuestion, ImportRow, ImportTags, ImportVisit
from assessments.imports.problems import error_rows, store, summary
from assessments.imports.reading import Reading
from assessments.imports.texts import LongTableText
from assessments.job_texts import ImportText
from factories.rights import may_somewhere
from portal.accounts.models import User
from portal.core.jobs import JobCancelled, JobError, JobRun, job_handler, start_job
from portal.core.tables import Problems, Table, TableError
from portal.core.tables.texts import TableText
from portal.core.uploads import drop_upload, kept_upload, open_upload

CHECK, APPLY = "assessments.check_table", "assessments.import_table"
KEPT_FOR = timedelta(days=7)
State = ImportBatch.State


def may_import(by: User) -> bool:
    """Return whether `by` imports assessments for any country."""
    return may_somewhere(by, "import_assessments")


@transaction.atomic
def start_import(*, by: User, upload: "File[bytes]") -> ImportBatch:
    """Store an uploaded table and start its check. Nothing is imported before `confirm_import`.

    Raises `PermissionDenied`, or `ValidationError` for an empty file.
    """
    if not may_import(by):
        raise PermissionDenied(_("Your role does not allow importing assessments."))
    if not upload.size:
        raise ValidationError(_("The file is empty."))
    clear_old_imports()
    with kept_upload(upload) as name:
        batch = ImportBatch.objects.create(owner=by, file=name, file_name=(upload.name or "table")[-200:])
        batch.job = start_job(kind=CHECK, by=by, params={"batch": str(batch.pk)})
        batch.save(update_fields=["job"])
    return batch


@transaction.atomic
def confirm_import(
    *,
    by: User,
    batch: ImportBatch,
    create_missing: bool = False,
    treat_as_step1: bool = False,
    count_as_nc: bool = False,
) -> ImportBatch:
    """Start the import that the preview showed. A second click starts nothing more.

    `create_missing`: also create what the table names and the portal does not know; `treat_as_step1`: the NC questions
    of questionnaires created in this way belong to Step 1, which cannot be undone once they are used;
    `count_as_nc`: the question types that the preview asks about are NC, in this table and in later ones of their
    countries. Raises `PermissionDenied`, or `ValidationError` if the table has errors, or by field if one of the
    decisions that it needs is off.
    """
    if not may_import(by):
        raise PermissionDenied(_("Your role does not allow importing assessments."))
    batch = ImportBatch.objects.visible_to(by).select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.state == State.APPLIED or is_applying(batch):
        return batch
    if batch.state not in {State.READY, State.APPLYING}:
        raise ValidationError(_("This table cannot be imported as it is. Look at its preview."))
    _check_decisions(batch, create_missing=create_missing, count_as_nc=count_as_nc)
    remember(batch.plan.get("types", ()), by=by, batch_id=batch.pk)
    batch.create_missing, batch.treat_as_step1 = create_missing, treat_as_step1
    batch.state = State.APPLYING
    batch.save(update_fields=["create_missing", "treat_as_step1", "state"])
    batch.job = start_job(kind=APPLY, by=by, params={"batch": str(batch.pk)})
    batch.save(update_fields=["job"])
    return batch


def _check_decisions(batch: ImportBatch, *, create_missing: bool, count_as_nc: bool) -> None:
    missing = {}
    if batch.plan["creates"] and not create_missing:
        missing["create_missing"] = _(
            "Tick the box to create what is new in the table, or correct the names in the table."
        )
    if batch.plan.get("types") and not count_as_nc:
        missing["count_as_nc"] = _(
            "Tick the box to count these rows as NC questions, or correct their question type in the table."
        )
    if missing:
        raise ValidationError(missing)


@transaction.atomic
def discard_import(*, by: User, batch: ImportBatch) -> None:
    """Discard an upload that was not imported, its file and its rows. Raises `ValidationError` while it is applied."""
    batch = ImportBatch.objects.visible_to(by).select_for_update(of=("self",)).get(pk=batch.pk)
    if is_applying(batch):
        raise ValidationError(_("This table is being imported."))
    if batch.state != State.APPLIED:
        _discard(batch)


def is_applying(batch: ImportBatch) -> bool:
    """Return whether a job works on the import now: one that failed or was cancelled left the batch as it was."""
    return batch.state == State.APPLYING and batch.job is not None and not batch.job.is_finished


def clear_old_imports() -> None:
    """Discard all uploads, whoever made them, on which nobody decided within a week."""
    old = ImportBatch.objects.select_for_update(of=("self",)).select_related("job")
    undecided = old.filter(state__in=[*ImportBatch.OPEN, State.APPLYING], created_at__lt=timezone.now() - KEPT_FOR)
    for batch in undecided:
        if not is_applying(batch):
            _discard(batch)


def _discard(batch: ImportBatch) -> None:
    _forget(batch)
    batch.state = State.DISCARDED
    batch.save(update_fields=["state"])


def _forget(batch: ImportBatch) -> None:
    _clear_staged(batch.pk)
    transaction.on_commit(lambda: drop_upload(batch.file))


def _clear_staged(batch_id: UUID) -> None:
    with connection.cursor() as cursor:
        for model in (ImportRow, ImportVisit, ImportQuestion, ImportTags):
            cursor.execute(f'DELETE FROM "{model._meta.db_table}" WHERE batch_id = %s', [batch_id])  # noqa: S608


# --- the check


@job_handler(CHECK)
def check_table(run: JobRun) -> dict[str, object]:
    """Read the table, compare it, and store the preview on the batch. Running it again starts from the file."""
    batch = _batch_of(run, State.CHECKING)
    if batch is None:
        return {}
    problems = Problems()
    try:
        plan = _check(batch, problems, run)
    except JobCancelled:
        _clear_staged(batch.pk)
        raise
    if not may_import(batch.owner):
        raise JobError(ImportText.NOT_ALLOWED)
    _show(batch, plan, problems)
    return {"batch": str(batch.pk)}


def _batch_of(run: JobRun, state: str) -> ImportBatch | None:
    """Return the batch of this job; None if it has left `state`. Raises `JobError` if its owner may not import."""
    batch = ImportBatch.objects.select_related("owner").get(pk=run.job.params["batch"])
    if not may_import(batch.owner):
        raise JobError(ImportText.NOT_ALLOWED)
    return batch if batch.state == state else None


def _check(batch: ImportBatch, problems: Problems, run: JobRun) -> dict[str, object]:
    """Stage and compare; return the preview's facts. Problems are added to `problems`."""
    reading = _stage(batch, problems, run)
    if reading is None:
        return {}
    run.report(reading.table.size, reading.table.size, ImportText.COMPARING)
    counts = count_rows(batch.pk)
    with Heartbeat(run):
        plan = Check(batch, reading.visits.values(), reading.questions.values(), reading.variants, problems).run()
    if not reading.rows and not problems:
        problems.add(None, "", "", TableText.NO_ROWS())
    return _facts(plan, counts, reading) | {"listed": [] if problems else listed(batch, plan)}


def _stage(batch: ImportBatch, problems: Problems, run: JobRun) -> Reading | None:
    """Read the file into the staging tables, afresh; return None if it is not a long table at all."""
    _clear_staged(batch.pk)
    try:
        with open_upload(batch.file) as file:
            table = Table(
                file, required=c.REQUIRED, optional=c.OPTIONAL, aliases=c.ALIASES, refuse=_refuse_foreign_data
            )
            reading = Reading(batch.pk, table, problems)
            reading.stage(lambda done, total: run.report(done, total, ImportText.READING))
            return reading
    except TableError as error:
        problems.end_with(error)
        return None


def _refuse_foreign_data(headers: list[str]) -> None:
    if foreign := c.foreign_headers(headers):
        raise TableError(LongTableText.FOREIGN(", ".join(foreign[:5])))


def _facts(plan: Plan, counts: dict[str, int], reading: Reading) -> dict[str, object]:
    days = [visit.start_date for visit in reading.visits.values()]
    return {
        **counts,
        **plan.named(),
        "read": reading.rows,
        "assessments": len(reading.visits),
        "creates": plan.creates,
        "notes": plan.notes,
        "nothing": nothing_to_do(plan),
        "ignored": reading.table.ignored[:50],
        "nearly": reading.table.nearly[:50],
        "sheets": reading.table.sheets,
        "types": to_confirm(reading.other_types()),
        "first_day": min(days).isoformat() if days else "",
        "last_day": max(days).isoformat() if days else "",
    }


@transaction.atomic
def _show(batch: ImportBatch, plan: dict[str, object], problems: Problems) -> None:
    """Store the preview on the batch, unless it has since been discarded."""
    current = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if current.state not in {State.CHECKING, State.APPLYING}:
        _clear_staged(batch.pk)
        return
    store(problems, current)
    current.plan = {**plan, **summary(problems)}
    current.state = State.REFUSED if problems else State.READY
    current.save(update_fields=["plan", "state"])
    if problems:
        _clear_staged(batch.pk)


# --- the import


@job_handler(APPLY)
def import_table(run: JobRun) -> dict[str, object]:
    """Apply the batch. If the worker dies, either nothing was done or all of it; the next run finds out which."""
    batch = _batch_of(run, State.APPLYING)
    if batch is None:
        return {}
    _restage_if_lost(batch, run)
    run.report(0, batch.plan["assessments"], ImportText.WRITING)
    try:
        with Heartbeat(run, ImportText.WRITING) as heartbeat:
            counts = apply_batch(batch, heartbeat.report)
    except PlanChanged as changed:
        facts = {
            **batch.plan,
            **changed.plan.named(),
            "creates": changed.plan.creates,
            "listed": [] if changed.problems else listed(batch, changed.plan),
        }
        _show(batch, facts, changed.problems)
        raise JobError(ImportText.CHANGED) from changed
    _forget(batch)
    return {"batch": str(batch.pk), **counts}


def _restage_if_lost(batch: ImportBatch, run: JobRun) -> None:
    """Read the file again if the staged rows are lost: they do not survive a crash of the database server."""
    if ImportRow.objects.filter(batch_id=batch.pk).exists():
        return
    problems = Problems()
    _stage(batch, problems, run)
    if problems:
        raise JobError(ImportText.FILE_GONE)


__all__ = ["confirm_import", "discard_import", "error_rows", "may_import", "start_import"]
