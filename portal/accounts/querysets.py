"""What accounts and memberships were on a day: asked by `portal.accounts.roles` when a question has a date."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from portal.core.history import latest_at

if TYPE_CHECKING:
    from portal.accounts.models import AccountHistory, MembershipPeriod  # noqa: F401 - named in the bases below


class AccountHistoryQuerySet(QuerySet["AccountHistory"]):
    """What accounts were."""

    def at(self, moment: datetime) -> "AccountHistoryQuerySet":
        """The one row of each account that held at `moment`."""
        return self.filter(latest_at(self.model, "user", moment))


class MembershipPeriodQuerySet(QuerySet["MembershipPeriod"]):
    """Who was in which group."""

    def at(self, moment: datetime) -> "MembershipPeriodQuerySet":
        """Those that ran at `moment`: the moment of joining belongs to them, the moment of leaving does not."""
        return self.filter(Q(until=None) | Q(until__gt=moment), since__lte=moment)
