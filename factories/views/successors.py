"""The page on which a manager hands the factory over to a successor."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from factories.forms import SuccessorForm
from factories.models import Factory
from factories.offices import office_of
from factories.rights import member_may
from factories.roles import FACTORY, active_in_role
from factories.views import person_of
from portal.accounts.services import invite_successor, successions
from portal.core.days import show_days_of
from portal.ui.forms import form_status, posted, refusals_on


@login_required
@require_http_methods(["GET", "POST"])
def successor(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a handover changes, and invite the successor; while one is invited, show that instead of the form."""
    person = person_of(request)
    found = get_object_or_404(Factory.objects.visible_to(person).select_related("programme"), pk=pk)
    show_days_of(found)
    if not member_may(person, "manage_members", pk):
        raise PermissionDenied(_("Only a manager of this organisation can hand over."))
    form = SuccessorForm(posted(request))
    if form.is_valid():
        with refusals_on(form):
            invite_successor(by=person, kind=FACTORY, organisation=found, **form.cleaned_data)
            messages.success(request, _("An invitation is on its way to %s.") % form.cleaned_data["email"])
            return redirect("factory", pk=pk)
    context = {
        "factory": found,
        "form": form,
        "invited": successions(FACTORY, found).filter(leaving=person).first(),
        "others": active_in_role(found, "manager").exclude(pk=person.pk),
        "office": office_of(found.programme),
    }
    return render(request, "factories/successor.html", context, status=form_status(request))
