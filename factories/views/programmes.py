"""Pages of country programmes: the list, one programme's settings, changing them, adding a country."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.db.models import Count, Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from factories.forms import PROGRAMME_SETTINGS, NewProgrammeForm, ProgrammeFilter, ProgrammeForm
from factories.models import CountryProgramme
from factories.rights import may_everywhere, may_in_programme
from factories.services import create_programme, update_programme
from factories.views import label_of, person_of, phone_as_written, save_changes
from portal.ui.forms import REFUSED, posted, show_errors
from portal.ui.lists import requested_page


def _found(request: HttpRequest, pk: int) -> CountryProgramme:
    return get_object_or_404(CountryProgramme.objects.visible_to(request.user), pk=pk)


@login_required
@require_GET
def programme_list(request: HttpRequest) -> HttpResponse:
    """List the programmes visible to the visitor; redirect somebody who sees only one straight to it."""
    person = person_of(request)
    # Counts are for staff: a constituent reads consolidated figures elsewhere, with small groups left out (R9).
    counted = CountryProgramme.objects.where(person, "view_assessments").filter(pk=OuterRef("pk"))
    enrolled = Count("factories", filter=Q(factories__enrolment_status="enrolled"))
    programmes = CountryProgramme.objects.visible_to(person).annotate(enrolled=enrolled, is_counted=Exists(counted))
    form = ProgrammeFilter(request.GET)
    page = requested_page(request, form.narrow(programmes), form.order)
    if not page.items and not CountryProgramme.objects.visible_to(person).exists():
        raise Http404
    may_add = may_everywhere(person, "manage_programme")
    if len(page) == 1 and not may_add and not request.GET:
        return redirect("programme", pk=page.items[0].pk)
    return render(request, "factories/programme_list.html", {"page": page, "form": form, "may_add": may_add})


@login_required
@require_GET
def programme(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one programme's settings, with links to its factories and its staff."""
    person, found = person_of(request), _found(request, pk)
    context = {
        "programme": found,
        "facts": _facts(found),
        "may_edit": may_in_programme(person, "manage_programme", pk),
        "may_enrol": may_in_programme(person, "manage_enrolment", pk),
        "is_staff": may_in_programme(person, "assess_country", pk),
    }
    return render(request, "factories/programme.html", context)


def _facts(found: CountryProgramme) -> list[tuple[str, object]]:
    """Return the settings, and the switch that is changed on the page of subscriptions."""
    names = (*PROGRAMME_SETTINGS, "participants_need_subscription")
    return [(label_of(CountryProgramme, name), _words(found, name)) for name in names if name != "name"]


def _words(found: CountryProgramme, name: str) -> object:
    if name == "enrolment":
        return found.get_enrolment_display()
    value = getattr(found, name)
    if name == "contact_phone":
        return phone_as_written(value)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return "" if value is None else value


@login_required
@require_http_methods(["GET", "POST"])
def programme_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a country's settings, which decide deadlines and what is shown, from the next page on."""
    person, found = person_of(request), _found(request, pk)
    if not may_in_programme(person, "manage_programme", pk):
        raise PermissionDenied(_("Only the programme's manager may change its settings."))
    form = ProgrammeForm(posted(request), instance=found)
    status = 200
    if request.method == "POST":
        status = save_changes(
            form,
            lambda: CountryProgramme.objects.select_for_update().get(pk=pk),
            lambda row: update_programme(by=person, programme=row, **form.changes()),
        )
    if status == 302:
        messages.success(request, _("The settings were saved."))
        return redirect("programme", pk=pk)
    if request.method != "POST":
        form.remember(found)
    context = {"programme": _found(request, pk), "form": form}
    return render(request, "factories/programme_edit.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def programme_add(request: HttpRequest) -> HttpResponse:
    """Add a country, as global staff."""
    person = person_of(request)
    if not CountryProgramme.objects.visible_to(person).exists():
        raise Http404
    if not may_everywhere(person, "manage_programme"):
        raise PermissionDenied(_("Only global staff may add a country."))
    form = NewProgrammeForm(posted(request))
    if form.is_valid():
        try:
            added = create_programme(by=person, **form.changes())
        except ValidationError as error:
            show_errors(form, error)
        except IntegrityError:
            form.add_error("country", _("A programme for this country was just added."))
        else:
            messages.success(request, _("%s was added. Invite its programme manager next.") % added)
            return redirect("programme", pk=added.pk)
    status = REFUSED if request.method == "POST" else 200
    return render(request, "factories/programme_add.html", {"form": form}, status=status)
