"""The steps of assessments from one state to the next, one by one and many at once, and corrections.

Every step is confirmed on a page of its own and taken by `publication/services`, which decides whether it is allowed;
the buttons only follow the same table.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from assessments.models import Assessment
from assessments.publication.deadlines import has_review_ended, review_end
from assessments.publication.rights import WIDER_THAN_ASSIGNED, may_take_step
from assessments.publication.services import is_unchanged_correction, start_correction, take_step
from assessments.publication.states import OFFERED_STATES, OFFERED_STEPS, Step, StepName
from assessments.visits.models import AssessmentQuerySet
from factories.models import Factory, FactoryQuerySet, FactoryRole
from factories.rights import may_somewhere
from factories.roles import FACTORY
from portal.accounts.models import User
from portal.accounts.roles import Visitor
from portal.core.days import show_days_of
from portal.core.turns import one_at_a_time
from portal.ui.forms import REFUSED, posted
from portal.ui.templatetags.portal import day
from sharing import access
from sharing.models import AccessRecord, CycleReport

BULK_STEPS = ("send_to_factory", "publish")
FOR_THE_FACTORY = frozenset({StepName.SEND_TO_FACTORY, StepName.PUBLISH})  # its members review the report
BULK_LIMIT = 100
BY_DEADLINE = ("deadline", "id")
NEWEST_FIRST = ("-start_date", "-cycle", "-version", "-id")


def factories_worked_on(user: Visitor) -> FactoryQuerySet:
    """Return the factories on whose assessments the person works: assigned ones, and those of their countries."""
    return Factory.objects.where(user, "assess") | Factory.objects.in_programmes_where(user, WIDER_THAN_ASSIGNED)


def staff_only(user: User) -> None:
    """Raise `Http404` for everybody who does not work on assessments for the programme."""
    staff = may_somewhere(user, "assess_country")
    if not staff and not factories_worked_on(user).exists():
        raise Http404


def worked_on(user: Visitor) -> AssessmentQuerySet:
    """Return the assessments that the person works on, with their deadline (R39)."""
    found = Assessment.objects.worked_on_by(user).filter(factory__in=factories_worked_on(user).values("pk"))
    return found.with_deadline().select_related("factory__programme")


class ReasonForm(forms.Form):
    """A form for the reason why a report is withdrawn."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("It is kept with the report."),
    )


class CorrectionForm(forms.Form):
    """A form for what a correction changes."""

    note = forms.CharField(
        label=gettext_lazy("What the correction changes"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Readers of the published version are shown this text."),
    )


CONSEQUENCES = {
    "send_to_factory": gettext_lazy(
        "The factory's members will be able to read it. To change an answer, return it to internal review."
    ),
    "take_back": gettext_lazy(
        "The factory's members will no longer be able to read it. It returns to internal review."
    ),
    "publish": gettext_lazy(
        "Each brand with access can read it once the delay set for that brand has passed. The report can no"
        " longer change: a correction is a new version."
    ),
    "withdraw": gettext_lazy(
        "After withdrawal, only the programme's staff will be able to read it. The report and your reason are kept."
    ),
}


def is_early(assessment: Assessment) -> bool:
    """Return whether the factory's review is still under way: publishing now would cut it short."""
    return assessment.state == Assessment.State.FACTORY_REVIEW and not has_review_ended(assessment)


def _with_members(assessments: Iterable[Assessment]) -> set[int]:
    """Return the factories of these assessments that have members of their own on the portal."""
    factories = {one.factory_id for one in assessments}
    own = FactoryRole.objects.filter(organisation__in=factories, group__user__is_active=True).exclude(role="advisor")
    return set(own.values_list("organisation", flat=True))


def _publication_facts(user: User, assessment: Assessment) -> list[tuple[str, object]]:
    """Return what to know before a report is published: the factory's review, and who sees it at once."""
    ends = review_end(assessment)
    opened = _first_opened(user, assessment)
    if ends is None:
        return []
    return [
        (_("Sent to the factory"), day(assessment.released_at)),
        (_("The factory's review ends"), day(ends)),
        (_("Opened by the factory"), day(opened) if opened else _("Not yet")),
        (_("Brands that will see it at once"), str(_brands_waiting(assessment))),
    ]


def _first_opened(user: User, assessment: Assessment) -> datetime | None:
    """Return when one of the factory's people first opened it, as far as `user` may know."""
    people = User.objects.filter(
        groups__in=FACTORY.role_groups(assessment.factory).exclude(role="advisor").values("group")
    )
    seen = AccessRecord.objects.visible_to(user).filter(assessment_id=assessment.pk, brand=None, person__in=people)
    return seen.order_by("id").values_list("at", flat=True).first()


def _brands_waiting(assessment: Assessment) -> int:
    """Return how many brands could read it if it were published now; for a correction, those that can already."""
    running = CycleReport.objects.filter(factory=assessment.factory_id, cycle=assessment.cycle, withdrawn_at=None)
    first_published_at = running.values_list("first_published_at", flat=True).first() or timezone.now()
    version = access.Version(assessment.factory_id, assessment.cycle, first_published_at)
    grants = access.grants_opening(version).filter(scope__in=access.ASSESSMENT_SCOPES)
    return grants.order_by().values("brand").distinct().count()


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def assessment_step(request: HttpRequest, pk: UUID, name: str) -> HttpResponse:
    """Confirm (GET) and take (POST) one step of one assessment."""
    user = cast(User, request.user)
    assessment = get_object_or_404(Assessment.objects.visible_to(user).select_related("factory__programme"), pk=pk)
    step = OFFERED_STEPS.get(name)
    if step is None:
        raise Http404
    if not may_take_step(user, assessment, name):
        raise PermissionDenied(_("Your role does not allow this step."))
    show_days_of(assessment.factory)
    form = ReasonForm(posted(request)) if name == "withdraw" else None
    if request.method == "POST" and (form is None or form.is_valid()):
        reason = form.cleaned_data["reason"] if form else ""
        _take(request, assessment, step, reason)
        return redirect(_back(request))
    context = {
        "assessment": assessment,
        "step": step,
        "form": form,
        "consequence": CONSEQUENCES[name],
        "back": _back(request),
        "is_without_members": name in FOR_THE_FACTORY and not _with_members([assessment]),
        "danger": name in {"withdraw", "take_back"} or (name == "publish" and is_early(assessment)),
    }
    if name == "publish":
        context |= {"facts": _publication_facts(user, assessment), "is_early": is_early(assessment)}
        context["review_end"] = review_end(assessment)
        context["is_unchanged"] = is_unchanged_correction(assessment)
    status = REFUSED if request.method == "POST" else 200
    return render(request, "publication/step.html", context, status=status)


def _take(request: HttpRequest, assessment: Assessment, step: Step, reason: str) -> bool:
    try:
        take_step(by=cast(User, request.user), assessment=assessment, name=step.name, reason=reason)
    except ValidationError as error:
        messages.error(request, _refused(assessment, error))
        return False
    link = format_html('<a href="{}">{}</a>', reverse("assessment", args=[assessment.pk]), _named(assessment))
    done = _("{assessment}: the step “{step}” was taken.")
    messages.success(request, format_html(done, assessment=link, step=step.label))
    return True


def _refused(assessment: Assessment, error: ValidationError | PermissionDenied) -> str:
    reason = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    return f"{_named(assessment)}: {reason}"


def _named(assessment: Assessment) -> str:
    return _("%(factory)s, cycle %(cycle)s") % {"factory": assessment.factory.name, "cycle": assessment.cycle}


def _back(request: HttpRequest) -> str:
    """Return the address of the board, filtered by the state that the visitor came from."""
    state = request.POST.get("back") or request.GET.get("back") or ""
    return f"{reverse('board')}?state={state}" if state in OFFERED_STATES else reverse("board")


@login_required
@require_POST
@one_at_a_time
def board_steps(request: HttpRequest) -> HttpResponse:
    """Take one step on many assessments: list them first, and once confirmed, take it one after the other."""
    user = cast(User, request.user)
    staff_only(user)
    step = OFFERED_STEPS.get(request.POST.get("step", ""))
    if step is None or step.name not in BULK_STEPS:
        raise Http404
    if (count := len(request.POST.getlist("ids"))) > BULK_LIMIT:
        text = _("Tick up to %(most)s assessments at a time; you ticked %(count)s. Nothing was done.")
        messages.error(request, text % {"most": BULK_LIMIT, "count": count})
        return redirect(_back(request))
    chosen = _chosen(request, user)
    if not chosen:
        messages.warning(request, _("No assessment was chosen. Tick at least one."))
        return redirect(_back(request))
    if request.POST.get("confirmed") == "yes":
        return _take_many(request, chosen, step)
    with_members = _with_members(chosen)
    context = {
        "step": step,
        "chosen": chosen,
        "without_members": {one.factory_id for one in chosen} - with_members,
        "early": {one.pk: review_end(one) for one in chosen if is_early(one)} if step.name == "publish" else {},
        "consequence": CONSEQUENCES[step.name],
        "hidden": [("step", step.name), ("confirmed", "yes"), ("back", request.POST.get("back", ""))],
        "back": _back(request),
    }
    return render(request, "publication/steps.html", context)


def _chosen(request: HttpRequest, user: User) -> list[Assessment]:
    """Return the ticked assessments that the person may see; invalid ids and hidden ones are ignored."""
    ids = [wanted for wanted in map(_uuid, request.POST.getlist("ids")) if wanted]
    return list(worked_on(user).filter(pk__in=ids).order_by(*BY_DEADLINE))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _take_many(request: HttpRequest, chosen: list[Assessment], step: Step) -> HttpResponse:
    """Take the step on each in its own transaction: one that is refused is named, the others go on."""
    done, refused = 0, []
    for assessment in chosen:
        try:
            take_step(by=cast(User, request.user), assessment=assessment, name=step.name)
            done += 1
        except (ValidationError, PermissionDenied) as error:
            refused.append(_refused(assessment, error))
    if done:
        told = ngettext(
            "The step “%(step)s” was taken for %(n)d assessment.",
            "The step “%(step)s” was taken for %(n)d assessments.",
            done,
        )
        messages.success(request, told % {"step": step.label, "n": done})
    for sentence in refused:
        messages.error(request, sentence)
    return redirect(_back(request))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def assessment_correct(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Start a correction of a published report: a new version with the same answers, in internal review."""
    user = cast(User, request.user)
    assessment = get_object_or_404(Assessment.objects.visible_to(user).select_related("factory__programme"), pk=pk)
    if not may_take_step(user, assessment, "send_to_factory"):
        raise PermissionDenied(_("Only the country's staff can correct a report."))
    form = CorrectionForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            correction = start_correction(by=user, assessment=assessment, note=form.cleaned_data["note"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The correction is version %s, in internal review.") % correction.version)
            return redirect("assessment", pk=correction.pk)
    status = REFUSED if request.method == "POST" else 200
    return render(request, "publication/correct.html", {"assessment": assessment, "form": form}, status=status)
