"""One line of a home page, and what every section of it shares."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from portal.core.days import last_day_in_words
from sharing.access import ASSESSMENT_SCOPES
from sharing.models import SharingGrant
from sharing.querysets import SharingGrantQuerySet
from sharing.services.renewals import ending_soon

SOON = timedelta(days=30)


@dataclass(frozen=True)
class Todo:
    """One line of a home page: what needs attention, and where to do it."""

    text: str
    url: str
    action: str
    urgent: bool = False


def ending(grants: SharingGrantQuerySet) -> SharingGrantQuerySet:
    """The first five of `grants` on reports that end soon."""
    soon = ending_soon(grants).filter(scope__in=ASSESSMENT_SCOPES)
    return soon.select_related("brand", "factory").order_by("expires_at")[:5]


def ends_on(grant: SharingGrant, other: str) -> str:
    """One sentence: which sharing with the `other` side ends on which day."""
    day = last_day_in_words(grant.expires_at, grant.factory)
    words = {"scope": grant.get_scope_display(), "other": other, "day": day}
    return _("%(scope)s: sharing with %(other)s ends on %(day)s.") % words
