"""The standing of a brand with factories: asked already, may not ask yet, shared already.

It follows from those of the brand's own requests and grants that are visible to the reader: what others asked or hold
changes nothing here (invariant 3), nor does what a token may not read.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.utils import timezone
from django.utils.translation import gettext as _

from brands.models import Brand
from portal.accounts.roles import Visitor
from portal.core.days import SHORTEST, UTC_DAYS, Place, day_of, end_of, in_words, start_of
from portal.core.listing import joined
from sharing.models import AccessRequest, Scope, SharingGrant
from sharing.requests.states import Shown
from sharing.scopes import OFFERED_SCOPES
from sharing.terms import covers_all_of, in_order

LONGEST_WAIT = timedelta(days=366)  # programmes ask for at most 365 days before a brand may ask again


@dataclass(frozen=True)
class RequestedTerms:
    """The content of a brand's request. `cycle_numbers` belong to cycles "from" (one) and "only".

    It ends at a moment (`expires_at`), or with a day at each factory's place (`last_day`), or when the factory ends it.
    """

    scopes: tuple[str, ...]
    purpose: str
    cycles: str = SharingGrant.Cycles.ALL
    cycle_numbers: Sequence[int] = ()
    expires_at: datetime | None = None
    message: str = ""
    last_day: date | None = None

    def __post_init__(self) -> None:
        """Name each cycle once and in order, as rows do."""
        object.__setattr__(self, "cycle_numbers", in_order(self.cycle_numbers))

    def at(self, place: Place) -> "RequestedTerms":
        """Return what is asked of one factory: a last day ends with that day at its place (R54)."""
        if self.last_day is None:
            return self
        return replace(self, expires_at=end_of(self.last_day, place), last_day=None)


class Word(StrEnum):
    """The standing of a brand with a factory, in a word."""

    ASKED = "asked"
    COOLING = "cooling"  # it may not ask for anything yet
    SHARED = "shared"
    FREE = "free"


@dataclass
class Standing:
    """One brand and one factory: the open request, what is shared, and until when it may not ask again."""

    asked: AccessRequest | None = None
    shared: list[SharingGrant] = field(default_factory=list)
    waits: list[tuple[frozenset[str], datetime]] = field(default_factory=list)
    place: Place = UTC_DAYS  # the factory, once there is a request whose days are shown

    @property
    def word(self) -> Word:
        """The standing in a word; `SHARED` if anything is shared."""
        if self.asked is not None:
            return Word.ASKED
        if all(self.again_from([scope]) for scope in OFFERED_SCOPES):
            return Word.COOLING
        return Word.SHARED if self.shared else Word.FREE

    @property
    def may_ask(self) -> bool:
        """Whether there is anything that the brand may ask this factory for now."""
        return self.word in {Word.FREE, Word.SHARED} and not self._shares_everything()

    def again_from(self, scopes: Collection[str]) -> datetime | None:
        """Return when the brand may ask for these scopes again; None: now."""
        ends = [end for about, end in self.waits if about & set(scopes)]
        return max(ends, default=None)

    def next_time(self) -> datetime | None:
        """Return the first moment at which the brand may ask for something again; None: now."""
        ends = [self.again_from([scope]) for scope in OFFERED_SCOPES]
        return None if None in ends else min(filter(None, ends))

    def in_words(self) -> str:
        """Return what the brand reads beside the factory's name; empty where there is nothing to say."""
        if self.asked is not None:
            return _("You asked on %s.") % in_words(self.asked.created_at, self.place)
        words = []
        if self.shared:
            kinds = sorted({str(grant.get_scope_display()) for grant in self.shared})
            words.append(_("Shared with you: %s.") % joined(kinds))
        if again := self.next_time():
            words.append(_("You can ask again from %s on.") % in_words(again, self.place))
        return " ".join(words)

    def refusal(self, terms: RequestedTerms) -> str:
        """Return why this request may not be sent now, as a sentence; empty if it may."""
        if self.asked is not None:
            return _("You asked on %s, and the factory has not answered yet.") % in_words(
                self.asked.created_at, self.place
            )
        if again := self.again_from(terms.scopes):
            return _("You asked for this recently. You can ask again from %s on.") % in_words(again, self.place)
        if all(any(covers(grant, terms) for grant in self.shared if grant.scope == scope) for scope in terms.scopes):
            return _("The factory shares all of this with your brand already.")
        return ""

    def _shares_everything(self) -> bool:
        everything = RequestedTerms(scopes=OFFERED_SCOPES, purpose="")
        return all(
            any(covers(one, everything) for one in self.shared if one.scope == scope) for scope in OFFERED_SCOPES
        )


def covers(grant: SharingGrant, terms: "RequestedTerms") -> bool:
    """Return whether a grant opens all the cycles that `terms` asks for, for as long as it asks."""
    return covers_all_of(grant, terms) and (
        grant.expires_at is None or (terms.expires_at is not None and grant.expires_at >= terms.expires_at)
    )


def standings(user: Visitor, brand: Brand, factory_ids: Iterable[int]) -> dict[int, Standing]:
    """Return the standing of `brand` with each factory, as far as `user` sees it: two queries whatever their number."""
    now = timezone.now()
    found = {factory_id: Standing() for factory_id in factory_ids}
    requests = AccessRequest.objects.visible_to(user).filter(brand=brand, factory__in=list(found)).for_brand()
    recent = requests.filter(created_at__gte=now - 2 * LONGEST_WAIT).select_related("factory__programme")
    for request in recent:
        standing = found[request.factory_id]
        standing.place = request.factory
        if request.shown_state == Shown.OPEN:
            standing.asked = request
        elif (again := may_ask_again(request)) > now:
            standing.waits.append((_reasked(request), again))
    grants = SharingGrant.objects.visible_to(user).filter(brand=brand, factory__in=list(found)).not_ended()
    for grant in grants.exclude(needs_confirmation=True, confirmed_at=None).order_by("scope"):
        found[grant.factory_id].shared.append(grant)
    return found


def may_ask_again(request: AccessRequest) -> datetime:
    """Return when the brand may ask the factory of a closed request again: as the day begins there (R54).

    `factory__programme` must be loaded.
    """
    factory = request.factory
    closed = request.answered_at or request.lapses_at
    last = day_of(closed - SHORTEST, factory)  # for a lapsed request, the last day on which it was open
    return start_of(last + timedelta(days=factory.programme.request_again_days), factory)


def _reasked(request: AccessRequest) -> frozenset[str]:
    """Return what a brand may not ask for while it waits: after a yes the scopes of the request, otherwise any."""
    given = request.shown_state == Shown.APPROVED
    return frozenset(request.scopes if given else Scope.values)
