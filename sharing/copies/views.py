"""Pages of copies to destroy: the factory sees what it asked for and what was answered, the brand answers."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from brands.models import Brand
from portal.core.days import days_since, show_days_of
from portal.ui.forms import REFUSED, STALE, posted, show_errors
from portal.ui.lists import requested_page
from sharing.copies.downloaded import DownloadedCopy, downloaded_copies
from sharing.copies.services import answer_destroy_notice
from sharing.gates.pages import factory_inside, person
from sharing.grants.forms.revoking import CopiesAnswerForm
from sharing.models import AccessRecord, CopyToDestroy, DestroyNotice
from sharing.records.models import AccessRecordQuerySet


@login_required
@require_GET
def destroy_notices(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a factory asked brands to destroy, the newest first, copy by copy, with the answers."""
    factory = factory_inside(request, pk)
    notices = DestroyNotice.objects.visible_to(request.user).filter(factory=factory).with_counts()
    notices = notices.select_related("factory", "brand", "asked_by", "answered_by").prefetch_related("copies")
    page = requested_page(request, notices, ("-created_at", "-id"))
    records = AccessRecord.objects.visible_to(request.user).filter(factory=factory)
    known = _known_copies(records, [copy for notice in page.items for copy in notice.copies.all()])
    rows = [_row(notice, known) for notice in page.items]
    return render(request, "copies/destroy_notices.html", {"factory": factory, "page": page, "rows": rows})


def _known_copies(records: AccessRecordQuerySet, copies: Iterable[CopyToDestroy]) -> dict[int, DownloadedCopy]:
    """Return, by number, who downloaded each of these copies, when and as what, from `records` the visitor may see."""
    numbers = {copy.number for copy in copies}
    return {copy.number: copy for copy in downloaded_copies(records.filter(copy_number__in=numbers))}


def _row(notice: DestroyNotice, known: dict[int, DownloadedCopy]) -> dict[str, object]:
    copies = sorted(notice.copies.all(), key=lambda copy: copy.number)
    return {
        "notice": notice,
        "days": days_since(notice.created_at, notice.factory),
        "copies": [(copy, known.get(copy.number)) for copy in copies],
    }


@login_required
@require_GET
def copies_to_destroy(request: HttpRequest) -> HttpResponse:
    """Show what a brand is, or was, asked to destroy. 404 for people of no brand."""
    if not Brand.objects.own(request.user).exists():
        raise Http404
    notices = DestroyNotice.objects.asked_of(request.user).select_related("factory", "brand").with_counts()
    page = requested_page(request, notices, ("-created_at", "-id"))
    return render(request, "copies/copies_to_destroy.html", {"page": page})


@login_required
@require_http_methods(["GET", "POST"])
def copies_answer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one notice to the brand that it asks: which copies, and the answer; nothing else of the factory."""
    notices = DestroyNotice.objects.asked_of(request.user).select_related("factory__programme", "brand", "answered_by")
    notice = get_object_or_404(notices.with_counts(), pk=pk)
    show_days_of(notice.factory)
    copies = list(notice.copies.order_by("number"))
    unsettled = [copy for copy in copies if copy.answer != CopyToDestroy.Answer.DESTROYED]
    form = CopiesAnswerForm(posted(request), notice=notice, copies=unsettled)
    is_late = request.method == "POST" and not unsettled  # all were reported destroyed since the page was opened
    if is_late and not (lost := _lost_answer(request, notice)):
        _say_noted(request, notice)
        return redirect("copies_to_destroy")
    status = STALE if is_late else 200
    if request.method == "POST" and unsettled:
        if form.is_valid() and _answered(request, notice, form):
            return redirect("copies_to_destroy")
        status = REFUSED
    records = AccessRecord.objects.visible_to(request.user).filter(factory=notice.factory, brand=notice.brand)
    known = _known_copies(records, copies)
    context = {
        "notice": notice,
        "copies": [(copy, known.get(copy.number)) for copy in copies],
        "form": form if unsettled else None,
        "lost": lost if is_late else [],
        "is_late": is_late,
        "contact": notice.factory.programme.contact_email,
    }
    return render(request, "copies/copies_answer.html", context, status=status)


def _lost_answer(request: HttpRequest, notice: DestroyNotice) -> list[str]:
    """Return, in words, what was sent after all copies were reported destroyed; empty for that same answer again."""
    fields = CopiesAnswerForm.base_fields
    typed = [request.POST.get(name, "").replace("\x00", "").strip() for name in ("kept_because", "remark")]
    new = [text for text in typed if text and text != notice.remark]
    outcome, kept = request.POST.get("outcome", ""), request.POST.getlist("kept")
    if outcome == CopiesAnswerForm.ALL_DESTROYED and not new:
        return []
    chosen = str(dict(fields["outcome"].choices).get(outcome, ""))  # type: ignore[attr-defined]
    numbers = ", ".join(number for number in kept if number.isdecimal())
    return [chosen, f"{fields['kept'].label}: {numbers}" if numbers else "", *new]


def _answered(request: HttpRequest, notice: DestroyNotice, form: CopiesAnswerForm) -> bool:
    try:
        answer_destroy_notice(
            by=person(request), notice=notice, kept=form.kept_reasons(), remark=form.cleaned_data["remark"]
        )
    except ValidationError as error:
        show_errors(form, error)
        return False
    _say_noted(request, notice)
    return True


def _say_noted(request: HttpRequest, notice: DestroyNotice) -> None:
    words = {"brand": notice.brand, "factory": notice.factory}
    messages.success(request, _("Your answer for %(brand)s is recorded; %(factory)s can see it.") % words)
