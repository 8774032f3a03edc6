"""The facts behind a decision about consent: who decides, the factory's settings, its position with the brands.

Three statements whatever the number of brands. A verb reads it after it has locked the factory's row, in statements
of their own, so that what was decided while it waited for the lock counts; a preview reads it without a lock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from factories.models import Factory, FactoryRole, Handover
from factories.services import lock_factory
from factories.services.handovers import being_handed_over
from portal.accounts.models import User
from portal.accounts.roles import permitted_ids
from sharing.access.positions import Position, positions
from sharing.access.publication import Subject
from sharing.models import SharingGrant
from sharing.receipts.queries import with_newest_receipt
from sharing.requests.queries import with_requests


@dataclass(frozen=True)
class Situation:
    """The person who decides for a factory, and the facts at that time. `roles`: those of `by` in the factory."""

    by: User
    factory: Factory
    now: datetime
    may_decide: bool
    may_confirm: bool
    is_handed_over: bool
    roles: frozenset[str]
    positions: dict[int, Position]

    def of(self, brand_id: int) -> Position:
        """Return the factory's position with one of the brands."""
        return self.positions[brand_id]

    def require_decider(self) -> None:
        """Raise `PermissionDenied` unless `by` decides who sees this factory's data."""
        if not self.may_decide:
            raise PermissionDenied(_("Only a manager of this factory can decide who sees its data."))

    def require_second(self, first_id: int) -> None:
        """Raise `PermissionDenied` unless `by` confirms for this factory and is somebody else than the first."""
        if not self.may_confirm:
            raise PermissionDenied(_("Only the factory's worker representative confirms what its managers share."))
        if self.by.pk == first_id:
            text = _("You cannot confirm access that you granted yourself. Someone else must confirm it.")
            raise PermissionDenied(text)

    def refuse_while_handed_over(self) -> None:
        """Raise `ValidationError` while a handover of the factory's manager is under way."""
        if self.is_handed_over:
            raise being_handed_over(self.factory)


def situation_of(by: User, factory: Factory, brand_ids: Iterable[int], reports: Sequence[Subject] = ()) -> Situation:
    """Return the situation of a factory (with its programme loaded) with these brands; `reports`: see `positions`."""
    inside = OuterRef("pk")
    facts = Factory.objects.filter(pk=factory.pk).values_list(
        Exists(permitted_ids(by, "factory", "manage_sharing").filter(organisation_id=inside)),
        Exists(permitted_ids(by, "factory", "confirm_sharing").filter(organisation_id=inside)),
        Exists(Handover.objects.open().filter(factory=inside)),
        ArraySubquery(FactoryRole.objects.filter(organisation=inside, group__user=by.pk).values("role")),
    )
    may_decide, may_confirm, is_handed_over, roles = facts.get()
    grants = with_requests(with_newest_receipt(SharingGrant.objects.all()))
    known = positions(factory, brand_ids, reports, grants)
    return Situation(by, factory, timezone.now(), may_decide, may_confirm, is_handed_over, frozenset(roles), known)


def situation_to_decide(
    by: User, factory: Factory, brand_ids: Iterable[int], reports: Sequence[Subject] = ()
) -> Situation:
    """Return the same for somebody who decides for the factory, without its lock. Raises `PermissionDenied`."""
    situation = situation_of(by, factory, brand_ids, reports)
    situation.require_decider()
    return situation


def locked_situation(by: User, factory_id: int, brand_ids: Iterable[int]) -> Situation:
    """Return the situation under the factory's lock, which lasts until the transaction ends."""
    return situation_of(by, lock_factory(factory_id), brand_ids)


def deciding_situation(by: User, factory_id: int, brand_ids: Iterable[int]) -> Situation:
    """Return the same for somebody who decides who sees the factory's data. Raises `PermissionDenied`."""
    situation = locked_situation(by, factory_id, brand_ids)
    situation.require_decider()
    return situation
