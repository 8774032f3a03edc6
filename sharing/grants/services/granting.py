"""The verbs of consent: grant, grant again, change. Ending it is in `sharing.grants.services.revoking`.

Each verb locks the factory row first (publication takes the same lock), authorises, writes the row and its event
in one transaction. Only somebody who may `manage_sharing` on the factory decides (R6); SLCP is not involved (R4).
What a decision does is worked out in `sharing.grants.services.outcomes`.
"""

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from brands.models import Brand
from factories.models import Factory
from factories.rights import member_may
from portal.accounts.models import User
from sharing.events import SharingEvent
from sharing.grants.ends import End
from sharing.grants.notices.grants import notify_ended, notify_started
from sharing.grants.services.journal import Journal
from sharing.grants.services.outcomes import Outcome, Paper, Terms, changing, end_of, granting, resuming
from sharing.grants.services.situation import deciding_situation
from sharing.models import SharingGrant
from sharing.notice_names import SharingNotice
from sharing.receipts.services import kind_of_end, kind_of_start
from sharing.requests.services.answers import carry_over

EVENT_OF_END = {
    End.STOPPED: SharingEvent.GRANT_REVOKED,
    End.REFUSED: SharingEvent.GRANT_REFUSED,
    End.CHANGED: SharingEvent.GRANT_REPLACED,
    End.EXPIRED: SharingEvent.GRANT_EXPIRED,
    End.DROPPED: SharingEvent.GRANT_DROPPED,
    End.UNDONE: SharingEvent.GRANT_UNDONE,
}


def authorise_decider(by: User, factory: Factory) -> None:
    """Raise `PermissionDenied` unless `by` decides who sees this factory's data."""
    if not member_may(by, "manage_sharing", factory.pk):
        raise PermissionDenied(_("Only a manager of this factory can decide who sees its data."))


@transaction.atomic
def grant_access(*, by: User, factory: Factory, brand: Brand, scope: str, terms: Terms) -> SharingGrant:
    """Let `brand` read `scope` of `factory` on these terms.

    The same grant given twice (a double click) is one grant. An expired grant is ended first. Raises
    `PermissionDenied`, or `ValidationError` when another grant for the same brand and scope is still open, the
    brand is not active, or the terms make no sense.
    """
    situation = deciding_situation(by, factory.pk, [brand.pk])
    journal = Journal(situation)
    grant = settle(journal, granting(situation, situation.of(brand.pk), scope, terms))
    journal.write()
    return grant


@transaction.atomic
def share(
    *, by: User, factory: Factory, brands: Collection[Brand], scopes: Collection[str], terms: Terms
) -> list[SharingGrant]:
    """Let several brands read several kinds of data on the same terms: all of it, or nothing.

    Raises as `grant_access` does; the message names the brand that it is about.
    """
    journal = Journal(deciding_situation(by, factory.pk, [brand.pk for brand in brands]))
    grants = [grant for brand in brands for grant in grant_each(journal, brand, scopes, terms)]
    journal.write()
    return grants


def grant_each(
    journal: Journal, brand: Brand, scopes: Collection[str], terms: Terms, paper: Paper | None = None
) -> list[SharingGrant]:
    """Let a brand read several kinds of data. Raises as `granting` does; the message names the brand."""
    situation = journal.situation
    position = situation.of(brand.pk)
    try:
        return [settle(journal, granting(situation, position, scope, terms, paper)) for scope in scopes]
    except ValidationError as error:
        if "brand" not in getattr(error, "error_dict", {}):
            raise
        texts = [f"{brand.name}: {text}" for text in error.message_dict["brand"]]
        raise ValidationError({"brand": texts}) from error


@transaction.atomic
def share_again(*, by: User, factory: Factory, grants: Collection[SharingGrant]) -> list[SharingGrant]:
    """Share again, each on its old terms, what `factory` stopped: all of it, or nothing.

    The same grants again (a double click) give the same new ones. Raises `PermissionDenied`, or as `resuming` does; the
    message names the brand that it is about.
    """
    journal = Journal(deciding_situation(by, factory.pk, {stopped.brand_id for stopped in grants}))
    new = [_resume(journal, stopped) for stopped in grants]
    journal.write()
    return new


def _resume(journal: Journal, stopped: SharingGrant) -> SharingGrant:
    position = journal.situation.of(stopped.brand_id)
    try:
        return settle(journal, resuming(journal.situation, position, stopped.pk))
    except ValidationError as error:
        raise type(error)([f"{position.brand.name}: {text}" for text in error.messages]) from error


@transaction.atomic
def change_grant(*, by: User, grant: SharingGrant, terms: Terms) -> SharingGrant:
    """Replace a grant by one with other terms; the old one is kept, ended. Raises as `grant_access` does.

    Without `terms.valid_from`, the change starts now; the past stays as it was. A change that a second person has to
    confirm is proposed: until then the old grant continues. A new change replaces one that was proposed.
    """
    situation = deciding_situation(by, grant.factory_id, [grant.brand_id])
    position, journal = situation.of(grant.brand_id), Journal(situation)
    changed = settle(journal, changing(situation, position, position.grant(grant.pk), terms))
    journal.write()
    return changed


def settle(journal: Journal, outcome: Outcome) -> SharingGrant:
    """Carry out an outcome that was worked out under the factory's lock; add its events and notices to the journal."""
    for one in outcome.ends:
        end_grant(journal, one, outcome.end_code)
    if outcome.kind is not None:
        _start(journal, outcome.grant, outcome.kind)
        _carry_over(journal, outcome)
    return outcome.grant


def _carry_over(journal: Journal, outcome: Outcome) -> None:
    """Let a changed proposal answer the requests that the one before it would have.

    A change that only narrows takes effect without the second person: it is no answer to a request for more. An expired
    proposal has no successor: whoever agrees once more answers the request anew.
    """
    proposals = [one for one in outcome.ends if not one.is_confirmed and outcome.end_code is End.CHANGED]
    if proposals and (outcome.grant.needs_confirmation or not journal.situation.factory.confirms_sharing):
        carry_over(proposals, outcome.grant, by=journal.situation.by)


def end_grant(
    journal: Journal,
    grant: SharingGrant,
    code: End,
    *,
    reason: str = "",
    is_reason_shown: bool = False,
    at: datetime | None = None,
) -> None:
    """End an open grant of a locked factory, with its event: the one place where grants end.

    `reason` is what a person wrote, in their words; `at` is now by default.
    """
    grant.ended_at = end_of(grant, at or journal.situation.now)
    grant.ended_by, grant.end_code, grant.end_reason = journal.actor, code, reason.strip()[:300]
    grant.is_end_reason_shown = is_reason_shown and bool(grant.end_reason)
    grant.save(update_fields=["ended_at", "ended_by", "end_code", "end_reason", "is_end_reason_shown"])
    journal.event(EVENT_OF_END[code], grant, scope=grant.scope)
    journal.receipt(kind_of_end(grant), grant)
    # The brand was notified of an expiry when it happened; a change is announced with its successor; of what is undone
    # it never heard.
    if code not in {End.EXPIRED, End.CHANGED, End.UNDONE}:
        notify_ended(journal.notify, grant)


def _start(journal: Journal, grant: SharingGrant, kind: SharingEvent) -> None:
    position = journal.situation.of(grant.brand_id)
    grant.save()
    position.grants.append(grant)
    journal.event(kind, grant, **_terms_data(grant))
    journal.receipt(kind_of_start(grant), grant)
    notify_started(journal.notify, grant, position)
    if grant.needs_confirmation:
        journal.notify(SharingNotice.CONFIRMATION_ASKED, grant, "factory")


def _terms_data(grant: SharingGrant) -> dict[str, object]:
    return {
        "scope": grant.scope,
        "cycles": grant.cycles,
        "cycle_numbers": grant.cycle_numbers,
        "valid_from": grant.valid_from.isoformat(),
        "expires_at": grant.expires_at.isoformat() if grant.expires_at else None,
        "hold_days": grant.hold_days,
        "replaces": str(grant.replaces_id) if grant.replaces_id else None,
        "follows": str(grant.follows_id) if grant.follows_id else None,
    }
