"""A receipt as people read it (facts in words) and keep it (JSON to be checked, one page of PDF with a QR code).

Both show what was signed, never what the tables say today.
"""

import io
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import segno
from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language, get_language_bidi, ngettext
from django.utils.translation import gettext as _

from portal.core.days import exact_end_in_words, moment_in_words, shown_in, shown_place, written, zone_in_words
from portal.core.documents import breakable, compile_pdf, map_strings, showable
from portal.core.signing import digest
from portal.ledger.proving import Proof
from portal.ledger.sealing import head_of
from sharing.grants.ends import End, end_in_words
from sharing.models import Receipt, Scope, SharingGrant
from sharing.receipts.disclosures import Disclosed, disclosures_of, end_code_of
from sharing.receipts.payload import BY_ITSELF, cycle_numbers_in

CONTENT_TYPE = "application/sd-jwt+json"
TEMPLATE = Path(__file__).parent / "receipt.typ"
PDF_SECONDS = 20.0


def document_of(receipt: Receipt, *, from_inside: bool, proof: Proof | None = None) -> dict[str, object]:
    """Return the SD-JWT in its JSON form (RFC 9901, section 8), with its inclusion proof where there is one.

    The factory's side also gets the disclosures.
    """
    protected, payload, signature = receipt.jws.split(".")
    header: dict[str, object] = {"disclosures": disclosures_of(receipt.disclosed) if from_inside else []}
    if proof is not None:
        header["inclusion_proof"] = proof.as_document()
    return {"protected": protected, "payload": payload, "signature": signature, "header": header}


def json_of(receipt: Receipt, *, from_inside: bool, proof: Proof | None = None) -> str:
    """Return the document as a file."""
    document = document_of(receipt, from_inside=from_inside, proof=proof)
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def fingerprint(jws: str) -> str:
    """Return the fingerprint of a receipt for an address: 32 hexadecimal digits that reveal nothing of its content."""
    return digest(jws)[:32]


def verify_url(receipt: Receipt) -> str:
    """Return the address behind the QR code: number and fingerprint, nothing about anybody."""
    query = urlencode({"number": receipt.number, "print": fingerprint(receipt.jws)})
    return f"{settings.BASE_URL}{reverse('verify')}?{query}"


def sentence(payload: dict[str, Any], disclosed: Disclosed) -> str:
    """Return what happened, in one sentence; that new terms took the place of old ones is in `disclosed`."""
    words = {"factory": payload["factory"]["name"], "brand": payload["brand"]["name"]}
    sentences = {
        Receipt.Kind.GRANTED: _("%(factory)s lets %(brand)s read the data named below."),
        Receipt.Kind.PROPOSED: _(
            "%(factory)s decided to let %(brand)s read the data named below, once a second person confirms."
        ),
        Receipt.Kind.CONFIRMED: _(
            "A second person at %(factory)s confirmed that %(brand)s may read the data named below."
        ),
        Receipt.Kind.CHANGED: _("%(factory)s changed what %(brand)s may read to what is named below."),
        Receipt.Kind.ENDED: _(
            "%(factory)s ended the access named below: %(brand)s can no longer read anything through it."
        ),
        Receipt.Kind.EXPIRED: _("The access of %(brand)s to the data of %(factory)s named below has expired."),
    }
    if payload["kind"] == Receipt.Kind.ENDED and end_code_of(disclosed) == End.CHANGED:
        return _("%(factory)s replaced the terms of %(brand)s named below with others.") % words
    return sentences[Receipt.Kind(payload["kind"])] % words


def facts(payload: dict[str, Any], disclosed: Disclosed) -> list[tuple[str, str]]:
    """Return everything a payload says, in words, as (term, value), including what is disclosed."""
    claims = payload | {name: value for name, (_salt, value) in disclosed.items()}
    terms = claims["terms"]
    rows = [
        (_("Factory"), f"{claims['factory']['name']} ({claims['factory']['bw_id']})"),
        (_("Brand"), claims["brand"]["name"]),
        (_("May see"), str(Scope(terms["scope"]).label)),
        (_("Cycles"), SharingGrant(cycles=terms["cycles"], cycle_numbers=cycle_numbers_in(terms)).cycles_in_words()),
        (_("From"), _moment(terms["valid_from"])),
        (_("Until"), _until(terms["expires_at"]) or _("No end date")),
        (_("Purpose"), terms["purpose"]),
        (_("Each new report is held for"), _days(claims.get("hold_days"))),
        (_("Ended"), _moment(claims["ended_at"])),
        (_("Reason"), _reason(claims)),
        (_("Decided by"), "" if _is_undecided(claims) else _actor(claims["acted"], claims.get("acted_by", ""))),
        (_("Consent on paper by"), claims.get("granted_for", "")),
        (_("Recorded from a signed form"), _("Yes") if claims["on_paper"] and "granted_for" not in claims else ""),
        (_("Issued"), _moment(claims["issued_at"])),
        (_("Days and times"), zone_in_words(shown_place())),
        (_("Previous receipt"), claims["previous"] or ""),
    ]
    return [(term, value) for term, value in rows if value]


def facts_to_read(payload: dict[str, Any], disclosed: Disclosed) -> list[tuple[str, str]]:
    """Return the facts for the receipt's page: without a hold of new reports where the terms name single ones.

    It is signed all the same, and the files have it.
    """
    if payload["terms"]["cycles"] != SharingGrant.Cycles.ONLY:
        return facts(payload, disclosed)
    others = {name: value for name, value in disclosed.items() if name != "hold_days"}
    return facts({**payload, "hold_days": None}, others)


def _is_undecided(claims: dict[str, Any]) -> bool:
    """Return whether nobody decided it; earlier receipts of the end of a period name who shared next."""
    return bool(claims["kind"] == Receipt.Kind.EXPIRED and claims["acted"]["role"] == BY_ITSELF.role)


def _reason(claims: dict[str, Any]) -> str:
    """Return why it ended, as far as the reader may know it."""
    code = End.EXPIRED if _is_undecided(claims) else claims.get("end_code", "")
    return end_in_words(code, claims.get("end_reason", ""))


def _moment(text: str | None) -> str:
    """Return the moment at the place whose days the page or document shows."""
    return moment_in_words(datetime.fromisoformat(text), shown_place()) if text else ""


def _until(text: str | None) -> str:
    """Return the end at the place that is shown (R54)."""
    return exact_end_in_words(datetime.fromisoformat(text) if text else None, shown_place())


def _days(days: int | None) -> str:
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days} if days else ""


def _actor(acted: dict[str, str], name: str) -> str:
    roles = {
        "manager": _("A manager of the factory"),
        "worker_representative": _("A worker representative of the factory"),
        "member": _("A member of the factory"),
        "staff": _("The programme's staff"),
        "automatic": _("The portal, automatically"),
    }
    role = roles.get(acted["role"], acted["role"])
    return f"{name} ({role})" if name else role


def proof_facts(proof: Proof) -> list[tuple[str, str]]:
    """Return what an inclusion proof leads to, in words, as (term, value)."""
    head = head_of(proof.seal.payload)
    rows = [
        (_("Sealed on"), _utc_day(date.fromisoformat(head["day"]))),
        (_("Root of the seal"), head["root"]),
    ]
    if proof.day is not None:
        rows += [(_("Published root of"), _utc_day(proof.day.day)), (_("Published root"), proof.day.root)]
    return rows


def _utc_day(day: date) -> str:
    """Return a day of the ledger in words; its days are the same for all places."""
    return f"{written(day)} (UTC)"


def proof_steps(proof: Proof) -> list[str]:
    """Return the steps of an inclusion proof, each with the side on which its hash goes."""
    return [f"{side[0].upper()} {text}" for side, text in [*proof.path, *proof.day_path]]


def _annex(proof: Proof | None) -> dict[str, object] | None:
    """Return the second page of a sealed receipt: its inclusion proof."""
    if proof is None:
        return None
    return {
        "heading": _("Inclusion proof"),
        "words": [
            _("This receipt is an entry of the portal's sealed ledger. Hash the entry with each line below in turn."),
            _("L: the hash on that line goes on the left; R: on the right. The result is the last root named here."),
            _("The receipt's JSON file holds the same proof for programs. The published roots are at %s.")
            % (settings.BASE_URL + reverse("ledger")),
        ],
        "facts": proof_facts(proof),
        "steps": proof_steps(proof),
    }


def pdf_of(receipt: Receipt, *, from_inside: bool, proof: Proof | None = None) -> bytes:
    """Return the receipt on one page, and its inclusion proof on a second one, in the active language.

    The document that proves itself is attached, so that the PDF alone can be checked.
    Raises `portal.core.documents.RenderError`.
    """
    with shown_in(receipt.factory):
        data = _pdf_data(receipt, from_inside=from_inside, proof=proof)
    shown = cast("dict[str, Any]", map_strings(data, lambda text: breakable(showable(text)[0])))
    timestamp = int(receipt.issued_at.timestamp())
    shown["qr"] = _qr_code(verify_url(receipt))
    document = json_of(receipt, from_inside=from_inside, proof=proof)
    shown |= {"document": document, "document_name": f"receipt-{receipt.number}.json", "document_type": CONTENT_TYPE}
    return compile_pdf(TEMPLATE, shown, timestamp=timestamp, should_cancel=lambda: False, timeout=PDF_SECONDS)


def _pdf_data(receipt: Receipt, *, from_inside: bool, proof: Proof | None) -> dict[str, object]:
    payload, disclosed = receipt.payload, receipt.disclosed if from_inside else {}
    return {
        "language": get_language() or "en",
        "rtl": get_language_bidi(),
        "programme": _("Better Work portal"),
        "issuer": payload["iss"],
        "title": _("Receipt %s") % receipt.number,
        "kind": receipt.what_happened,
        "number_line": _("Receipt %s") % receipt.number,
        "sentence": sentence(payload, disclosed),
        "facts": facts(payload, disclosed),
        "document_words": _("The signed receipt, for programs"),
        "qr_alt": _("QR code that leads to the page where this receipt is checked"),
        "check_heading": _("Is this receipt genuine?"),
        "check": [
            _("Scan the code, or go to %s, to see whether the portal issued this number with this signature.")
            % (settings.BASE_URL + reverse("verify")),
            _("To check every word, upload this PDF there, or check the receipt's JSON file with our public key."),
            _("A receipt says what was decided then; it does not say what is shared today."),
        ],
        "key_line": _("Signature (Ed25519, key %s):") % receipt.key_id,
        "signature": receipt.signature,
        "proof": _annex(proof),
    }


def _qr_code(url: str) -> str:
    drawing = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        drawing, kind="svg", border=2, xmldecl=False, svgclass=None, lineclass=None
    )
    return drawing.getvalue().decode()
