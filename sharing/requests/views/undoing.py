"""The button "Undo" after a decision."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from portal.core.listing import listed
from sharing.gates.pages import about, factory_inside, person, require_decider, uuids
from sharing.models import AccessRequest, SharingGrant
from sharing.requests.services.undoing import Undone, undo


@login_required
@require_POST
def undo_decision(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo the posted `grants` and answers to `requests` of a factory, then show what is open again."""
    factory = factory_inside(request, pk)
    require_decider(request, factory)
    grants = SharingGrant.objects.visible_to(request.user).filter(factory=factory)
    requests = AccessRequest.objects.visible_to(request.user).filter(factory=factory)
    grants = grants.filter(pk__in=uuids(request.POST.getlist("grants")))
    requests = requests.filter(pk__in=uuids(request.POST.getlist("requests")))
    try:
        undone = undo(
            by=person(request),
            factory=factory,
            grants=set(grants.values_list("pk", flat=True)),
            requests=set(requests.values_list("pk", flat=True)),
        )
    except ValidationError as error:
        messages.error(request, about(factory, " ".join(error.messages)))
    else:
        messages.success(request, about(factory, _said(undone)))
    brands: set[int] = {*grants.values_list("brand", flat=True), *requests.values_list("brand", flat=True)}
    if len(brands) == 1:
        return redirect("factory_brand", factory.pk, *brands)
    return redirect("factory_brands", factory.pk)


def _said(undone: Undone) -> str:
    brands = {grant.brand.name for grant in undone.grants} | {one.brand.name for one in undone.requests}
    if not brands:
        return _("This was already undone.")
    text = ngettext(
        "Undone (%(brands)s). The brand was not notified, but may have seen the decision on its own pages.",
        "Undone (%(brands)s). The brands were not notified, but may have seen the decision on their own pages.",
        len(brands),
    )
    said = [text % {"brands": listed(sorted(brands))}]
    if undone.requests:
        said.append(_("The request is open again."))
    return " ".join(said)
