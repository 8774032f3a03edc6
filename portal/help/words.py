"""The words that every reader meets, with their meaning in one sentence.

This is their only source: the page of help shows them in the reader's language, and docs/words.md has the same
sentences (tests/test_help.py compares them).
"""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Word(NamedTuple):
    """A term, and what it means."""

    term: str | Promise
    meaning: str | Promise


ABOUT_REPORTS = (
    Word(_("Assessment"), _("A visit to a factory and its result; there is one for each cycle.")),
    Word(_("Report"), _("The result of one assessment, as brands with access can read it.")),
    Word(_("Cycle"), _("A factory's year of services, numbered 1, 2, 3 and so on.")),
    Word(_("Questionnaire"), _("The questions of an assessment; each country has its own version.")),
    Word(_("Cluster"), _("A main topic of the questionnaire, for example working time.")),
    Word(_("Compliance point"), _("A topic within a cluster, with several questions.")),
    Word(_("Finding"), _("The result of one question, for example non-compliant or not applicable.")),
    Word(
        _("Non-compliance"), _("A finding that national law or an international labour standard is not complied with.")
    ),
    Word(_("Step 1 data"), _("The answers to the questions about national law and international labour standards.")),
    Word(_("Factory review"), _("The days in which a factory can comment on its report before it is published.")),
    Word(_("Correction"), _("A new version of a published report, which replaces the version before it.")),
    Word(_("Withdrawn report"), _("A report that is no longer valid and that brands can no longer read.")),
)
ABOUT_ACCESS = (
    Word(_("Access"), _("What a brand has if it can read a factory's data.")),
    Word(_("Request"), _("A brand asks a factory for access and says to which data, until when and for what purpose.")),
    Word(_("Purpose"), _("What a brand wants to use a factory's data for.")),
    Word(
        _("Days each new report is held"),
        _("The days for which a brand cannot see a new report yet, so that the factory can read it first."),
    ),
    Word(_("Confirmation"), _("The agreement of a second person before access starts, if the factory requires it.")),
    Word(_("Receipt"), _("A signed document that proves one decision about access.")),
    Word(_("Copy"), _("A report file made for one reader, with a number that is never used again.")),
    Word(_("Ledger"), _("The sealed record of decisions and reads, in which every later change would be noticed.")),
)
