"""One item of a home page, and the shared parts of its sections."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.days import last_day_in_words
from sharing.access import ASSESSMENT_SCOPES
from sharing.grants.models import SharingGrantQuerySet
from sharing.grants.services.renewals import ending_soon
from sharing.models import SharingGrant

SOON = timedelta(days=30)  # ahead: a report that opens by then waits in the inbox
RECENT = timedelta(days=30)  # back: a report that was published or became visible since is new
NAMED = 5  # items of one kind that are listed one by one


@dataclass(frozen=True)
class Todo:
    """One item of a home page: what needs attention, and where to do it."""

    text: str
    url: str
    action: str
    urgent: bool = False


def ending(grants: SharingGrantQuerySet) -> SharingGrantQuerySet:
    """Return those of `grants` on reports that end soon, the first to end first."""
    soon = ending_soon(grants).filter(scope__in=ASSESSMENT_SCOPES)
    return soon.select_related("brand", "factory").order_by("expires_at")


def with_rest(todos: Sequence[Todo], count: int, url: str) -> list[Todo]:
    """Return items of one kind and, where there are more, one that says how many more of `count`, and where."""
    more = count - len(todos)
    if more <= 0:
        return list(todos)
    rest = ngettext("%(count)s more is not shown here.", "%(count)s more are not shown here.", more)
    return [*todos, Todo(rest % {"count": more}, url, _("See all"))]


def ends_on(grant: SharingGrant, other: str) -> str:
    """Return one sentence: which access for the `other` side ends on which day."""
    day = last_day_in_words(grant.expires_at, grant.factory)
    words = {"scope": grant.get_scope_display(), "other": other, "day": day}
    return _("%(other)s: access ends on %(day)s (%(scope)s).") % words
