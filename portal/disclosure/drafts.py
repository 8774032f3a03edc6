"""Drafts: decisions that are filled in but not made, as a token in the address of their preview.

A token is signed. It is valid for the person who filled the decision in, for one factory and the brands it is about,
and for `PREVIEW_TIME`. It has no text that somebody typed, because addresses are kept in histories and logs: the
purpose of the terms is left out. It changes nothing that a brand reads, so the one that is on record is assumed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.core import signing
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode

from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.accounts.roles import Visitor
from portal.core.days import day_of, last_day
from portal.disclosure.previews import open_versions, position_after_all, reports_of
from sharing.access import AsBrandAfter
from sharing.access.positions import Position
from sharing.grants.services.outcomes import Outcome, Terms, changing, granting
from sharing.grants.services.situation import Situation, situation_to_decide
from sharing.models import AccessRequest, SharingGrant
from sharing.requests.services.answering import approving, as_asked

SALT = "portal.disclosure.drafts"
PREVIEW_TIME = timedelta(minutes=30)


class Kind(StrEnum):
    """The kind of a decision."""

    SHARE = "share"
    CHANGE = "change"
    APPROVE = "approve"  # a request, as asked
    APPROVE_LESS = "approve_less"


@dataclass(frozen=True)
class Draft:
    """A decision that is filled in, about `brands`. `subject`: the grant to change, or the request to approve.

    An approval as asked has no scopes and terms of its own: they are those of the request.
    """

    kind: Kind
    brands: tuple[int, ...]
    subject: UUID | None = None
    scopes: tuple[str, ...] = ()
    terms: Terms = field(default_factory=Terms)

    @classmethod
    def share(cls, brands: Iterable[Brand], scopes: Iterable[str], terms: Terms) -> "Draft":
        """Return the draft of sharing these kinds of data with these brands."""
        return cls(Kind.SHARE, tuple(brand.pk for brand in brands), scopes=tuple(scopes), terms=terms)

    @classmethod
    def change(cls, grant: SharingGrant, terms: Terms) -> "Draft":
        """Return the draft of other terms for a grant."""
        return cls(Kind.CHANGE, (grant.brand_id,), grant.pk, (grant.scope,), terms)

    @classmethod
    def approve(cls, request: AccessRequest) -> "Draft":
        """Return the draft of approving a request as asked."""
        return cls(Kind.APPROVE, (request.brand_id,), request.pk)

    @classmethod
    def approve_less(cls, request: AccessRequest, scopes: Iterable[str], terms: Terms) -> "Draft":
        """Return the draft of approving a request with less than was asked."""
        return cls(Kind.APPROVE_LESS, (request.brand_id,), request.pk, tuple(scopes), terms)


def _plain(terms: Terms) -> dict[str, object]:
    """Return terms as they are in a token: all but the purpose, which is a text."""
    return {
        "cycles": terms.cycles,
        "numbers": terms.cycle_numbers,
        "from": terms.valid_from and terms.valid_from.isoformat(),
        "until": terms.expires_at and terms.expires_at.isoformat(),
        "hold": terms.hold_days,
    }


def _terms(plain: Mapping[str, Any]) -> Terms:
    """Return the terms in a token: the reverse of `_plain`."""
    return Terms(
        cycles=plain["cycles"],
        cycle_numbers=tuple(plain["numbers"]),
        valid_from=_moment(plain["from"]),
        expires_at=_moment(plain["until"]),
        hold_days=plain["hold"],
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@dataclass(frozen=True)
class SignedDraft:
    """The content of a token: a draft, who filled it in, and for which factory."""

    draft: Draft
    by: int
    factory: int
    is_expired: bool

    def is_for(self, by: Visitor, factory: Factory, brand_id: int) -> bool:
        """Return whether this person filled it in, for this factory and, among others, this brand."""
        return (self.by, self.factory) == (by.pk, factory.pk) and brand_id in self.draft.brands


def sign(draft: Draft, *, by: Visitor, factory: Factory) -> str:
    """Return the token of a draft that `by` filled in."""
    payload = {
        "by": by.pk,
        "factory": factory.pk,
        "kind": draft.kind,
        "brands": draft.brands,
        "subject": draft.subject and str(draft.subject),
        "scopes": draft.scopes,
        "terms": _plain(draft.terms),
    }
    return signing.dumps(payload, salt=SALT, compress=True)


def opened(token: str) -> SignedDraft | None:
    """Return the content of a token; None for a text that is no token, or that was changed."""
    try:
        payload = signing.loads(token, salt=SALT)
        draft = Draft(
            Kind(payload["kind"]),
            tuple(payload["brands"]),
            UUID(payload["subject"]) if payload["subject"] else None,
            tuple(payload["scopes"]),
            _terms(payload["terms"]),
        )
        return SignedDraft(draft, payload["by"], payload["factory"], _is_expired(token))
    except (signing.BadSignature, KeyError, TypeError, ValueError):  # an earlier version may have signed other words
        return None


def _is_expired(token: str) -> bool:
    try:
        signing.loads(token, salt=SALT, max_age=PREVIEW_TIME)
    except signing.SignatureExpired:
        return True
    return False


def with_token(address: str, token: str) -> str:
    """Return an address that carries a token."""
    return f"{address}?{urlencode({'draft': token})}"


def look_after(*, by: User, factory: Factory, brand_id: int, draft: Draft) -> AsBrandAfter:
    """Return a brand's view of the factory after the decision, once a second person has confirmed it.

    Nothing is written or locked. Raises what the decision raises, and `Http404` for a request that is not theirs.
    """
    reports = reports_of(by, factory)
    situation = situation_to_decide(by, factory, [brand_id], reports)
    position = situation.of(brand_id)
    after = position_after_all(position, _outcomes(situation, position, draft), situation.now)
    return AsBrandAfter(position.brand, factory, by, open_versions(after, reports))


def _outcomes(situation: Situation, position: Position, draft: Draft) -> list[Outcome]:
    match draft.kind, draft.subject:
        case Kind.SHARE, None:
            return [_sharing(situation, position, scope, draft.terms) for scope in draft.scopes]
        case Kind.CHANGE, UUID() as key:
            grant = position.grant(key)
            return [changing(situation, position, grant, replace(draft.terms, purpose=grant.purpose))]
    asked = AccessRequest.objects.decidable_by(situation.by).filter(factory=situation.factory, brand=position.brand)
    request = get_object_or_404(asked.select_related("factory__programme"), pk=draft.subject)
    if draft.kind is Kind.APPROVE:
        return approving(situation, request, request.scopes, as_asked(request))
    return approving(situation, request, draft.scopes, draft.terms)


def _sharing(situation: Situation, position: Position, scope: str, terms: Terms) -> Outcome:
    """Return what sharing one kind does; what is shared on the same terms already has its purpose."""
    standing = position.standing_grant(scope)
    return granting(situation, position, scope, replace(terms, purpose=standing.purpose) if standing else terms)


def decision_address(signed: SignedDraft, token: str) -> str:
    """Return the address where the decision is made, with everything filled in but the purpose."""
    kind, key = signed.draft.kind, signed.draft.subject
    if kind is Kind.APPROVE:
        return reverse("access_request", args=[key])
    if kind is Kind.SHARE:
        return with_token(reverse("grant", args=[signed.factory]), token)
    return with_token(reverse("grant_change" if kind is Kind.CHANGE else "request_approve", args=[key]), token)


def drafted_brands(request: HttpRequest, factory: Factory) -> list[int]:
    """Return the keys of the brands that the visitor had chosen before they opened the preview; or none."""
    draft = _draft_of(request, factory)
    return list(draft.brands) if draft is not None else []


def _draft_of(request: HttpRequest, factory: Factory) -> Draft | None:
    """Return the draft in the address, if it is the visitor's own about this factory."""
    signed = opened(request.GET.get("draft", ""))
    if signed is None or (signed.by, signed.factory) != (request.user.pk, factory.pk):
        return None
    return signed.draft


def drafted_values(request: HttpRequest, factory: Factory) -> dict[str, object]:
    """Return what the visitor had filled in before they opened the preview, as values for the form; or nothing."""
    draft = _draft_of(request, factory)
    if draft is None:
        return {}
    terms = draft.terms
    return {
        "scopes": list(draft.scopes),
        "cycles": terms.cycles,
        "cycle_numbers": list(terms.cycle_numbers),
        "starts_on": terms.valid_from and day_of(terms.valid_from, factory),
        "expires_on": last_day(terms.expires_at, factory),
        "hold_days": terms.hold_days,
    }
