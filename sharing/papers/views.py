"""Pages of consent given on paper: staff record it, the factory and the staff open the scan."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import storages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from factories.models import Factory
from portal.core.uploads import limited_upload, missing_upload
from portal.ui.forms import REFUSED, posted
from sharing.gates.pages import factory_inside, person
from sharing.grants.forms.granting import add_errors, default_terms
from sharing.models import PaperConsent, SharingGrant
from sharing.papers.forms import PaperForm
from sharing.papers.services import may_record_consent, record_paper_consent

ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


@login_required
@limited_upload
@require_http_methods(["GET", "POST"])
def grant_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """Record what a factory allowed on a signed form, as its country's staff."""
    factory = factory_inside(request, pk)
    if not may_record_consent(person(request), factory):
        raise PermissionDenied(_("Only the country's staff can record consent given on paper."))
    files = request.FILES if request.method == "POST" else None
    initial = default_terms(factory)
    form = PaperForm(posted(request), files, user=person(request), place=factory, initial=initial)
    if request.method == "POST" and form.is_valid() and _recorded(request, factory, form):
        return redirect("factory_brands", pk=factory.pk)
    status = REFUSED if request.method == "POST" else 200
    return render(request, "papers/grant_paper.html", {"factory": factory, "form": form}, status=status)


def _recorded(request: HttpRequest, factory: Factory, form: PaperForm) -> bool:
    data = form.cleaned_data
    try:
        record_paper_consent(
            by=person(request),
            factory=factory,
            brands=data["brands"],
            scopes=data["scopes"],
            terms=form.terms(),
            signature=form.signature(),
            scan=data["scan"],
        )
    except ValidationError as error:
        add_errors(form, error)
        return False
    text = _("Recorded. %s is notified now, and can end the access at any time.")
    messages.success(request, text % factory)
    return True


@login_required
@require_GET
def grant_document(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Download the scan behind a grant, for the factory's people and country's staff; never shown in the portal."""
    grant = get_object_or_404(SharingGrant.objects.visible_to(request.user), pk=pk)
    consents = PaperConsent.objects.visible_to(request.user).filter(factory=grant.factory_id)
    consent = get_object_or_404(consents, document=grant.consent_document)
    try:
        scan = storages["private"].open(consent.document)
    except FileNotFoundError:
        return missing_upload(request)
    name = f"consent-{consent.signed_on.isoformat()}.{ENDINGS[consent.content_type]}"
    response = FileResponse(scan, as_attachment=True, filename=name, content_type=consent.content_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox"
    return response
