"""The brands of a factory, one row each: what a brand sees, until when, and what waits. For the factory's side only."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BigIntegerField, Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.models import Assessment
from brands.identity import Identity, identities, identity_of, with_names_held
from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor
from portal.core.compiled import Key
from portal.core.days import in_words, last_day_in_words
from portal.core.listing import listed
from portal.disclosure.openings import waiting_lines
from portal.disclosure.previews import Line, Sight, lines_of, reports_of, sight_of
from sharing.access import ASSESSMENT_SCOPES
from sharing.access.positions import Position, positions
from sharing.copies.downloaded import kept
from sharing.grants.models import SharingGrantQuerySet
from sharing.grants.services.renewals import with_ends_soon
from sharing.grants.undo import may_be_undone
from sharing.models import AccessRecord, AccessRequest, SharingGrant
from sharing.receipts.queries import with_receipt
from sharing.records.queries import with_last_viewed, with_settled
from sharing.scopes import RULES

NOW, WAITING, ENDED = "now", "waiting", "ended"


@dataclass(frozen=True)
class BrandRow:
    """One brand in its relation to one factory. `request` is an open one; grants come from `with_last_viewed`."""

    position: Position
    identity: Identity
    sight: Sight
    request: AccessRequest | None = None

    @property
    def brand(self) -> Brand:
        """The brand."""
        return self.position.brand

    @property
    def names(self) -> list[str]:
        """The brand's name, and those it had before."""
        return self.identity.names

    @property
    def grants(self) -> list[SharingGrant]:
        """The grants that are in force, begin later or wait to be confirmed."""
        return [one for one in self.position.grants if not one.is_over]

    @property
    def past(self) -> list[SharingGrant]:
        """The grants that were ended or have expired, the last one first."""
        over = [one for one in self.position.grants if one.is_over]
        return sorted(over, key=lambda grant: grant.ends_at or grant.created_at, reverse=True)

    @property
    def stopped(self) -> list[SharingGrant]:
        """The grants that the factory stopped and can resume; none of a brand that is not active."""
        return self.position.stopped_grants() if self.brand.is_active else []

    @property
    def to_share_again(self) -> SharingGrant | None:
        """The last grant that took effect, whose terms are offered to share again; None while there is access."""
        return next(iter(self.earlier), None) if not self.grants else None

    @property
    def earlier(self) -> list[SharingGrant]:
        """The grants that took effect and ended, the last one first; not those that were undone."""
        return [one for one in self.past if one.is_confirmed and one.end_code != SharingGrant.End.UNDONE]

    def grants_to_undo(self, by: User) -> list[SharingGrant]:
        """Return the grants that `by` decided in the last minutes and may undo."""
        now = timezone.now()
        return [one for one in self.grants if may_be_undone(one, by, now, is_settled=getattr(one, "is_settled", True))]

    @property
    def places(self) -> list[str]:
        """The lists in which it is shown: a brand that has access and asks for more is in two."""
        confirmed = [grant.is_confirmed for grant in self.grants]
        found = [NOW] if any(confirmed) else []
        if self.request is not None or not all(confirmed):
            found.append(WAITING)
        return found or [ENDED]

    @property
    def open(self) -> list[Line]:
        """The reports that it can read now, the newest first."""
        return lines_of(self.sight, [key for key, moment in self.sight.times.items() if moment is None])

    @property
    def later(self) -> list[Line]:
        """The reports that open to it on a day, the soonest first."""
        return waiting_lines(self.sight)

    @property
    def old_versions(self) -> list[int]:
        """The cycles of whose report it can still read a version that a correction replaced, the newest first."""
        replaced = [report for report in self.sight.reports if report.superseded_at is not None]
        return sorted({one.cycle for one in replaced if self._reads(one)}, reverse=True)

    def _reads(self, report: Assessment) -> bool:
        return any(self.sight.is_open((report.pk, scope)) for scope in ASSESSMENT_SCOPES)

    @property
    def last_read(self) -> datetime | None:
        """The moment when it last read anything of the factory."""
        moments: list[datetime | None] = [getattr(grant, "last_viewed", None) for grant in self.position.grants]
        return max(filter(None, moments), default=None)

    @property
    def ended_at(self) -> datetime | None:
        """The moment when its last access ended or expired; None while it has some, and where it never had any."""
        ends = [grant.ends_at for grant in self.earlier if grant.ends_at]
        return max(ends, default=None) if not self.grants else None

    def summary(self) -> str:
        """Return the row's words: what it sees and until when, what it asks for, or when its access ended."""
        parts = [*self._waits(), *self._sees()]
        if not parts and self.past and not any(one.has_begun for one in self.past):
            parts.append(_("It never took effect"))
        elif not parts and self.ended_at:
            parts.append(_("Ended on %s") % last_day_in_words(self.ended_at, self.position.factory))
        return " · ".join(parts or [_("No access")])

    def _waits(self) -> list[str]:
        parts = []
        if self.request is not None:
            parts.append(_("Asks for access"))
        if any(not grant.is_confirmed for grant in self.grants):
            parts.append(_("Not confirmed yet"))
        return parts

    def _sees(self) -> list[str]:
        given = [grant for grant in self.grants if grant.is_confirmed]
        if not given:
            return []
        cycles = self._cycles()
        if cycles:
            parts = [_of_cycles(what, cycles[what]) for what in cycles]
        elif self.later:
            parts = [_("Visible from %s") % in_words(self.later[0].at, self.position.factory)]
        else:
            parts = [_("Nothing to read yet")]
        return [*parts, self._until(given)]

    def _cycles(self) -> dict[str, list[str]]:
        """Return the cycles that are open, the newest first, by the kinds of data that share them."""
        found: dict[str, list[str]] = {}
        for scope, rule in RULES.items():
            cycles = [str(line.report.cycle) for line in self.open if scope in line.scopes]
            same = next((what for what, others in found.items() if others == cycles), None)
            if same is not None:
                found[_("%(one)s and %(other)s") % {"one": same, "other": rule.brief}] = found.pop(same)
            elif cycles:
                found[str(rule.brief)] = cycles
        return {what: list(dict.fromkeys(cycles)) for what, cycles in found.items()}

    def _until(self, given: Sequence[SharingGrant]) -> str:
        """Return when the last of the grants ends: until then the brand sees something."""
        ends = [grant.expires_at for grant in given if grant.expires_at is not None]
        if len(ends) < len(given):
            return _("no end date")
        return _("until %s") % last_day_in_words(max(ends), self.position.factory)


def _of_cycles(what: str, cycles: Sequence[str]) -> str:
    """Return the kinds of data with their cycles, the newest of which comes first in `cycles`."""
    words = ngettext("%(what)s, cycle %(cycles)s", "%(what)s, cycles %(cycles)s", len(cycles))
    return words % {"what": what, "cycles": listed(reversed(cycles))}


@dataclass(frozen=True)
class Decided:
    """What a person decided about one brand in the last minutes and may undo. Grants come from `with_receipt`."""

    brand: Brand
    grants: Sequence[SharingGrant]
    requests: Sequence[AccessRequest]

    @property
    def undo(self) -> list[tuple[str, object]]:
        """The fields to post to undo it."""
        return [*(("grants", one.pk) for one in self.grants), *(("requests", one.pk) for one in self.requests)]

    @property
    def receipts(self) -> list[tuple[str, str]]:
        """The numbers of the receipts, each with the kind of data that it is about."""
        numbers = ((getattr(grant, "receipt", None), grant.get_scope_display()) for grant in self.grants)
        return [(number, what) for number, what in numbers if number]

    @property
    def waits(self) -> bool:
        """Whether a second person has to confirm any of it: until then the brand is not notified."""
        return not all(grant.is_confirmed for grant in self.grants)

    @property
    def moments(self) -> list[datetime]:
        """When each of it was decided."""
        answered = [one.answered_at for one in self.requests if one.answered_at]
        return [*(grant.created_at for grant in self.grants), *answered]


def _brands_ever(user: Visitor, factory: Key) -> "QuerySet[SharingGrant, int]":
    """Return the keys of the brands that ever had or asked for access."""
    grants = SharingGrant.objects.inside(user).filter(factory=factory).order_by().values_list("brand", flat=True)
    asked = AccessRequest.objects.inside(user).filter(factory=factory).order_by().values_list("brand", flat=True)
    return grants.union(asked)


def copies_kept(person: Visitor, factory: Factory, brand_ids: Collection[int]) -> dict[int, int]:
    """Return how many copies of its data each of these brands keeps, where any: not those reported destroyed."""
    records = AccessRecord.objects.visible_to(person).filter(factory=factory, copy_number__isnull=False)
    counted = kept(records.filter(brand__in=brand_ids), factory).order_by().values_list("brand")
    return {key: copies for key, copies in counted.annotate(Count("copy_number", distinct=True)) if key is not None}


def rows_at(places: Sequence[Position], reports: Sequence[Assessment]) -> list[BrandRow]:
    """Return the rows of brands whose positions with the factory are known, in their order, without their requests."""
    known = identities(place.brand for place in places)
    return [BrandRow(place, one, sight_of(place, reports)) for place, one in zip(places, known, strict=True)]


def _undecided(user: Visitor, factory: Key) -> "QuerySet[AccessRequest]":
    return AccessRequest.objects.inside(user).undecided().filter(factory=factory).select_related("brand")


FACTORY = BigIntegerField()
_brands: Prepared[SharingGrant, int] = Prepared(_brands_ever, factory=FACTORY)
_requests: Prepared[AccessRequest, AccessRequest] = Prepared(_undecided, factory=FACTORY)


def brand_rows(*, person: Visitor, factory: Factory, only: int | None = None) -> list[BrandRow]:
    """Return each brand that ever had or asked for access, by name; or `only` one brand, by its key, whatever it had.

    The number of queries does not depend on how many there are.
    """
    requests = _requests(person, factory=factory.pk)
    brand_ids = {only} if only is not None else set(_brands(person, factory=factory.pk))
    return _rows(person, factory, brand_ids, requests, _grants_inside(person))


def brand_row(*, person: Visitor, factory: Factory, brand: int, requests: Iterable[AccessRequest]) -> BrandRow | None:
    """Return the row of one brand, whatever it had, or None where there is no such brand.

    `requests` are those that are undecided; each of the grants has `ends_soon`.
    """
    rows = _rows(person, factory, {brand}, requests, with_ends_soon(_grants_inside(person)))
    return rows[0] if rows else None


def _grants_inside(person: Visitor) -> SharingGrantQuerySet:
    grants = SharingGrant.objects.inside(person).select_related("granted_by", "ended_by")
    return with_receipt(with_settled(with_last_viewed(grants)))


def _rows(
    person: Visitor,
    factory: Factory,
    brand_ids: Iterable[int],
    requests: Iterable[AccessRequest],
    grants: SharingGrantQuerySet,
) -> list[BrandRow]:
    reports = reports_of(person, factory)
    asking = {request.brand_id: request for request in requests}
    places = positions(factory, brand_ids, reports, grants, with_names_held(Brand.objects.all()))
    return [
        BrandRow(place, identity_of(place.brand), sight_of(place, reports), asking.get(brand_id))
        for brand_id, place in places.items()
    ]
