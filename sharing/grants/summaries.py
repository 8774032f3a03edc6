"""What is shared with a brand, in a few words: for lists of many brands."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from portal.core.listing import joined
from sharing.grants.models import SharingGrant
from sharing.scopes import rule_of
from sharing.terms import Status


def access_in_short(grants: Iterable[SharingGrant]) -> dict[int, str]:
    """Return for each brand with a grant that has not ended or expired whether it has access, by the brand's key."""
    statuses: dict[int, set[Status]] = {}
    for grant in grants:
        statuses.setdefault(grant.brand_id, set()).add(grant.status())
    words = {
        Status.LIVE: _("has access"),
        Status.WAITING: _("Starts later"),
        Status.UNCONFIRMED: _("Not confirmed yet"),
    }
    found = {key: next((words[one] for one in words if one in own), "") for key, own in statuses.items()}
    return {key: said for key, said in found.items() if said}


def in_short(grants: Iterable[SharingGrant]) -> str:
    """Return the kinds of data of a brand's grants, each with its end; kinds with the same end are said together."""
    kinds: dict[str, list[str]] = {}
    for grant in grants:
        until = grant.last_day_in_words()
        end = _("until %s") % until if until else _("no end date")
        kinds.setdefault(end, []).append(str(rule_of(grant.scope).brief or grant.get_scope_display()))
    return joined(f"{joined(labels)} ({end})" for end, labels in kinds.items())
