"""Ending consent: one grant, everything of a brand, or all that a factory shares.

Nothing opens through an ended grant from the next query on (R7, invariant 4), for nothing keeps an answer of the
access decision. Each verb is one transaction under the factory's lock and does nothing the second time. What a
revoke cannot reach, copies that were downloaded, the brand is asked to destroy (`sharing.services.copies`).
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.db import transaction

from brands.models import Brand
from factories.models import Factory
from factories.services import lock_factory
from portal.accounts.models import User
from portal.core.events import record
from portal.notices.outbox import announce
from sharing.models import SharingGrant
from sharing.querysets import SharingGrantQuerySet
from sharing.services.copies import ask_to_destroy
from sharing.services.grants import authorise_decider, end_grant, open_grants, with_successors


@transaction.atomic
def revoke_access(*, by: User, grant: SharingGrant, reason: str = "", is_reason_shown: bool = False) -> SharingGrant:
    """End a grant. Twice is once. The brand learns the reason only with `is_reason_shown`.

    A grant whose terms were changed meanwhile lives on in its successor: that one ends, too, and so does a change that
    waits for a second person, so that nobody who was told "they can no longer see this" is wrong. Only a change that
    still waits ends alone: it is taken back, and what it would have changed goes on. Raises `PermissionDenied`.
    """
    factory = lock_factory(grant.factory_id)
    authorise_decider(by, factory)
    grant = SharingGrant.objects.select_related("brand").get(pk=grant.pk)
    standing = list(open_grants(grant.factory_id, grant.brand_id, grant.scope))
    if not any(one.ended_at is None for one in with_successors(grant)):
        standing = []  # it is over, and another sharing that was begun since is not meant
    if grant.ended_at is None and not grant.is_given:
        standing = [one for one in standing if one == grant]
    _end_all(by, factory, standing, reason, is_reason_shown)
    return next((one for one in standing if one == grant), standing[-1] if standing else with_successors(grant)[-1])


@transaction.atomic
def revoke_brand(
    *, by: User, factory: Factory, brand: Brand, reason: str = "", is_reason_shown: bool = False
) -> list[SharingGrant]:
    """End everything that `factory` shares with `brand`, now or from a later day on; returns what ended.

    What was granted since the asker looked ends, too. Nothing left to end (a double click) is no error. Raises
    `PermissionDenied`.
    """
    factory = lock_factory(factory.pk)
    authorise_decider(by, factory)
    grants = list(_open_grants(factory).filter(brand=brand))
    _end_all(by, factory, grants, reason, is_reason_shown)
    return grants


@transaction.atomic
def stop_all_sharing(
    *, by: User, factory: Factory, reason: str = "", is_reason_shown: bool = False
) -> list[SharingGrant]:
    """End everything that `factory` shares with any brand; returns what ended. As `revoke_brand`."""
    factory = lock_factory(factory.pk)
    authorise_decider(by, factory)
    grants = list(_open_grants(factory))
    _end_all(by, factory, grants, reason, is_reason_shown)
    if grants:
        record("sharing.stopped_all", by=by, factory_id=factory.pk, subject=factory.pk, grants=len(grants))
    return grants


def _open_grants(factory: Factory) -> SharingGrantQuerySet:
    grants: SharingGrantQuerySet = SharingGrant.objects.filter(factory=factory).not_over()
    return grants.select_related("brand").order_by("brand", "scope")


def _end_all(by: User, factory: Factory, grants: Sequence[SharingGrant], reason: str, is_reason_shown: bool) -> None:
    """End grants (sorted by brand), and tell each brand once what it lost and what it is asked to destroy."""
    for brand, own in groupby(grants, key=lambda grant: grant.brand):
        ended = list(own)
        for grant in ended:
            end_grant(grant, by=by, reason=reason, kind="sharing.revoked", is_reason_shown=is_reason_shown)
            _tell(grant)
        shown = reason.strip()[:300] if is_reason_shown else ""
        if scopes := {grant.scope for grant in ended if grant.is_given}:
            ask_to_destroy(by=by, factory=factory, brand=brand, scopes=scopes, reason=shown)


def _tell(grant: SharingGrant) -> None:
    """The brand, unless it never knew of the grant; and the factory's own people."""
    ids: dict[str, Any] = {"factory_id": grant.factory_id, "brand_id": grant.brand_id, "subject": grant.pk}
    if grant.is_given:
        announce("sharing_ended", side="brand", organisation_id=grant.brand_id, **ids)
    announce("sharing_ended", side="factory", organisation_id=grant.factory_id, **ids)
