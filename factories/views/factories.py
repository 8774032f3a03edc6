"""Pages of factories: the list, one factory's page, its profile and enrolment, its advisors."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from factories.forms import AdvisorForm, EnrolmentForm, FactoryFilter, NewFactoryForm, ProfileForm
from factories.models import CountryProgramme, Factory, Handover, ProgrammeQuerySet
from factories.offices import office_of
from factories.rights import may_enrol, member_may
from factories.role_names import FactoryRoleName
from factories.roles import FACTORY, PROGRAMME, active_in_role
from factories.services import assign_advisor, create_factory, lock_factory, unassign_advisor, update_factory
from factories.views import label_of, person_of, phone_as_written, save_changes
from portal.accounts.models import Invitation, User
from portal.accounts.roles import role_of
from portal.accounts.services import unanswered
from portal.core.days import show_days_of
from portal.ui.forms import REFUSED, posted, show_errors
from portal.ui.lists import requested_page


def _found(request: HttpRequest, pk: int) -> Factory:
    """Return the factory if it is visible to the visitor. Raises `Http404` if not."""
    found = get_object_or_404(Factory.objects.visible_to(request.user).select_related("programme"), pk=pk)
    show_days_of(found)
    return found


def _enrols(person: User) -> ProgrammeQuerySet:
    """Return the country programmes in which a person enrols factories."""
    return CountryProgramme.objects.where(person, "manage_enrolment").filter(is_global=False)


@login_required
@require_GET
def factory_list(request: HttpRequest) -> HttpResponse:
    """List the factories visible to the visitor; redirect somebody with one factory of their own straight to it."""
    person = person_of(request)
    programmes = _own_programmes(person)
    form = FactoryFilter(request.GET, countries=[programme.country for programme in programmes])
    factories = Factory.objects.visible_to(person).select_related("programme")
    page = requested_page(request, form.narrow(factories), form.order)
    if not programmes:
        if len(page) == 1 and not form.in_use:
            return redirect("factory", pk=page.items[0].pk)
        if not page.items and not Factory.objects.visible_to(person).exists():
            raise Http404
    may_add = any(programme.is_enrolled_by for programme in programmes)  # type: ignore[attr-defined]
    context = {"page": page, "form": form, "is_staff": bool(programmes), "may_add": may_add}
    return render(request, "factories/factory_list.html", context)


def _own_programmes(person: User) -> list[CountryProgramme]:
    """Return the countries on whose staff the person is, each with whether they enrol factories there: one query."""
    enrolled_by = _enrols(person).filter(pk=OuterRef("pk"))
    countries = CountryProgramme.objects.where(person, "assess_country").filter(is_global=False)
    return list(countries.annotate(is_enrolled_by=Exists(enrolled_by)))


@login_required
@require_GET
def factory(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one factory: facts, what its profile lacks, its enrolment, and links to everything else about it."""
    person, found = person_of(request), _found(request, pk)
    enrols, is_manager = may_enrol(person, found.programme), member_may(person, "manage_members", pk)
    invited = list(_invited_managers(found)) if is_manager else []
    context = {
        "factory": found,
        "facts": _facts(found),
        "missing": found.missing_profile_fields(),
        "may_edit": Factory.objects.editable_by(person).filter(pk=pk).exists(),
        "may_enrol": enrols,
        "is_manager": is_manager,
        "is_own": member_may(person, "view_data", pk),
        "may_see_people": enrols or bool(role_of(person, FACTORY, found)),
        "managers": list(active_in_role(found, "manager")),
        "invited": invited,
        "invited_email": next((one.email for one in invited if one.leaving_id is None and one.is_open), ""),
        "is_leaving": any(one.leaving_id == person.pk for one in invited),
        "office": office_of(found.programme),
        "handover": Handover.objects.visible_to(person).open().filter(factory=found).first(),
        "advisors": _assigned(found),
        "advisor_form": _advisor_form(found) if enrols else None,
    }
    return render(request, "factories/factory.html", context)


def _invited_managers(found: Factory) -> QuerySet[Invitation]:
    """Return the unanswered invitations of managers, expired ones too, with who hands over."""
    invitations = unanswered(FACTORY, found).filter(role=FactoryRoleName.MANAGER)
    return invitations.select_related("leaving").order_by("created_at")


def _facts(found: Factory) -> list[tuple[str, object]]:
    names = ("bw_id", "address", "city", "latitude", "longitude", "products", "workers_women", "workers_men")
    more = ("os_hub_id", "contact_name", "contact_email", "contact_phone")
    facts = [(label_of(Factory, name), _as_written(name, getattr(found, name))) for name in (*names, *more)]
    facts.insert(1, (label_of(Factory, "sector"), found.get_sector_display()))
    return [(label, "" if value is None else value) for label, value in facts]


def _as_written(name: str, value: object) -> object:
    """Return a fact as every language writes it: degrees with a point, a telephone number from left to right."""
    if name in ("latitude", "longitude") and value is not None:
        return str(value)
    return phone_as_written(str(value)) if name == "contact_phone" else value


def _assigned(found: Factory) -> list[User]:
    group = FACTORY.group(found, "advisor")
    return list(User.objects.filter(groups=group, is_active=True).order_by("name", "pk"))


def _advisor_form(found: Factory) -> AdvisorForm | None:
    """Return a form to assign one more advisor; None if nobody can be assigned."""
    advisors = _assignable(found)
    return AdvisorForm(advisors=advisors) if advisors.exists() else None


def _assignable(found: Factory) -> QuerySet[User]:
    """Return the Enterprise Advisors of the factory's country who are not assigned yet."""
    advisors = PROGRAMME.role_groups(found.programme).filter(role="enterprise_advisor").values("group")
    assigned = User.objects.filter(groups=FACTORY.group(found, "advisor")).values("pk")
    people = User.objects.filter(groups__in=advisors, is_active=True).exclude(pk__in=assigned)
    return people.order_by("name", "pk")


@login_required
@require_http_methods(["GET", "POST"])
def factory_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit the profile; the country's staff also the enrolment. Changes that others have since made are kept."""
    person, found = person_of(request), _found(request, pk)
    if not Factory.objects.editable_by(person).filter(pk=pk).exists():
        raise PermissionDenied(_("Only the factory's manager or the country's staff may edit this profile."))
    form_class = EnrolmentForm if may_enrol(person, found.programme) else ProfileForm
    form = form_class(posted(request), instance=found)
    status = 200
    if request.method == "POST":
        status = save_changes(
            form, lambda: lock_factory(pk), lambda row: update_factory(by=person, factory=row, **form.changes())
        )
    if status == 302:
        messages.success(request, _("The profile was saved."))
        return redirect("factory", pk=pk)
    if request.method != "POST":
        form.remember(found)
    return render(request, "factories/factory_edit.html", {"factory": _found(request, pk), "form": form}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def factory_add(request: HttpRequest) -> HttpResponse:
    """Add a factory to a country on whose staff the visitor is. Raises `Http404` for people who see no factories."""
    person = person_of(request)
    programmes = _enrols(person)
    if not programmes:
        if Factory.objects.visible_to(person).exists():
            raise PermissionDenied(_("Only the country's staff can add factories."))
        raise Http404
    form = NewFactoryForm(posted(request), programmes=programmes)
    if form.is_valid():
        try:
            added = create_factory(by=person, **form.changes())
        except ValidationError as error:
            show_errors(form, error)
        except IntegrityError:
            form.add_error("bw_id", _("A factory with this id was just added."))
        else:
            messages.success(request, _("%s was added. Invite its first manager next.") % added)
            return redirect("factory", pk=added.pk)
    status = REFUSED if request.method == "POST" else 200
    return render(request, "factories/factory_add.html", {"form": form}, status=status)


@login_required
@require_POST
def advisor_assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Assign an Enterprise Advisor of the country to the factory."""
    person, found = person_of(request), _found(request, pk)
    if not may_enrol(person, found.programme):
        raise PermissionDenied(_("Only the country's staff can assign advisors."))
    form = AdvisorForm(request.POST, advisors=_assignable(found))
    if form.is_valid():
        assign_advisor(by=person, factory=found, advisor=form.cleaned_data["advisor"])
        messages.success(request, _("%s now works on this factory.") % form.cleaned_data["advisor"])
    else:
        messages.error(request, _("Choose an Enterprise Advisor of this country who is not assigned yet."))
    return redirect("factory", pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def advisor_unassign(request: HttpRequest, pk: int, advisor_id: int) -> HttpResponse:
    """End an advisor's work on the factory, after a confirmation page that names both."""
    person, found = person_of(request), _found(request, pk)
    if not may_enrol(person, found.programme):
        raise PermissionDenied(_("Only the country's staff can assign advisors."))
    advisor = next((one for one in _assigned(found) if one.pk == advisor_id), None)
    if advisor is None:
        raise Http404
    if request.method != "POST":
        return render(request, "factories/advisor_unassign.html", {"factory": found, "advisor": advisor})
    unassign_advisor(by=person, factory=found, advisor=advisor)
    messages.success(request, _("%s no longer works on this factory.") % advisor)
    return redirect("factory", pk=pk)
