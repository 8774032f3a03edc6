"""Messages of jobs to their owners: stored as codes, put into the reader's language when shown.

A worker knows no reader: a sentence that it stored would be in its own language for ever. Each app has the texts of
its jobs in an enum of this base.
"""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobText(models.TextChoices):
    """A stage that a job is in, or why it failed: `<area>.<what>`, with the sentence that its owner reads."""


class CoreJobText(JobText):
    """The texts of any job."""

    CANCELLED = "jobs.cancelled", _("Cancelled")
    BROKEN = (
        "jobs.broken",
        _(
            "Something went wrong on our side. Try again. If it fails again, "
            "give the programme's staff this reference: %(job)s."
        ),
    )
    INTERRUPTED = "jobs.interrupted", _("The work was interrupted %(times)s times. Try again later.")


def job_texts() -> dict[str, JobText]:
    """Return every text of a job by its code."""
    return {text.value: text for app in JobText.__subclasses__() for text in app}


def in_words(code: str, params: Mapping[str, object]) -> str:
    """Return the sentence of a code in the active language; words that were stored before there were codes stay."""
    known = job_texts().get(code)
    return code if known is None else str(known.label) % params
