"""The sheet of a decision on access: for each brand who it is, what there was before, and what the decision does.

It is the same for sharing unasked, for other terms, for an answer to a request and for several brands at once. Nothing
is written. A sheet posts back a seal of what it showed. Where that is not what the decision does now, because something
was filled in or happened since, the person sees it first.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from enum import Enum
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.translation import ngettext

from assessments.models import Assessment
from brands.models import Brand
from factories.models import Factory
from factories.services import lock_factory
from portal.accounts.models import User
from portal.disclosure.brands import BrandRow, copies_kept, rows_at
from portal.disclosure.previews import Answer, Difference, Line, answer_of, effect_of, reports_of
from portal.disclosure.sentences import decision_in_a_sentence
from portal.ui.forms import digest, fingerprint
from sharing.access.positions import Position
from sharing.grants.services.outcomes import Outcome, Terms, changing, granting
from sharing.grants.services.situation import Situation, situation_to_decide
from sharing.models import AccessRequest, SharingGrant
from sharing.requests.services.answering import approving, as_asked
from sharing.scopes import rule_of

IDENTITY = ("name", "kind", "country", "verified_at", "is_active")


@dataclass(frozen=True)
class Sheet:
    """Brands, the factory's position with each of them, and how many copies each keeps."""

    situation: Situation
    reports: Sequence[Assessment]
    rows: Sequence[BrandRow]
    copies: dict[int, int]

    @property
    def with_copies(self) -> list[tuple[BrandRow, int]]:
        """The rows, each with how many copies the brand keeps."""
        return [(row, self.copies.get(row.brand.pk, 0)) for row in self.rows]

    def standing_grants(self, scopes: Collection[str]) -> list[SharingGrant]:
        """Return the grants of these kinds that the brands have already."""
        found = [row.position.standing_grant(scope) for row in self.rows for scope in scopes]
        return [grant for grant in found if grant is not None]

    def sharing(self, scopes: Sequence[str], terms: Terms) -> list["Effect"]:
        """Return what sharing these kinds of data with the brands does. Raises what `share` raises."""
        return [
            self._effect(row, [granting(self.situation, row.position, scope, terms) for scope in scopes], terms)
            for row in self.rows
        ]

    def changing(self, grant: SharingGrant, terms: Terms) -> "Effect":
        """Return what other terms for the brand's grant do. Raises what `change_grant` raises."""
        [row] = self.rows
        return self._effect(row, [changing(self.situation, row.position, row.position.grant(grant.pk), terms)], terms)

    def approving(self, request: AccessRequest) -> Answer:
        """Return what approving a brand's request as asked does. Raises what `approve_request` raises."""
        outcomes = approving(self.situation, request, request.scopes, as_asked(request))
        row = next(row for row in self.rows if row.brand.pk == request.brand_id)
        return answer_of(self.situation, row.position, self.reports, outcomes)

    def _effect(self, row: BrandRow, outcomes: Sequence[Outcome], terms: Terms) -> "Effect":
        difference = effect_of(self.situation, row.position, self.reports, outcomes)
        only_plan = not any(rule_of(outcome.grant.scope).opens_assessments for outcome in outcomes)
        granted = as_grant(self.situation.factory, terms)
        sentence = "" if only_plan else decision_in_a_sentence(difference, granted)
        scopes = [outcome.grant.scope for outcome in outcomes]
        copies = self.copies.get(row.brand.pk, 0)
        return Effect(row, difference, scopes, granted, sentence, copies, only_plan=only_plan)


@dataclass(frozen=True)
class Effect:
    """What a decision does for one brand, in a list and in a sentence; `row` and `copies`: what there was before."""

    row: BrandRow
    difference: Difference
    scopes: Sequence[str]
    terms: SharingGrant
    sentence: str
    copies: int
    only_plan: bool = False

    @property
    def brand(self) -> Brand:
        """The brand."""
        return self.row.brand

    @property
    def history(self) -> list[object]:
        """What the page shows of the time before, for its seal."""
        return history_seen(self.row.position, self.copies)

    @property
    def new_reports(self) -> str:
        """When reports that are published from now on open, in words; empty where none does."""
        is_named = self.terms.cycles == SharingGrant.Cycles.ONLY  # what is said below of each report
        if is_named or self.only_plan or self.terms.ends_before_anything_new:
            return ""
        return self.terms.hold_in_words(self.difference.published)


def sheet_of(*, by: User, factory: Factory, brand_ids: Collection[int]) -> Sheet:
    """Return the sheet of a decision of `factory` on these brands, by name. Raises `PermissionDenied`."""
    reports = reports_of(by, factory)
    situation = situation_to_decide(by, factory, brand_ids, reports)
    rows = rows_at(list(situation.positions.values()), reports)
    return Sheet(situation, reports, rows, copies_kept(by, factory, brand_ids))


def as_grant(factory: Factory, terms: Terms) -> SharingGrant:
    """Return an unsaved grant of a factory with these terms: pages show its words."""
    names = ("cycles", "cycle_numbers", "expires_at", "purpose", "hold_days")
    grant = SharingGrant(factory=factory, **{name: getattr(terms, name) for name in names})
    if terms.valid_from is not None:
        grant.valid_from = terms.valid_from
    return grant


def in_a_sentence(sentences: Sequence[str], effects: Iterable[Difference]) -> str:
    """Return the sentence for one brand; for several, where to find theirs, which take these effects together."""
    if len(sentences) == 1:
        return sentences[0]
    if any(one.needs_confirmation for one in effects):
        text = ngettext(
            "The list above shows what this brand can read once its access is confirmed.",
            "The list above shows what each of these %(count)s brands can read once its access is confirmed.",
            len(sentences),
        )
    else:
        text = ngettext(
            "What this %(count)s brand can read is listed above.",
            "What each of these %(count)s brands can read is listed above.",
            len(sentences),
        )
    return text % {"count": len(sentences)}


# --- what was shown is what is decided --------------------------------------------------------------------


class Seen(Enum):
    """How what a person saw compares with what their decision does: the same; it changed since; not seen yet."""

    SAME = "same"
    CHANGED = "changed"
    NOT_YET = "not yet"


def seal(asked: object, shown: Sequence[object]) -> str:
    """Return what a sheet posts back: a digest of what is asked for, and one of what it was shown to do."""
    return f"{digest(asked)}.{digest(_plain(shown))}"


def seal_of(scopes: Iterable[str], terms: Terms, effects: Sequence[Difference], before: Sequence[object]) -> str:
    """Return the seal of a decision on these kinds of data and terms; `before`: what there was with each brand."""
    return seal([sorted(scopes), asdict(terms)], [*effects, *before])


def history_seen(position: Position, copies: int = 0) -> list[object]:
    """Return what a page shows of the time before a decision: each grant as it stands or ended, and the copies.

    After a stop or an undo a decision does the same as before, and only this differs: an old page decides nothing.
    """
    return [copies, *([one.pk, one.status(), one.ended_at, one.end_code] for one in position.grants)]


def brand_seen(brand: Brand) -> str:
    """Return a digest of a brand as shown: a factory consents to a name, and to whether it was checked."""
    return fingerprint(brand, IDENTITY)


def _plain(value: Any) -> object:
    """Return what a page shows of a value, as JSON can hold it."""
    if isinstance(value, Difference):
        return [_plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, Brand):
        return [value.pk, brand_seen(value)]
    if isinstance(value, Line):
        return [value.report.pk, value.scopes, value.at]
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def seen_by(request: HttpRequest, sealed: str) -> Seen:
    """Return whether the person who sent a form has seen what it does."""
    posted = request.POST.get("seen", "")
    if constant_time_compare(posted, sealed):
        return Seen.SAME
    return Seen.CHANGED if posted.partition(".")[0] == sealed.partition(".")[0] else Seen.NOT_YET


def only_looks(request: HttpRequest) -> bool:
    """Return whether the script of a sheet asks what the form would do as it is filled in now."""
    return "fragment" in request.POST


@contextmanager
def compared_and_decided(request: HttpRequest, factory_id: int) -> Iterator[bool]:
    """Hold the factory's lock from the comparison with what was seen until the decision; looking takes no lock.

    It yields whether it does: then what was read before is read again.
    """
    if "seen" not in request.POST or only_looks(request):
        yield False
        return
    with transaction.atomic():
        lock_factory(factory_id)
        yield True
