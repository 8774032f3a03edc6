"""Pages of handovers: staff open, complete or cancel one; the present manager objects with one click."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import storages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from factories.files import HANDOVERS
from factories.forms import HandoverForm
from factories.models import Factory, Handover
from factories.rights import may_somewhere, member_may
from factories.roles import active_in_role, may_oversee_factory
from factories.services import complete_handover, object_to_handover, open_handover, stop_handover
from factories.views import person_of
from portal.core.days import show_days_of
from portal.core.names import one_line
from portal.core.uploads import drop_upload, kept_upload, limited_upload, missing_upload, sha256_of_upload
from portal.ui.forms import REFUSED, posted, show_errors
from portal.ui.lists import requested_page
from portal.ui.repeats import unsaved, warn_done_already


@limited_upload
@login_required
@require_http_methods(["GET", "POST"])
def handover_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a handover: who the new manager is, and how the staff know that the former one left."""
    person = person_of(request)
    factory = get_object_or_404(Factory.objects.visible_to(person).select_related("programme"), pk=pk)
    show_days_of(factory)
    if not may_oversee_factory(person, factory):
        raise PermissionDenied(
            _("Only the country's staff can open a handover here. Managers hand over on their factory's page.")
        )
    running = Handover.objects.visible_to(person).open().filter(factory=factory).first()
    if running is not None and request.method == "GET":
        return redirect("handover", pk=running.pk)
    form = HandoverForm(posted(request), request.FILES or None)
    if form.is_valid():
        opened = _opened(request, factory, form)
        if opened is not None:
            return redirect("handover", pk=opened.pk)
    context = {"factory": factory, "form": form, "managers": active_in_role(factory, "manager")}
    status = REFUSED if request.method == "POST" else 200
    return render(request, "factories/handover_open.html", context, status=status)


def _opened(request: HttpRequest, factory: Factory, form: HandoverForm) -> Handover | None:
    """Open the handover, add a message and return it; None if the service refused it, and then no file is kept."""
    case = dict(form.cleaned_data)
    upload = case.pop("scan")
    try:
        with kept_upload(upload, HANDOVERS) as scan:
            opened = open_handover(by=person_of(request), factory=factory, **case, scan=scan)
            is_other_scan = bool(scan) and sha256_of_upload(scan) != opened.scan_sha256
    except ValidationError as error:
        show_errors(form, error)
        return None
    if opened.scan != scan:  # the same case sent twice
        drop_upload(scan)
    typed = [one_line(case["new_name"]), case["evidence"], *([upload.name] if is_other_scan else [])]
    lost = unsaved(typed, [opened.new_name, opened.evidence])
    if not warn_done_already(request, lost, by=opened.opened_by, at=opened.opened_at, place=factory):
        messages.success(request, _("The handover of %s is open. Its manager is notified by e-mail.") % factory)
    return opened


@login_required
@require_GET
def handover_list(request: HttpRequest) -> HttpResponse:
    """List the handovers in the staff's countries, newest first. Raises `Http404` for people who enrol nowhere."""
    person = person_of(request)
    if not may_somewhere(person, "manage_enrolment"):
        raise Http404
    handovers = Handover.objects.visible_to(person).select_related("factory", "leaving")
    page = requested_page(request, handovers, ("-opened_at", "-id"))
    return render(request, "factories/handover_list.html", {"page": page})


@login_required
@require_http_methods(["GET", "POST"])
def handover(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one handover: what it is about, how far it is, and what the visitor can do about it."""
    person = person_of(request)
    handovers = Handover.objects.visible_to(person).select_related(
        "factory__programme", "leaving", "opened_by", "completed_by", "stopped_by"
    )
    found = get_object_or_404(handovers, pk=pk)
    show_days_of(found.factory)
    if request.method == "POST":
        _act(request, found)
        return redirect("handover", pk=pk)
    is_staff = may_oversee_factory(person, found.factory)
    context = {
        "handover": found,
        "factory": found.factory,
        "status": found.status(),
        "is_staff": is_staff,
        "may_complete": is_staff and found.opened_by_id != person.pk,
        "is_manager": member_may(person, "manage_members", found.factory_id),
    }
    return render(request, "factories/handover.html", context)


def _act(request: HttpRequest, found: Handover) -> None:
    """Do what a button says; a refusal of the service is shown above the page. Raises `PermissionDenied`."""
    by, reason = person_of(request), request.POST.get("reason", "").replace("\x00", "")
    acts: dict[str, tuple[Callable[[], Handover], str]] = {
        "object": (
            lambda: object_to_handover(by=by, handover=found, reason=reason),
            _("You objected. The handover of %s has ended, and nothing has changed."),
        ),
        "complete": (lambda: complete_handover(by=by, handover=found), _("%s: the new manager has been invited.")),
        "stop": (
            lambda: stop_handover(by=by, handover=found, reason=reason),
            _("The handover of %s was cancelled, and nothing has changed."),
        ),
    }
    act = acts.get(request.POST.get("act", ""))
    if act is None:
        messages.error(request, _("Choose one of the buttons on the page."))
        return
    do, done = act
    try:
        do()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, done % found.factory)


@login_required
@require_GET
def handover_scan(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Serve the scan that the staff stored as evidence, to staff only."""
    person = person_of(request)
    found = get_object_or_404(Handover.objects.visible_to(person).select_related("factory"), pk=pk)
    if not may_oversee_factory(person, found.factory):
        raise PermissionDenied(_("Only the country's staff see the scan."))
    if not found.scan:
        raise Http404
    if not storages["private"].exists(found.scan):
        return missing_upload(request)
    file = storages["private"].open(found.scan)
    return FileResponse(file, as_attachment=True, filename="evidence", content_type="application/octet-stream")
