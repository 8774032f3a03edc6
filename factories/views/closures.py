"""The closure days of a factory: a list of the coming ones, a form for more, and how to remove one.

The page is the same with and without a planned visit (R47).
"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from factories.forms import ClosureForm
from factories.models import ClosureDays, Factory
from factories.rights import member_may
from factories.services import add_closure, may_edit_closures, remove_closure, require_closure_editor
from factories.views import person_of
from portal.accounts.models import User
from portal.core.days import show_days_of, today
from portal.ui.forms import form_status, posted, refusals_on


def _found(person: User, pk: int) -> Factory:
    """Return the factory if it is visible to the visitor, and show its days. Raises `Http404`."""
    found = get_object_or_404(Factory.objects.visible_to(person).select_related("programme"), pk=pk)
    show_days_of(found)
    return found


@login_required
@require_http_methods(["GET", "POST"])
def closure_list(request: HttpRequest, pk: int) -> HttpResponse:
    """List the coming closure days, and add some."""
    person = person_of(request)
    factory = _found(person, pk)
    if request.method == "POST":
        require_closure_editor(person, factory)
    form = ClosureForm(posted(request))
    if form.is_valid():
        with refusals_on(form):
            add_closure(by=person, factory=factory, **form.cleaned_data)
        if form.is_valid():
            messages.success(request, _("The closure days were saved."))
            return redirect("closure_list", pk=pk)
    coming = ClosureDays.objects.visible_to(person).filter(factory=factory, last_day__gte=today(factory))
    context = {
        "factory": factory,
        "is_own": member_may(person, "view_data", pk),
        "closures": list(coming.order_by("first_day", "pk")),
        "may_edit": may_edit_closures(person, factory),
        "form": form,
    }
    return render(request, "factories/closure_list.html", context, status=form_status(request))


@login_required
@require_http_methods(["GET", "POST"])
def closure_remove(request: HttpRequest, pk: int, closure_id: str) -> HttpResponse:
    """Remove closure days, after a page that names them."""
    person = person_of(request)
    factory = _found(person, pk)
    closure = get_object_or_404(ClosureDays.objects.visible_to(person).filter(factory=factory), pk=closure_id)
    require_closure_editor(person, factory)
    if request.method != "POST":
        return render(request, "factories/closure_remove.html", {"factory": factory, "closure": closure})
    remove_closure(by=person, closure=closure)
    messages.success(request, _("The closure days were removed."))
    return redirect("closure_list", pk=pk)
