"""Translations of a questionnaire's texts: what there is, and how it is added."""

from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from assessments.events import AssessmentEvent
from assessments.models import LegalReference, Question, Tool, Wording
from assessments.questionnaires.rights import may_import_for
from portal.accounts.models import User
from portal.core.events import record

Texts = dict[str, dict[str, str]]  # language -> text of the questionnaire -> its translation


def languages_of(tool: Tool) -> list[tuple[str, str]]:
    """Return the languages into which a questionnaire can be translated: code and name."""
    return [(code, str(name)) for code, name in settings.REPORT_LANGUAGES if code != tool.language]


def texts_of(tool: Tool) -> list[str]:
    """Return every text of a questionnaire once: clusters, points and questions with all of theirs, then its law."""
    rows = Question.objects.filter(tool=tool).order_by(
        "compliance_point__cluster__order", "compliance_point__order", "order", "pk"
    )
    names = rows.values_list(
        "compliance_point__cluster__name", "compliance_point__name", "label", "help_text", "options"
    )
    law = LegalReference.objects.filter(question__tool=tool).order_by("question__order", "valid_from", "pk")
    texts = (text for *parts, options in names for text in (*parts, *options))
    return [text for text in dict.fromkeys((*texts, *law.values_list("text", flat=True))) if text]


def texts_in(tool: int, language: str) -> Mapping[str, str]:
    """Return the translations of a questionnaire into one language, by text; empty where there are none."""
    words = Wording.objects.filter(tool=tool, language=language).values_list("words", flat=True).first()
    return words or {}


def wordings_of(tool: Tool) -> Texts:
    """Return all translations of a questionnaire."""
    return dict(Wording.objects.filter(tool=tool).values_list("language", "words"))


@transaction.atomic
def put_wordings(*, by: User, tool: Tool, texts: Texts) -> int:
    """Add translations to a questionnaire, used or not, in place of earlier ones of the same texts; return how many.

    Raises `PermissionDenied`.
    """
    if not may_import_for(by, tool.programme_id):
        raise PermissionDenied(_("Only the country's staff can translate a questionnaire."))
    Tool.objects.select_for_update().get(pk=tool.pk)  # one file at a time
    known = wordings_of(tool)
    changed = {language: words for language, words in texts.items() if words.items() - known.get(language, {}).items()}
    for language, words in changed.items():
        merged = known.get(language, {}) | words
        Wording.objects.update_or_create(tool=tool, language=language, defaults={"words": merged})
    if changed:
        record(
            AssessmentEvent.QUESTIONNAIRE_TRANSLATED,
            by=by,
            programme_id=tool.programme_id,
            subject=tool.pk,
            languages=sorted(changed),
        )
    return sum(map(len, texts.values()))


def inherit_wordings(tool: Tool) -> None:
    """Give a new questionnaire the translations of texts that earlier ones in its language have too, newest first."""
    texts, found = set(texts_of(tool)), Texts()
    earlier = Wording.objects.filter(tool__language=tool.language).exclude(tool=tool).order_by("-updated_at", "-pk")
    for language, words in earlier.values_list("language", "words").iterator():
        own = found.setdefault(language, {})
        own |= {text: words[text] for text in (texts & words.keys()) - own.keys()}
    Wording.objects.bulk_create(
        Wording(tool=tool, language=language, words=words) for language, words in found.items() if words
    )
