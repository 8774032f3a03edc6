"""Pages of brands: the list, one brand's page, adding and editing.

Staff see every brand. A factory's manager sees the names of active ones, to choose whom to share with. A brand's own
people see their own.
"""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from brands.forms import BrandFilter, BrandForm
from brands.models import Brand, BrandQuerySet
from brands.rights import member_may, reads_for
from brands.roles import may_manage_brand_members
from brands.services import create_brand, update_brand
from portal.accounts.models import User
from portal.accounts.roles import has_general_permission, kinds
from portal.core.countries import country_name
from portal.ui.forms import REFUSED, STALE, posted, show_errors
from portal.ui.lists import requested_page


def person_of(request: HttpRequest) -> User:
    """Return the signed-in visitor."""
    return cast("User", request.user)


def is_staff(person: User) -> bool:
    """Return whether the person works for the programme, in any country."""
    return kinds["programme"].visible_to(person).exists()


def shown_to(person: User, staff: bool) -> BrandQuerySet:
    """Return the brands whose page a person may open: inactive ones are visible to staff only."""
    visible = Brand.objects.visible_to(person)
    return visible if staff else visible.filter(is_active=True)


def may_admit(person: User) -> bool:
    """Return whether the person may add and edit brands."""
    return has_general_permission(person, "brands.manage_brands")


def _staff_rights(person: User) -> tuple[bool, bool]:
    """Return whether the person works for the programme, and whether they admit brands: one query."""
    admits = Permission.objects.filter(content_type__app_label="brands", codename="manage_brands", group__user=person)
    rights = User.objects.filter(pk=person.pk, is_active=True).values_list(
        Exists(kinds["programme"].visible_to(person)), Exists(admits)
    )
    works, may_add = rights.first() or (False, False)
    return bool(works), bool(works and may_add)


@login_required
@require_GET
def brand_list(request: HttpRequest) -> HttpResponse:
    """List the brands visible to the visitor; redirect somebody who sees only one straight to it."""
    person = person_of(request)
    staff, may_add = _staff_rights(person)
    form, shown = BrandFilter(request.GET, staff=staff), shown_to(person, staff)
    page = requested_page(request, form.narrow(shown), form.order)
    if not page.items and not may_add and not shown.exists():
        raise Http404
    if len(page) == 1 and not staff and not request.GET:
        return redirect("brand", pk=page.items[0].pk)
    context = {"page": page, "form": form, "is_staff": staff, "may_add": may_add}
    return render(request, "brands/brand_list.html", context)


@login_required
@require_GET
def brand(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one brand; with links to more for its own people and for those who admit brands."""
    person = person_of(request)
    staff = is_staff(person)
    found = get_object_or_404(shown_to(person, staff), pk=pk)
    is_own = reads_for(person, pk)
    context = {
        "brand": found,
        "facts": _facts(found) if staff or is_own else [],
        "is_staff": staff,
        "is_own": is_own,
        "may_edit": may_admit(person),
        "may_see_people": is_own or may_manage_brand_members(person, found),
        "may_make_tokens": member_may(person, "manage_members", pk),
    }
    return render(request, "brands/brand.html", context)


def _facts(found: Brand) -> list[tuple[str, object]]:
    return [
        (_("Agreement"), found.get_kind_display()),
        (_("Country"), country_name(found.country)),
        (_("Website"), format_html('<bdi dir="ltr">{}</bdi>', found.website) if found.website else ""),
    ]


@login_required
@require_http_methods(["GET", "POST"])
def brand_add(request: HttpRequest) -> HttpResponse:
    """Add a brand, as global staff. Raises `Http404` for people who see no list of brands."""
    person = person_of(request)
    if not may_admit(person):
        if not Brand.objects.visible_to(person).exists():
            raise Http404
        raise PermissionDenied(_("Only global staff may add or change a brand."))
    form = BrandForm(posted(request), initial={"is_active": True})
    if form.is_valid():
        try:
            added = create_brand(by=person, **form.changes())
        except ValidationError as error:
            show_errors(form, error)
        except IntegrityError:
            form.add_error("name", _("A brand with this name was just added."))
        else:
            messages.success(request, _("%s was added. Invite its first manager next.") % added)
            return redirect("brand", pk=added.pk)
    status = REFUSED if request.method == "POST" else 200
    return render(request, "brands/brand_add.html", {"form": form}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def brand_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit a brand, as global staff. Changes that others have since made are kept."""
    person = person_of(request)
    found = get_object_or_404(shown_to(person, is_staff(person)), pk=pk)
    if not may_admit(person):
        raise PermissionDenied(_("Only global staff may add or change a brand."))
    form = BrandForm(posted(request), instance=found)
    status = _save(person, pk, form) if request.method == "POST" else 200
    if status == 302:
        messages.success(request, _("The brand was saved."))
        return redirect("brand", pk=pk)
    if request.method != "POST":
        form.remember(found)
    context = {"brand": Brand.objects.get(pk=pk), "form": form}
    return render(request, "brands/brand_edit.html", context, status=status)


def _save(person: User, pk: int, form: BrandForm) -> int:
    """Save a submitted brand under its lock; return the status to answer with (302: saved)."""
    if not form.is_valid():
        return REFUSED
    with transaction.atomic():
        current = Brand.objects.select_for_update().get(pk=pk)
        if form.is_stale(current):
            return STALE
        try:
            update_brand(by=person, brand=current, **form.changes())
        except ValidationError as error:
            show_errors(form, error)
            return REFUSED
    return 302
