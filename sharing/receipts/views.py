"""Pages of receipts: the list of a side, one receipt and its files; and the public page where anybody checks one."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from factories.models import Factory
from portal.core.api.throttling import VerifyThrottle
from portal.core.days import show_days_of
from portal.core.documents import RenderError
from portal.core.signing import known_keys
from portal.core.uploads import megabytes, public_upload
from portal.ui.forms import REFUSED
from portal.ui.lists import requested_page
from sharing.gates.pages import factory_inside, own_brand
from sharing.models import Receipt
from sharing.receipts.checking import Checked, CodeOutcome, Outcome, check_code, check_document
from sharing.receipts.document import CONTENT_TYPE, facts_to_read, json_of, pdf_of, proof_facts, proof_steps, sentence
from sharing.receipts.evidence import LARGEST, Code, Kind, UnreadError, code_in, document_in
from sharing.receipts.forms import VerifyForm
from sharing.receipts.models import ReceiptQuerySet
from sharing.receipts.numbers import normalised
from sharing.receipts.proof import proof_of
from sharing.records.services import settle

DRAFTS_KEPT = 200  # characters of a number that somebody typed
BUSY = 429
PHOTO_COSTS = 20  # checks of `VERIFY_RATE`: reading a photo takes that much longer


@login_required
@require_GET
def factory_receipts(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the receipts of a factory to its people and its country's staff."""
    factory = factory_inside(request, pk)
    rows = Receipt.objects.visible_to(request.user).filter(factory=factory)
    return _list(request, rows, {"factory": factory, "owner": factory.name})


@login_required
@require_GET
def brand_receipts(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the receipts of a brand to its own people."""
    brand = own_brand(request, pk)
    rows = Receipt.objects.visible_to(request.user).filter(brand=brand)
    return _list(request, rows, {"brand": brand, "owner": brand.name})


def _list(request: HttpRequest, rows: ReceiptQuerySet, context: dict[str, object]) -> HttpResponse:
    """Show a page of receipts, newest first; `?number=` finds one."""
    typed = request.GET.get("number", "")[:DRAFTS_KEPT]
    if typed:
        rows = rows.filter(number=normalised(typed))
    page = requested_page(request, rows.select_related("factory", "brand"), ["-id"])
    return render(request, "receipts/receipt_list.html", {**context, "page": page, "typed": typed})


def _found(request: HttpRequest, number: str) -> tuple[Receipt, bool]:
    """Return the receipt, and whether the visitor sees it from the factory's side. Raises 404.

    A brand can show what it gets here to others: that settles the grant.
    """
    rows = Receipt.objects.visible_to(request.user).select_related("factory", "brand", "grant")
    receipt = get_object_or_404(rows, number=normalised(number) or None)
    show_days_of(receipt.factory)
    from_inside = Factory.objects.inside(request.user).filter(pk=receipt.factory_id).exists()
    if not from_inside:
        settle([receipt.grant])
    return receipt, from_inside


@login_required
@require_GET
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """Show one receipt, as it was signed, and the proof that it was sealed."""
    found, from_inside = _found(request, number)
    disclosed = found.disclosed if from_inside else {}
    proof = proof_of(found)
    context = {
        "receipt": found,
        "from_inside": from_inside,
        "sentence": sentence(found.payload, disclosed),
        "facts": facts_to_read(found.payload, disclosed),
        "proof": proof,
        "proof_facts": proof_facts(proof) if proof else [],
        "proof_steps": proof_steps(proof) if proof else [],
    }
    return render(request, "receipts/receipt.html", context)


@login_required
@require_GET
def receipt_json(request: HttpRequest, number: str) -> HttpResponse:
    """Download the document that proves itself; the factory may also get the brand's copy (`copy=brand`)."""
    found, from_inside = _found(request, number)
    discloses = from_inside and request.GET.get("copy") != "brand"
    content = json_of(found, from_inside=discloses, proof=proof_of(found))
    return _download(content, CONTENT_TYPE, _file_name(found, discloses, "json"))


def _file_name(receipt: Receipt, discloses: bool, ending: str) -> str:
    """Return the name of a copy: the factory may download both copies, and passes only one on."""
    return f"receipt-{receipt.number}-{'factory' if discloses else 'brand'}-copy.{ending}"


def _download(content: str | bytes, content_type: str, name: str) -> HttpResponse:
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": disposition})


@login_required
@require_GET
def receipt_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """Download the receipt on one page, with a QR code, its inclusion proof on a second one, and its JSON attached.

    The factory may also get the brand's copy (`copy=brand`).
    """
    found, from_inside = _found(request, number)
    discloses = from_inside and request.GET.get("copy") != "brand"
    try:
        content = pdf_of(found, from_inside=discloses, proof=proof_of(found))
    except RenderError:
        messages.error(
            request, _("The PDF could not be created. Try again later, or use the JSON file, which proves the same.")
        )
        return redirect("receipt", number=found.number)
    return _download(content, "application/pdf", _file_name(found, discloses, "pdf"))


def may_check(request: HttpRequest, cost: int = 1) -> bool:
    """Return whether the address of the visitor may check once more, for the cost of so many checks."""
    return all(VerifyThrottle().allow_request(request, None) for _check in range(cost))  # type: ignore[arg-type]


def _too_large() -> str:
    text = _("This file is larger than %s MB. Choose the PDF or JSON file, or crop the photo to the code.")
    return text % megabytes(LARGEST)


@public_upload(LARGEST, may_send=may_check, too_large=_too_large)
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Check a receipt for anybody, by its PDF, its JSON, or a photo or the address of its code. No sign-in is needed.

    A number alone leads those who see the receipt to it; all others get one answer, whether it exists or not.
    """
    form, found, cost = VerifyForm(), Found(), 0
    if request.method == "POST":
        form = VerifyForm(request.POST, request.FILES)
        cost = PHOTO_COSTS - 1 if form.is_valid() and form.kind is Kind.PHOTO else 0  # one is paid before it is read
    elif number := request.GET.get("number", "")[:DRAFTS_KEPT]:
        code = Code(settings.BASE_URL, number, request.GET.get("print", "")[:DRAFTS_KEPT])
        found, cost = _scanned(code), 1
    if not may_check(request, cost):
        return render(request, "429.html", status=429)
    if request.method == "POST" and form.is_valid():
        found = _found_in(form, request)
    status = 200 if request.method == "GET" or found.is_good else REFUSED
    context = {"form": form, "found": found, "words": _words(found), "keys": known_keys()}
    return render(request, "receipts/verify.html", context, status=BUSY if form.is_busy else status)


@dataclass(frozen=True)
class Found:
    """What a check found: of a signed document (`checked`), of a code (`code`), or of a number alone (`number`).

    `own` says that the asker may see the receipt of the number.
    """

    checked: Checked | None = None
    from_pdf: bool = False
    code: CodeOutcome | None = None
    number: str = ""
    own: bool = False

    @property
    def is_good(self) -> bool:
        """Whether the portal issued it."""
        return self.own or self.code is CodeOutcome.ISSUED or (self.checked is not None and self.checked.is_valid)

    @property
    def leads_to_receipt(self) -> bool:
        """Whether to offer the receipt's page: for a genuine code, and a number of which nothing is said."""
        return self.code is CodeOutcome.ISSUED or (self.code is None and bool(self.number))


def _found_in(form: VerifyForm, request: HttpRequest) -> Found:
    """Check what was sent: the file, else the number, else the text. What cannot be read is an error of the form."""
    given, kind = form.cleaned_data, form.kind
    try:
        if kind is Kind.PHOTO:
            return _scanned(code_in(given["file"]))
        if kind is Kind.PDF:
            return Found(check_document(document_in(given["file"])), from_pdf=True)
    except UnreadError as error:
        form.refuse(error.reason)
        return Found()
    if kind is Kind.TEXT:
        return Found(check_document(given["file"].decode("utf-8-sig")))
    if number := given["number"]:
        return Found(number=number, own=Receipt.objects.visible_to(request.user).filter(number=number).exists())
    return Found(check_document(given["text"]))


def _scanned(code: Code) -> Found:
    outcome = check_code(code.origin, code.number, code.fingerprint)
    return Found(code=outcome, number=normalised(code.number) or code.number)


def _words(found: Found) -> tuple[str, str, str] | None:
    """Return the tone, the title and the sentence for what was found."""
    if found.code is not None:
        return _words_for_code(found.code, found.number)
    if found.number:
        return _words_for_number(found.own)
    return _words_for_document(found.checked) if found.checked else None


def _words_for_code(outcome: CodeOutcome, number: str) -> tuple[str, str, str]:
    if outcome is CodeOutcome.ISSUED:
        return (
            "ok",
            _("The portal issued receipt %(number)s with this signature") % {"number": number},
            _(
                "This code alone does not prove that the text on the paper was signed. Compare the paper with "
                "the receipt: the factory and the brand can see it after signing in. You can also check its JSON file "
                "below."
            ),
        )
    if outcome is CodeOutcome.ELSEWHERE:
        return (
            "nc",
            _("This code leads to another website"),
            _("It looks like the code of a receipt, but its address is not this portal's. Do not rely on this paper."),
        )
    return (
        "nc",
        _("The portal issued no receipt with this number and signature"),
        _("The address may be incomplete: scan the code again. If the result is the same, do not rely on this paper."),
    )


def _words_for_number(is_own: bool) -> tuple[str, str, str]:
    if is_own:
        return (
            "ok",
            _("The portal issued a receipt with this number"),
            _("Compare it with the one that you have: anyone can copy a number."),
        )
    return (
        "wait",
        _("A number alone cannot be checked"),
        _("Anyone can copy a number. Choose the receipt's PDF or JSON file, or a photo of the code on the paper."),
    )


def _words_for_document(checked: Checked) -> tuple[str, str, str]:
    if checked.is_valid:
        return (
            "ok",
            _("This receipt is genuine"),
            _("The portal signed and issued all of it. It says what was decided then, not what is shared today."),
        )
    titles = {
        Outcome.NOT_ISSUED: _("Signed by us, but not in our records"),
        Outcome.NUMBER: _("A number alone cannot be checked"),
        Outcome.UNREADABLE: _("This is not the text of a receipt"),
        Outcome.NO_RECEIPT: _("This is not a receipt of this portal"),
        Outcome.ALGORITHM: _("Not a valid signature of this portal"),
        Outcome.UNKNOWN_KEY: _("Signed with a key that is not ours"),
        Outcome.ALTERED: _("This receipt was altered, or was not issued by us"),
        Outcome.DISCLOSED_ALTERED: _("Part of this receipt was altered"),
        Outcome.PROOF_ALTERED: _("The inclusion proof of this receipt is not valid"),
    }
    sentences = {
        Outcome.NOT_ISSUED: _("Contact the programme's staff and show them this receipt."),
        Outcome.NUMBER: _("Scan the code on the paper, or choose the receipt's JSON file: it contains the signature."),
        Outcome.UNREADABLE: _("Choose the JSON file that was downloaded with the receipt, or paste all of its text."),
        Outcome.NO_RECEIPT: _("It is a document of another kind or version. Look for the receipt's JSON file."),
        Outcome.ALGORITHM: _(
            "It names another signature method, or none. The portal signs receipts with EdDSA only. Do not rely on it."
        ),
        Outcome.UNKNOWN_KEY: _("This portal never signed anything with the key it names. Do not rely on it."),
        Outcome.ALTERED: _("Its signature does not match its content. Do not rely on it; ask for the original."),
        Outcome.DISCLOSED_ALTERED: _(
            "The part that both sides received is unaltered. The part that is only in the factory's copy was altered."
        ),
        Outcome.PROOF_ALTERED: _(
            "The portal signed the receipt, but its inclusion proof does not lead to a root that the portal signed. "
            "Download the receipt again."
        ),
    }
    return "nc", titles[checked.outcome], sentences[checked.outcome]
