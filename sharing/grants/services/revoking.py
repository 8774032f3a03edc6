"""Ending consent: one grant, everything of a brand, or all that a factory shares.

Nothing opens through an ended grant from the next query on (R7, invariant 4), because no answer of the access
decision is cached. Each verb is one transaction under the factory's lock and does nothing the second time. A revoke
cannot reach copies that were downloaded: the brand is asked to destroy them (`sharing.copies.services`).
"""

from collections.abc import Sequence
from itertools import groupby

from django.db import transaction

from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.core.events import record
from sharing.copies.services import ask_to_destroy
from sharing.events import SharingEvent
from sharing.grants.ends import End
from sharing.grants.services.granting import end_grant
from sharing.grants.services.journal import Journal
from sharing.grants.services.situation import Situation, deciding_situation
from sharing.models import SharingGrant
from sharing.notice_names import SharingNotice
from sharing.terms import Status


@transaction.atomic
def revoke_access(*, by: User, grant: SharingGrant, reason: str = "", is_reason_shown: bool = False) -> SharingGrant:
    """End a grant; return what ended last. Idempotent. The brand learns the reason only with `is_reason_shown`.

    A grant whose terms have since changed continues in its successor: that one ends, too, and so does a change that
    waits for a second person, so that the message "they can no longer see this" is always true. If `grant` itself is a
    change that still waits, it ends alone: it is taken back, and what it would have changed continues. Raises
    `PermissionDenied`.
    """
    situation = deciding_situation(by, grant.factory_id, [grant.brand_id])
    position = situation.of(grant.brand_id)
    grant = position.grant(grant.pk)
    standing, chain = position.open_grants(grant.scope), position.with_successors(grant)
    if not any(one.ended_at is None for one in chain):
        standing = []  # it has ended, and other access that was granted since is not meant
    if grant.ended_at is None and not grant.is_confirmed:
        standing = [grant]
    _end_all(situation, standing, reason, is_reason_shown)
    return grant if grant in standing else max([*chain, *standing], key=lambda one: one.ended_at or situation.now)


@transaction.atomic
def revoke_brand(
    *, by: User, factory: Factory, brand: Brand, reason: str = "", is_reason_shown: bool = False
) -> list[SharingGrant]:
    """End everything that `factory` shares with `brand`, now or from a later day on; return what ended.

    What was granted since the page was opened ends, too. Nothing left to end (a double click) is no error. Raises
    `PermissionDenied`.
    """
    return _end_running(deciding_situation(by, factory.pk, [brand.pk]), reason, is_reason_shown)


@transaction.atomic
def stop_all_sharing(
    *, by: User, factory: Factory, reason: str = "", is_reason_shown: bool = False
) -> list[SharingGrant]:
    """End everything that `factory` shares with any brand; return what ended. As `revoke_brand`."""
    shared_with = SharingGrant.objects.filter(factory=factory, ended_at=None).values_list("brand", flat=True)
    situation = deciding_situation(by, factory.pk, shared_with.distinct())  # read once the factory is locked
    grants = _end_running(situation, reason, is_reason_shown)
    if grants:
        record(SharingEvent.SHARING_STOPPED, by=by, factory_id=factory.pk, subject=factory.pk, grants=len(grants))
    return grants


def _end_running(situation: Situation, reason: str, is_reason_shown: bool) -> list[SharingGrant]:
    """End what is shared now, from a later day on, or waits for a second person; return it, brand by brand."""
    places = sorted(situation.positions.items())
    grants = [one for _brand, place in places for one in sorted(place.grants, key=lambda grant: grant.scope)]
    running = [one for one in grants if one.ended_at is None and one.status() is not Status.EXPIRED]
    _end_all(situation, running, reason, is_reason_shown)
    return running


def _end_all(situation: Situation, grants: Sequence[SharingGrant], reason: str, is_reason_shown: bool) -> None:
    """End grants (sorted by brand); notify each brand of what it lost, and once of what it is asked to destroy."""
    journal = Journal(situation)
    for grant in grants:
        end_grant(journal, grant, End.STOPPED, reason=reason, is_reason_shown=is_reason_shown)
        if grant.is_confirmed:  # the brand never knew of any other
            journal.notify(SharingNotice.ACCESS_ENDED, grant, "brand")
        journal.notify(SharingNotice.ACCESS_ENDED, grant, "factory")
    journal.write()
    shown = reason.strip()[:300] if is_reason_shown else ""
    for brand, own in groupby(grants, key=lambda grant: grant.brand):
        if scopes := {grant.scope for grant in own if grant.is_confirmed}:
            ask_to_destroy(by=situation.by, factory=situation.factory, brand=brand, scopes=scopes, reason=shown)
