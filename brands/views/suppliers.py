"""Pages of a brand's own supplier list. It gives no access, and nobody outside the brand sees it, not even staff."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from brands.forms import SupplierFilter, SupplierListForm
from brands.imports import SupplierImport, import_suppliers
from brands.models import Brand, Supplier
from brands.rights import member_may
from brands.views.brands import person_of
from portal.core.uploads import limited_table
from portal.ui.forms import REFUSED, posted
from portal.ui.lists import requested_page


@login_required
@require_GET
def supplier_list(request: HttpRequest, pk: int) -> HttpResponse:
    """List the brand's suppliers as it wrote them, by name."""
    person = person_of(request)
    brand = get_object_or_404(Brand.objects.own(person), pk=pk)
    form = SupplierFilter(request.GET)
    suppliers = form.narrow(Supplier.objects.visible_to(person).filter(brand=brand))
    page = requested_page(request, suppliers, ("name", "id"))
    may_edit = member_may(person, "edit_suppliers", pk)
    context = {"brand": brand, "page": page, "form": form, "may_edit": may_edit}
    return render(request, "brands/supplier_list.html", context)


@login_required
@limited_table("suppliers")
@require_http_methods(["GET", "POST"])
def supplier_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Add the rows of a file to the list: all of them; or none, and show the errors by row and column."""
    person = person_of(request)
    brand = get_object_or_404(Brand.objects.own(person), pk=pk)
    if not member_may(person, "edit_suppliers", pk):
        raise PermissionDenied(_("Only the brand's managers may change its supplier list."))
    form = SupplierListForm(posted(request), request.FILES if request.method == "POST" else None)
    outcome = SupplierImport()
    if form.is_valid():
        outcome = import_suppliers(by=person, brand=brand, file=form.cleaned_data["file"])
        if not outcome.problems:
            messages.success(request, _words(outcome))
            return redirect("supplier_list", pk=pk)
    context = {"brand": brand, "form": form, "problems": outcome.problems, "read_from": outcome.read_from}
    return render(request, "brands/supplier_import.html", context, status=REFUSED if form.is_bound else 200)


def _words(outcome: SupplierImport) -> str:
    """Return what was done with the file, in words."""
    added = ngettext("%(count)s supplier was added.", "%(count)s suppliers were added.", outcome.added) % {
        "count": outcome.added
    }
    skipped = _("Rows skipped because they are already on the list: %s.") % outcome.skipped if outcome.skipped else ""
    ignored = _("These columns (%s) were ignored.") % ", ".join(outcome.ignored) if outcome.ignored else ""
    return " ".join(part for part in (added, skipped, ignored, outcome.read_from) if part)
