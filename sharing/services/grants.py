"""Consent as verbs: grant, change. Ending it is in `sharing.services.revoking`.

Each verb locks the factory row first (publication takes the same lock), authorises, writes the row and its event
in one transaction. Only somebody who may `manage_sharing` on the factory decides (R6); SLCP is not involved (R4).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from brands.models import Brand
from factories.models import Factory
from factories.services import lock_factory, refuse_while_handed_over
from portal.accounts.models import User
from portal.core.events import record
from portal.notices.outbox import announce
from sharing.models import Scope, SharingGrant
from sharing.notices.grants import tell_ended, tell_started
from sharing.services.receipts import issue_for_end, issue_for_start


@dataclass(frozen=True)
class Terms:
    """What a grant says besides whom it concerns. `cycle_number` belongs to cycles "from" and "only"."""

    cycles: str = SharingGrant.Cycles.ALL
    cycle_number: int | None = None
    valid_from: datetime | None = None
    expires_at: datetime | None = None
    purpose: str = ""
    hold_days: int = 0

    def same_as(self, grant: SharingGrant) -> bool:
        """Whether an existing grant already says this (its start aside, unless one is asked for)."""
        return (
            self.cycles == grant.cycles
            and self.cycle_number == grant.cycle_number
            and self.expires_at == grant.expires_at
            and self.purpose.strip() == grant.purpose
            and self.hold_days == grant.hold_days
            and self.valid_from in (None, grant.valid_from)
        )

    def narrows(self, grant: SharingGrant) -> bool:
        """Whether this opens nothing that `grant` does not open: no cycle, day or purpose more, no shorter hold."""
        start = self.valid_from or timezone.now()
        ends_no_later = grant.expires_at is None or (
            self.expires_at is not None and self.expires_at <= grant.expires_at
        )
        return (
            self._cycles_within(grant)
            and ends_no_later
            and start >= grant.valid_from
            and self.hold_days >= grant.hold_days
            and self.purpose.strip() == grant.purpose
        )

    def _cycles_within(self, grant: SharingGrant) -> bool:
        if grant.cycles == SharingGrant.Cycles.ALL:
            return True
        if self.cycles == SharingGrant.Cycles.ALL or self.cycle_number is None or grant.cycle_number is None:
            return False
        if grant.cycles == SharingGrant.Cycles.FROM:
            return self.cycle_number >= grant.cycle_number
        return self.cycles == SharingGrant.Cycles.ONLY and self.cycle_number == grant.cycle_number


@dataclass(frozen=True)
class Paper:
    """The signed form behind a grant that staff record: who signed it, and the scan's name in private storage."""

    signed_by: str
    document: str


CLOCKS_DIFFER = timedelta(minutes=5)


def authorise_decider(by: User, factory: Factory) -> None:
    """Raises `PermissionDenied` unless `by` decides who sees this factory's data."""
    if not Factory.objects.where(by, "manage_sharing").filter(pk=factory.pk).exists():
        raise PermissionDenied(_("Only a manager of this factory decides who sees its data."))


@transaction.atomic
def grant_access(*, by: User, factory: Factory, brand: Brand, scope: str, terms: Terms) -> SharingGrant:
    """Let `brand` read `scope` of `factory` on these terms.

    The same grant given twice (a double click) is one grant. A grant that ran out is ended first. Raises
    `PermissionDenied`, or `ValidationError` when another grant for the same brand and scope is still open, the
    brand is not active, or the terms make no sense.
    """
    factory = lock_factory(factory.pk)
    authorise_decider(by, factory)
    return give(by=by, factory=factory, brand=brand, scope=scope, terms=terms, kind="sharing.granted")


def give(
    *, by: User, factory: Factory, brand: Brand, scope: str, terms: Terms, kind: str, paper: Paper | None = None
) -> SharingGrant:
    """The grant, once its factory is locked and `by` was found to have the right; otherwise as `grant_access`."""
    if not Brand.objects.filter(pk=brand.pk, is_active=True).exists():
        raise ValidationError({"brand": _("This brand is not active on the portal.")})
    standing = []
    for existing in open_grants(factory.pk, brand.pk, scope):
        if existing.status() == "expired":
            end_grant(existing, by=by, reason=_("Its period was over."), kind="sharing.expired_ended")
        else:
            standing.append(existing)
    for existing in standing:
        if terms.same_as(existing):
            return existing
    if standing:
        raise ValidationError(
            {"brand": _("This brand already has access of this kind. Change the existing sharing instead.")}
        )
    return _start(by=by, factory=factory, brand=brand, scope=scope, terms=terms, kind=kind, paper=paper)


def open_grants(factory_id: int, brand_id: int, scope: str) -> QuerySet[SharingGrant]:
    """What was not ended of one kind to one brand: what is given, and a change of it that waits for a second person."""
    grants = SharingGrant.objects.filter(factory=factory_id, brand=brand_id, scope=scope, ended_at=None)
    return grants.select_related("factory", "brand").order_by("created_at", "pk")


def with_successors(grant: SharingGrant) -> list[SharingGrant]:
    """The grant, and those that took its place or would have, change after change: the last one may be refused."""
    chain = [grant]
    while successor := SharingGrant.objects.select_related("factory", "brand").filter(replaces=chain[-1]).first():
        chain.append(successor)
    return chain


@transaction.atomic
def share(
    *, by: User, factory: Factory, brands: Collection[Brand], scopes: Collection[str], terms: Terms
) -> list[SharingGrant]:
    """Let several brands read several kinds of data on the same terms: all of it, or nothing.

    Raises as `grant_access` does; the message names the brand that stood in the way.
    """
    grants = []
    for brand, scope in _pairs(brands, scopes):
        try:
            grants.append(grant_access(by=by, factory=factory, brand=brand, scope=scope, terms=terms))
        except ValidationError as error:
            raise naming(brand, error) from error
    return grants


def _pairs(brands: Iterable[Brand], scopes: Collection[str]) -> list[tuple[Brand, str]]:
    return [(brand, scope) for brand in brands for scope in scopes]


def naming(brand: Brand, error: ValidationError) -> ValidationError:
    """The same error, with the brand's name before what concerns the brand."""
    if "brand" not in getattr(error, "error_dict", {}):
        return error
    return ValidationError({"brand": [f"{brand.name}: {text}" for text in error.message_dict["brand"]]})


@transaction.atomic
def change_grant(*, by: User, grant: SharingGrant, terms: Terms) -> SharingGrant:
    """Replace a grant by one with other terms; the old one is kept, ended. Raises as `grant_access` does.

    Without `terms.valid_from`, the change starts now; the past stays as it was. A change that a second person has to
    confirm is proposed: until then the old grant goes on. A new change takes the place of one that was proposed.
    """
    factory = lock_factory(grant.factory_id)
    authorise_decider(by, factory)
    grant = SharingGrant.objects.select_related("brand").get(pk=grant.pk)
    if grant.ended_at is not None:
        raise ValidationError(_("This sharing has ended meanwhile. Look at the list again before you change it."))
    standing = list(open_grants(grant.factory_id, grant.brand_id, grant.scope))
    given = next((one for one in standing if one.is_given), None)
    if given is not None and terms.same_as(given):
        if grant != given:  # what was proposed is taken back
            end_grant(grant, by=by, reason=_("Changed"), kind="sharing.changed_from")
        return given
    if same := next((one for one in standing if terms.same_as(one)), None):
        return same
    waits = factory.confirms_sharing and not (given is not None and terms.narrows(given))
    replaces = with_successors(grant)[-1]
    for one in standing:
        if not (waits and one is given):
            end_grant(one, by=by, reason=_("Changed"), kind="sharing.changed_from")
    replaces.refresh_from_db(fields=["ended_at"])
    return _start(
        by=by,
        factory=factory,
        brand=grant.brand,
        scope=grant.scope,
        terms=terms,
        kind="sharing.changed",
        replaces=replaces,
        given=given,
    )


def end_grant(
    grant: SharingGrant,
    *,
    by: User,
    reason: str,
    kind: str,
    is_reason_shown: bool = False,
    at: datetime | None = None,
) -> None:
    """End an open grant of a locked factory, with its event: the one place where grants end. `at`: now, unless told."""
    # Not before its beginning, whatever became of the clock: an end must never fail.
    grant.ended_at = max(at or timezone.now(), grant.created_at, grant.confirmed_at or grant.created_at)
    grant.ended_by, grant.end_reason = by, reason.strip()[:300]
    grant.is_end_reason_shown = is_reason_shown and bool(grant.end_reason)
    grant.save(update_fields=["ended_at", "ended_by", "end_reason", "is_end_reason_shown"])
    record(kind, by=by, factory_id=grant.factory_id, brand_id=grant.brand_id, subject=grant.pk, scope=grant.scope)
    issue_for_end(grant=grant, by=by)
    # That it ran out was told when it did; of a change its successor tells.
    if kind not in {"sharing.expired_ended", "sharing.changed_from"}:
        tell_ended(grant)


def _start(
    *,
    by: User,
    factory: Factory,
    brand: Brand,
    scope: str,
    terms: Terms,
    kind: str,
    replaces: SharingGrant | None = None,
    given: SharingGrant | None = None,
    paper: Paper | None = None,
) -> SharingGrant:
    """`replaces` is the grant before it, given or only proposed; `given` the one that the brand has until now."""
    now = timezone.now()
    gives_nothing_more = given is not None and terms.narrows(given)
    if not gives_nothing_more:
        refuse_while_handed_over(factory)
    grant = SharingGrant(
        factory=factory,
        brand=brand,
        scope=scope,
        cycles=terms.cycles,
        cycle_number=terms.cycle_number,
        # In place of another one it begins where that ended, without a gap: what was open stays open.
        valid_from=terms.valid_from or (given and given.ended_at) or now,
        expires_at=terms.expires_at,
        purpose=terms.purpose.strip(),
        hold_days=terms.hold_days,
        granted_by=by,
        granted_for=paper.signed_by if paper else "",
        consent_document=paper.document if paper else "",
        needs_confirmation=factory.confirms_sharing and not gives_nothing_more,
        replaces=replaces,
    )
    _check_terms(grant, now)
    grant.full_clean(exclude=["factory", "brand", "granted_by", "replaces"], validate_unique=False)
    grant.save()
    record(kind, by=by, factory_id=factory.pk, brand_id=brand.pk, subject=grant.pk, **_terms_data(grant))
    issue_for_start(grant=grant, by=by)
    tell_started(grant)
    if grant.needs_confirmation:
        ids: dict[str, Any] = {"factory_id": factory.pk, "brand_id": brand.pk, "subject": grant.pk}
        announce("grant_to_confirm", side="factory", organisation_id=factory.pk, **ids)
    return grant


def _check_terms(grant: SharingGrant, now: datetime) -> None:
    errors = {}
    if grant.cycles == SharingGrant.Cycles.ALL and grant.cycle_number is not None:
        errors["cycle_number"] = _("Leave the cycle empty when all cycles are shared.")
    if grant.cycles != SharingGrant.Cycles.ALL and grant.cycle_number is None:
        errors["cycle_number"] = _("Say which cycle.")
    if grant.valid_from < now - CLOCKS_DIFFER:
        errors["valid_from"] = _("Sharing cannot begin in the past: what was not shared then stays that way.")
    if grant.expires_at is not None and grant.expires_at <= max(now, grant.valid_from):
        errors["expires_at"] = _("The end must be in the future, and after the start.")
    if grant.scope not in Scope.values:
        errors["scope"] = _("Choose one of the kinds of data listed.")
    if errors:
        raise ValidationError(errors)


def _terms_data(grant: SharingGrant) -> dict[str, Any]:
    return {
        "scope": grant.scope,
        "cycles": grant.cycles,
        "cycle_number": grant.cycle_number,
        "valid_from": grant.valid_from.isoformat(),
        "expires_at": grant.expires_at.isoformat() if grant.expires_at else None,
        "hold_days": grant.hold_days,
        "replaces": str(grant.replaces_id) if grant.replaces_id else None,
    }
