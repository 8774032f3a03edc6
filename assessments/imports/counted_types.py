"""Question types that are neither NC nor FGW: they count as NC once somebody with the right to import confirmed it.

The confirmation is of a country and is remembered, so the next table of that country is not asked about again.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from assessments.events import AssessmentEvent
from assessments.imports.models import CountedType
from assessments.imports.previews import OtherType
from portal.accounts.models import User
from portal.core.events import record


def to_confirm(found: Counter[tuple[str, str]]) -> list[OtherType]:
    """Return the types in `found`, rows by (country, word), that nobody confirmed yet; those with most rows first."""
    known = set(CountedType.objects.filter(country__in={code for code, _word in found}).values_list("country", "word"))
    asked = sorted((-rows, *key) for key, rows in found.items() if key not in known)
    return [{"country": code, "word": word, "rows": -rows} for rows, code, word in asked]


def remember(types: Sequence[OtherType], *, by: User, batch_id: UUID) -> None:
    """Store that these types count as NC in their countries, with an event for each one that was not known."""
    for one in types:
        defaults = {"confirmed_by": by}
        known, is_new = CountedType.objects.get_or_create(country=one["country"], word=one["word"], defaults=defaults)
        if is_new:
            facts: dict[str, Any] = {**one, "import": str(batch_id)}  # a reserved word, which cannot be a keyword
            record(AssessmentEvent.TYPE_CONFIRMED, by=by, subject=known.pk, **facts)
