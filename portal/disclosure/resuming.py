"""What a factory stopped and can share again on the old terms, brand by brand, and what each of it would open.

For those who decide for the factory. Nothing is written or tried: each decision is worked out as `share_again` works
it out, errors included (`previews`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError

from assessments.models import Assessment
from brands.identity import Identity, identities
from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.disclosure.previews import Difference, effect_of, reports_of
from portal.disclosure.sentences import decision_in_a_sentence
from portal.disclosure.sheets import as_grant
from sharing.access.positions import Position
from sharing.grants.ends import End
from sharing.grants.services.outcomes import resuming, terms_again
from sharing.grants.services.situation import Situation, situation_to_decide
from sharing.grants.summaries import in_short
from sharing.models import SharingGrant
from sharing.scopes import rule_of


@dataclass(frozen=True)
class Resumption:
    """A grant that was stopped, with what sharing it again does, or why the portal would refuse that."""

    stopped: SharingGrant
    effect: Difference | None = None
    sentence: str = ""
    refusal: ValidationError | None = None

    @property
    def needs_new_end(self) -> bool:
        """Whether its end date has passed."""
        return "expires_at" in getattr(self.refusal, "error_dict", {})

    @property
    def opens_no_report(self) -> bool:
        """Whether it is about data other than reports."""
        return not rule_of(self.stopped.scope).opens_assessments


@dataclass(frozen=True)
class StoppedBrand:
    """A brand with the grants that the factory stopped and has not replaced."""

    identity: Identity
    position: Position
    resumptions: Sequence[Resumption]

    @property
    def brand(self) -> Brand:
        """The brand."""
        return self.identity.brand

    @property
    def can_resume(self) -> bool:
        """Whether any of it can be shared again on the old terms."""
        return any(one.refusal is None for one in self.resumptions)

    @property
    def grants(self) -> list[SharingGrant]:
        """The grants that were stopped."""
        return [one.stopped for one in self.resumptions]

    @property
    def stopped_at(self) -> datetime | None:
        """The moment when the last of them was stopped."""
        return max((one.ended_at for one in self.grants if one.ended_at), default=None)

    @property
    def sentence(self) -> str:
        """What sharing all of it again lets the brand read."""
        return " ".join(dict.fromkeys(one.sentence for one in self.resumptions if one.sentence))

    def summary(self) -> str:
        """Return the kinds of data, each with its end."""
        return in_short(self.grants)

    def refusals(self) -> list[str]:
        """Return why nothing of it can be shared again, each reason once; empty where something can."""
        if self.can_resume:
            return []
        return list(dict.fromkeys(text for one in self.resumptions if one.refusal for text in one.refusal.messages))


def stopped_brands(*, by: User, factory: Factory) -> list[StoppedBrand]:
    """Return each brand with access that the factory stopped and has not replaced: the last stopped first.

    Raises `PermissionDenied`. What each would open is not worked out: see `resumptions`.
    """
    grants = SharingGrant.objects.inside(by).filter(factory=factory, end_code=End.STOPPED)
    brand_ids = grants.order_by().values_list("brand", flat=True).distinct()
    found = _stopped(situation_to_decide(by, factory, list(brand_ids)), ())
    return sorted(found, key=lambda one: one.stopped_at.timestamp() if one.stopped_at else 0, reverse=True)


def resumptions(*, by: User, factory: Factory, brand_ids: Collection[int]) -> list[StoppedBrand]:
    """Return what sharing again with these brands opens, by name; without those of which nothing is left stopped.

    Raises `PermissionDenied`.
    """
    reports = reports_of(by, factory)
    return _stopped(situation_to_decide(by, factory, brand_ids, reports), reports)


def preview_resuming(*, by: User, factory: Factory, grants: Collection[SharingGrant]) -> list[Difference]:
    """Return for each grant what sharing it again on its old terms would do. Raises what `share_again` raises."""
    reports = reports_of(by, factory)
    situation = situation_to_decide(by, factory, {grant.brand_id for grant in grants}, reports)
    return [_effect(situation, situation.of(grant.brand_id), reports, grant) for grant in grants]


def _stopped(situation: Situation, reports: Sequence[Assessment]) -> list[StoppedBrand]:
    places = [place for place in situation.positions.values() if place.stopped_grants()]
    known = identities(place.brand for place in places)
    return [
        StoppedBrand(one, place, [_resumption(situation, place, reports, grant) for grant in place.stopped_grants()])
        for one, place in zip(known, places, strict=True)
    ]


def _resumption(
    situation: Situation, position: Position, reports: Sequence[Assessment], stopped: SharingGrant
) -> Resumption:
    try:
        effect = _effect(situation, position, reports, stopped)
    except ValidationError as error:
        return Resumption(stopped, refusal=error)
    if not rule_of(stopped.scope).opens_assessments:
        return Resumption(stopped, effect)
    terms = as_grant(situation.factory, terms_again(stopped, situation.now))
    return Resumption(stopped, effect, decision_in_a_sentence(effect, terms))


def _effect(
    situation: Situation, position: Position, reports: Sequence[Assessment], stopped: SharingGrant
) -> Difference:
    return effect_of(situation, position, reports, [resuming(situation, position, stopped.pk)])
