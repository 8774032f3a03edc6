"""The content of a receipt, in one form for both sides (version 2 of its claims; docs/receipts.md).

A receipt is an SD-JWT (RFC 9901). One signature serves the factory and the brand, so the payload holds nothing that
only the factory may know. Of those facts (who acted, why it ended, a reason that is not shown, for how long new reports
are held, whose paper consent it was) it holds salted hashes; the factory's copy also has the disclosures.
Why it ended is a code (`SharingGrant.End`), named in the reader's language when shown.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from sharing.models import SharingGrant
from sharing.receipts.disclosures import HASH, Disclosed, hashes_of

TYPE = "portal-receipt+sd-jwt"
VERSION = 2
# What can still be checked and shown. The terms of version 1 name at most one cycle: `cycle_number`, or null.
KNOWN_VERSIONS = (1, VERSION)


@dataclass(frozen=True)
class Act:
    """The actor: for which side, in which role, and their name, which the brand does not learn."""

    side: str
    role: str
    name: str


BY_ITSELF = Act("portal", "automatic", "")


def payload_of(
    *, number: str, kind: str, grant: SharingGrant, act: Act, issued_at: datetime, previous: str | None
) -> tuple[dict[str, object], Disclosed]:
    """Return the payload, and what the factory's copy discloses."""
    withheld = _for_the_factory(grant, act)
    disclosed: Disclosed = {name: [secrets.token_hex(16), value] for name, value in withheld.items()}
    payload = {
        "iss": settings.BASE_URL,
        "jti": number,
        "version": VERSION,
        "previous": previous,
        "kind": kind,
        "issued_at": in_utc(issued_at),
        "factory": {"id": grant.factory_id, "bw_id": grant.factory.bw_id, "name": grant.factory.name},
        "brand": {"id": grant.brand_id, "name": grant.brand.name},
        "grant": str(grant.pk),
        "acted": {"side": act.side, "role": act.role},
        "terms": terms_of(grant),
        "on_paper": bool(grant.granted_for),
        "ended_at": in_utc(grant.ended_at),
        "_sd_alg": HASH,
        "_sd": hashes_of(disclosed),
    }
    if grant.end_reason and grant.is_end_reason_shown:
        payload["end_reason"] = grant.end_reason
    return payload, disclosed


def terms_of(grant: SharingGrant) -> dict[str, object]:
    """Return what both sides know of the terms."""
    return {
        "scope": grant.scope,
        "cycles": grant.cycles,
        "cycle_numbers": grant.cycle_numbers,
        "valid_from": in_utc(grant.valid_from),
        "expires_at": in_utc(grant.expires_at),
        "purpose": grant.purpose,
    }


def cycle_numbers_in(terms: Mapping[str, Any]) -> list[int]:
    """Return the cycles that signed terms name, in a payload of any known version."""
    if "cycle_numbers" in terms:
        return list(terms["cycle_numbers"])
    return [terms["cycle_number"]] if terms["cycle_number"] is not None else []


def _for_the_factory(grant: SharingGrant, act: Act) -> dict[str, object]:
    """Return what only the factory may know; a fact that does not apply is empty, so that the list keeps its length."""
    values: dict[str, object] = {
        "acted_by": act.name,
        "hold_days": grant.hold_days,
        "granted_for": grant.granted_for,
        "end_code": grant.end_code,
    }
    is_shown = bool(grant.end_reason) and grant.is_end_reason_shown
    return values if is_shown else values | {"end_reason": grant.end_reason}


def in_utc(moment: datetime | None) -> str | None:
    """Return a moment in UTC, to the microsecond."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None
