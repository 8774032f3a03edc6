"""Pages of corrections: for a brand that holds an old version, what changed; for the factory, who still holds one."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import BigIntegerField, F, SmallIntegerField, UUIDField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from assessments.corrections.holders import Change, acknowledge_correction, changes_between, old_versions
from assessments.corrections.models import CorrectionNoticeQuerySet
from assessments.models import Assessment, CorrectionNotice
from assessments.reading.scopes import documents_for, report_language
from assessments.reports.labels import labels_for
from assessments.visits.models import AssessmentQuerySet
from brands.models import Brand
from portal.accounts.models import User
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor
from portal.core.compiled import Key, Parameter
from portal.core.days import show_days_of
from portal.ui.lists import requested_page
from sharing import access
from sharing.gates.pages import factory_inside
from sharing.models import AccessRecord, Scope
from sharing.records.services import record_access


@login_required
@require_safe
def correction_list(request: HttpRequest) -> HttpResponse:
    """List reports that the visitor's brand read and that were corrected or withdrawn since, newest first."""
    user = cast("User", request.user)
    rows = CorrectionNotice.objects.for_brands_of(user)
    page = requested_page(request, rows.select_related("assessment__factory", "acknowledged_by"), ("-id",))
    if not page.items and not Brand.objects.own(user).exists():
        raise Http404
    return render(request, "corrections/corrections.html", {"page": page})


@dataclass(frozen=True)
class ScopeChanges:
    """The changes within one scope that the reader may see in both versions."""

    label: str
    changes: list[Change]


@login_required
@require_safe
def correction(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what changed since the version `pk`, as far as the reader may see both. It is recorded as reading both."""
    user = cast("User", request.user)
    notice = _first_open(user, pk)
    old = notice.assessment
    show_days_of(old.factory)
    versions = _versions(user, factory=old.factory_id, cycle=old.cycle, version=old.version)
    before = next((one for one in versions if one.pk == old.pk), None)
    newest = next((one for one in versions if one.pk != old.pk), None) if notice.successor_id else None
    language = report_language(get_language())
    context = {
        "notice": notice,
        "assessment": old,
        "newest": newest,
        "labels": labels_for(language),
        "parts": _parts(user, before, newest, language) if before and newest else [],
    }
    return render(request, "corrections/correction.html", context)


def _about(user: Visitor, assessment: UUID | Parameter) -> CorrectionNoticeQuerySet:
    notices = CorrectionNotice.objects.for_brands_of(user).filter(assessment=assessment)
    notices = notices.select_related("assessment__factory", "brand", "acknowledged_by")
    return notices.order_by(F("acknowledged_at").asc(nulls_first=True), "pk")[:1]


_notices: Prepared[CorrectionNotice, CorrectionNotice] = Prepared(_about, assessment=UUIDField())


def _first_open(user: User, pk: UUID) -> CorrectionNotice:
    """Return the notice about a version; if `user` has several brands, one that is not acknowledged comes first."""
    found = _notices(user, assessment=pk)
    if not found:
        raise Http404
    return found[0]


def _shared_from(user: Visitor, factory: Key, cycle: Key, version: Key) -> AssessmentQuerySet:
    """Return a version and the later ones of its cycle, as far as the reader may see them, the newest first."""
    found = Assessment.objects.shared_with(user).filter(factory=factory, cycle=cycle, version__gte=version)
    return found.select_related("factory__programme").order_by("-version")


_versions: Prepared[Assessment, Assessment] = Prepared(
    _shared_from, factory=BigIntegerField(), cycle=SmallIntegerField(), version=SmallIntegerField()
)


def _parts(user: User, before: Assessment, new: Assessment, language: str) -> list[ScopeChanges]:
    openings = {one: access.openings(user, one) for one in (before, new)}
    scopes = [one for one in access.ASSESSMENT_SCOPES if all(one in opened for opened in openings.values())]
    old, now = (documents_for(user, one, scopes, language) for one in (before, new))
    parts = [ScopeChanges(str(Scope(scope).label), changes_between(old[scope], now[scope])) for scope in scopes]
    for one, opened in openings.items():
        record_access(by=user, assessment=one, openings=opened, action=AccessRecord.Action.VIEW)
    return parts


@login_required
@require_POST
def acknowledge(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Acknowledge a correction for the brand."""
    user = cast("User", request.user)
    notice = _first_open(user, pk)
    acknowledge_correction(by=user, notice=notice)
    messages.success(request, _("Thank you. The factory sees that your brand acknowledged this."))
    return redirect("correction", pk=pk)


@login_required
@require_safe
def old_version_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Show for each version that was replaced or withdrawn which brands read it, their copies, and who acknowledged."""
    factory = factory_inside(request, pk)
    context = {"factory": factory, "versions": old_versions(cast("User", request.user), factory)}
    return render(request, "corrections/old_versions.html", context)
