"""Pages of receipts: the list of a side, one receipt and its files; and the public page where anybody checks one."""

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
from portal.core.uploads import public_upload
from portal.ui.lists import requested_page
from sharing.gates.pages import factory_inside, own_brand
from sharing.models import Receipt
from sharing.receipts.checking import LONGEST, Checked, Outcome, check_document, is_issued
from sharing.receipts.document import CONTENT_TYPE, facts, json_of, pdf_of, proof_facts, proof_steps, sentence
from sharing.receipts.forms import VerifyForm
from sharing.receipts.models import ReceiptQuerySet
from sharing.receipts.numbers import normalised
from sharing.receipts.proof import proof_of

DRAFTS_KEPT = 200  # characters of a number that somebody typed


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
    """Return the receipt, and whether the visitor sees it from the factory's side. Raises 404."""
    rows = Receipt.objects.visible_to(request.user).select_related("factory", "brand", "grant")
    receipt = get_object_or_404(rows, number=normalised(number) or None)
    show_days_of(receipt.factory)
    return receipt, Factory.objects.inside(request.user).filter(pk=receipt.factory_id).exists()


@login_required
@require_GET
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """Show one receipt, as it was signed, and the proof that it was sealed."""
    found, from_inside = _found(request, number)
    proof = proof_of(found)
    context = {
        "receipt": found,
        "from_inside": from_inside,
        "sentence": sentence(found.payload),
        "facts": facts(found.payload, found.disclosed if from_inside else {}),
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
    copy = "factory-copy" if discloses else "brand-copy"  # the factory may download both, and passes only one on
    return _download(content, CONTENT_TYPE, f"receipt-{found.number}-{copy}.json")


def _download(content: str | bytes, content_type: str, name: str) -> HttpResponse:
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": disposition})


@login_required
@require_GET
def receipt_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """Download the receipt on one page, with a QR code; its inclusion proof on a second one."""
    found, from_inside = _found(request, number)
    try:
        content = pdf_of(found, from_inside=from_inside, proof=proof_of(found))
    except RenderError:
        messages.error(
            request, _("The PDF could not be created. Try again later, or use the JSON file, which proves the same.")
        )
        return redirect("receipt", number=found.number)
    return _download(content, "application/pdf", f"receipt-{found.number}.pdf")


@public_upload(LONGEST)
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Check a receipt for anybody, by its JSON or the address in its QR code. No sign-in is needed."""
    form, checked, scanned = VerifyForm(), None, None
    number, fingerprint = (request.GET.get(name, "")[:DRAFTS_KEPT] for name in ("number", "print"))
    asks = request.method == "POST" or bool(number)
    if asks and not VerifyThrottle().allow_request(request, None):  # type: ignore[arg-type]
        return render(request, "429.html", status=429)
    if request.method == "POST":
        form = VerifyForm(request.POST, request.FILES)
        checked = check_document(form.document()) if form.is_valid() else None
    elif number:
        scanned = {"number": normalised(number) or number, "is_issued": is_issued(number, fingerprint)}
    status = 200 if request.method == "GET" or (checked and checked.is_valid) else 400
    context = {"form": form, "checked": checked, "words": _words(checked), "scanned": scanned, "keys": known_keys()}
    return render(request, "receipts/verify.html", context, status=status)


def _words(checked: Checked | None) -> tuple[str, str, str] | None:
    """Return the tone, the title and the sentence for what was found."""
    if checked is None:
        return None
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
