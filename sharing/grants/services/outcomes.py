"""The outcome of a decision for the grants of one kind to one brand: checked and worked out, nothing written.

The verbs (`granting`, and those of requests and confirming) carry an outcome out, and the previews of
`portal.disclosure` show it: both raise the same errors, and the grant that is shown is the grant that is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.core.changed import HasChangedError
from sharing.access.positions import Position
from sharing.events import SharingEvent
from sharing.grants.ends import End
from sharing.grants.services.situation import Situation
from sharing.models import Scope, SharingGrant
from sharing.terms import Status, covers_all_of, in_order, misnamed, misnamed_in_words

CLOCKS_DIFFER = timedelta(minutes=5)
MOST_HOLD_DAYS = 365


@dataclass(frozen=True)
class Terms:
    """The terms of a grant: all but whom it concerns. `cycle_numbers` belong to cycles "from" (one) and "only"."""

    cycles: str = SharingGrant.Cycles.ALL
    cycle_numbers: Sequence[int] = ()
    valid_from: datetime | None = None
    expires_at: datetime | None = None
    purpose: str = ""
    hold_days: int = 0

    def __post_init__(self) -> None:
        """Name each cycle once and in order, as rows do: the same cycles are the same terms."""
        object.__setattr__(self, "cycle_numbers", in_order(self.cycle_numbers))

    def same_as(self, grant: SharingGrant) -> bool:
        """Return whether an existing grant already has these terms (apart from its start, unless one is asked for)."""
        return (
            self.cycles == grant.cycles
            and self.cycle_numbers == grant.cycle_numbers
            and self.expires_at == grant.expires_at
            and self.purpose.strip() == grant.purpose
            and self.hold_days == grant.hold_days
            and self.valid_from in (None, grant.valid_from)
        )

    def narrows(self, grant: SharingGrant) -> bool:
        """Return whether this opens nothing beyond `grant`: no other cycle, day or purpose, no shorter hold."""
        start = self.valid_from or timezone.now()
        ends_no_later = grant.expires_at is None or (
            self.expires_at is not None and self.expires_at <= grant.expires_at
        )
        return (
            covers_all_of(grant, self)
            and ends_no_later
            and start >= grant.valid_from
            and self.hold_days >= grant.hold_days
            and self.purpose.strip() == grant.purpose
        )


@dataclass(frozen=True)
class Paper:
    """The signed form behind a grant that staff record: who signed it, and the scan's name in private storage."""

    signed_by: str
    document: str


@dataclass(frozen=True)
class Outcome:
    """The effect of a decision: the grants in `ends` end for the reason `end_code`, and `grant` is what is shared then.

    `kind` is the event of a new grant, which is not stored yet; without `kind`, `grant` exists already.
    """

    grant: SharingGrant
    kind: SharingEvent | None = None
    ends: Sequence[SharingGrant] = ()
    end_code: End = End.CHANGED


def end_of(grant: SharingGrant, at: datetime) -> datetime:
    """Return when a grant that is ended at `at` ends: never before its beginning, even if the clock went back."""
    return max(at, grant.created_at, grant.confirmed_at or grant.created_at)


def granting(situation: Situation, position: Position, scope: str, terms: Terms, paper: Paper | None = None) -> Outcome:
    """Return what sharing one kind does. The same grant given twice is one; an expired one is ended first.

    Raises `ValidationError` when another grant for the same brand and scope is still open, the brand is not active,
    the terms make no sense, or a handover of the factory's manager is under way.
    """
    if not position.brand.is_active:
        raise ValidationError({"brand": _("This brand is not active on the portal.")})
    existing = position.open_grants(scope)
    expired = [one for one in existing if one.status() is Status.EXPIRED]
    standing = [one for one in existing if one not in expired]
    for one in standing:
        if terms.same_as(one):
            return Outcome(one, ends=expired, end_code=End.EXPIRED)
    if standing:
        raise ValidationError(
            {"brand": _("This brand already has access of this kind. Change the existing access instead.")}
        )
    grant = _new_grant(situation, position, scope, terms, paper=paper)
    return Outcome(grant, SharingEvent.GRANT_CREATED, expired, End.EXPIRED)


def resuming(situation: Situation, position: Position, key: UUID) -> Outcome:
    """Return what sharing again does, on its old terms, with a grant that the factory stopped.

    Idempotent: what has been resumed already is that grant. Raises as `granting` does, also where its end date has
    passed since, and `HasChangedError` where it is not (or no longer) a grant that can be resumed.
    """
    stopped = position.grant(key)
    if position.standing_grant(stopped.scope) is None and stopped not in position.stopped_grants():
        raise HasChangedError(_("This access has since been changed. Check the list before you change anything."))
    return granting(situation, position, stopped.scope, terms_again(stopped, situation.now))


def terms_again(grant: SharingGrant, now: datetime) -> Terms:
    """Return the terms of a grant for a new one; it begins now, unless the old one had not begun yet."""
    return Terms(
        cycles=grant.cycles,
        cycle_numbers=grant.cycle_numbers,
        valid_from=grant.valid_from if grant.valid_from > now else None,
        expires_at=grant.expires_at,
        purpose=grant.purpose,
        hold_days=grant.hold_days,
    )


def changing(situation: Situation, position: Position, grant: SharingGrant, terms: Terms) -> Outcome:
    """Return what other terms for a grant (one of the position's) do.

    A change that a second person has to confirm is proposed: until then the old grant continues. A new change replaces
    one that was proposed. Raises as `granting` does, and where the grant has ended.
    """
    if grant.ended_at is not None and position.successor(grant) is not None:
        raise HasChangedError(_("This access has since been changed. Check the list before you change anything."))
    if grant.ended_at is not None:
        raise HasChangedError(_("This access has since ended. Check the list before you change anything."))
    standing = position.open_grants(grant.scope)
    given = next((one for one in standing if one.is_confirmed), None)
    if given is not None and terms.same_as(given):
        return Outcome(given, ends=[grant] if grant != given else [])  # the proposed change is taken back
    if same := next((one for one in standing if terms.same_as(one)), None):
        return Outcome(same)
    waits = situation.factory.confirms_sharing and not (given is not None and terms.narrows(given))
    ends = [one for one in standing if not (waits and one is given)]
    follows = position.with_successors(grant)[-1]
    new = _new_grant(situation, position, grant.scope, terms, follows=follows, given=given, is_given_ended=not waits)
    return Outcome(new, SharingEvent.GRANT_CHANGED, ends)


def _new_grant(
    situation: Situation,
    position: Position,
    scope: str,
    terms: Terms,
    *,
    follows: SharingGrant | None = None,
    given: SharingGrant | None = None,
    is_given_ended: bool = False,
    paper: Paper | None = None,
) -> SharingGrant:
    """Return a new, unsaved grant; `follows` is the one before, given or only proposed, `given` the brand's so far."""
    gives_nothing_more = given is not None and terms.narrows(given)
    if not gives_nothing_more:
        situation.refuse_while_handed_over()
    # If it replaces another one, it begins where that ended, without a gap: what was open stays open.
    begins = end_of(given, situation.now) if given is not None and is_given_ended else situation.now
    grant = SharingGrant(
        factory=situation.factory,
        brand=position.brand,
        scope=scope,
        cycles=terms.cycles,
        cycle_numbers=list(terms.cycle_numbers),
        valid_from=terms.valid_from or begins,
        expires_at=terms.expires_at,
        purpose=terms.purpose.strip(),
        hold_days=terms.hold_days,
        granted_by=situation.by,
        granted_for=paper.signed_by if paper else "",
        consent_document=paper.document if paper else "",
        needs_confirmation=situation.factory.confirms_sharing and not gives_nothing_more,
        replaces=given,
        follows=follows,
    )
    _check_terms(grant, situation.now)
    grant.clean_fields(exclude=["factory", "brand", "granted_by", "replaces", "follows"])
    return grant


def _check_terms(grant: SharingGrant, now: datetime) -> None:
    """Raise `ValidationError` by field for what the table's constraints would refuse, and for what makes no sense."""
    errors = {}
    if wrong := misnamed(grant.cycles, grant.cycle_numbers):
        errors["cycle_numbers"] = misnamed_in_words(wrong)
    if grant.valid_from < now - CLOCKS_DIFFER:
        errors["valid_from"] = _("Access cannot start in the past. Choose the present or a later moment.")
    if grant.expires_at is not None and grant.expires_at <= max(now, grant.valid_from):
        errors["expires_at"] = _("The end must be in the future, and after the start.")
    if grant.scope not in Scope.values:
        errors["scope"] = _("Choose one of the kinds of data listed.")
    if not 0 <= grant.hold_days <= MOST_HOLD_DAYS:
        errors["hold_days"] = _("Choose 0 to %s days.") % MOST_HOLD_DAYS
    if errors:
        raise ValidationError(errors)
