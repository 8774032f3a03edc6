"""An organisation's webhooks: the addresses of its programs, the kinds they get, and the result of each message.

Its managers administer them; not found for those who do not see the organisation, forbidden for everybody else. A
secret is shown once, in the answer to the form that made it.
"""

from collections.abc import Callable
from functools import partial
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.models import User
from portal.accounts.roles import has_permission
from portal.accounts.roles import kinds as organisation_kinds
from portal.notices.forms import EndpointForm, KindsForm
from portal.notices.models import WebhookDelivery, WebhookEndpoint
from portal.notices.models.webhooks import MANAGES, SIDES
from portal.notices.webhooks import services
from portal.notices.webhooks.kinds import types_for
from portal.ui.forms import form_status, posted, refusals_on
from portal.ui.lists import requested_page


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)


def _organisation(request: HttpRequest, side: str, pk: int) -> Model:
    """Return the organisation if the visitor is its manager; forbidden where they only see it."""
    if side not in SIDES:
        raise Http404
    kind = organisation_kinds[side]
    found = get_object_or_404(kind.visible_to(request.user), pk=pk)
    if not has_permission(_person(request), kind.name, MANAGES, found.pk):
        raise PermissionDenied(_("Only managers of the organisation can manage its webhooks."))
    return found


def _endpoint(request: HttpRequest, pk: UUID) -> WebhookEndpoint:
    return get_object_or_404(WebhookEndpoint.objects.visible_to(request.user), pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def webhook_list(request: HttpRequest, side: str, organisation_id: int) -> HttpResponse:
    """Show the organisation's endpoints, and a form for another one."""
    organisation = _organisation(request, side, organisation_id)
    form = EndpointForm(posted(request), types=types_for(side))
    if form.is_valid():
        new = None
        with refusals_on(form):
            new = services.add_endpoint(
                by=_person(request), side=side, organisation_id=organisation_id, **form.cleaned_data
            )
        if new is not None:
            return _secret_page(request, *new)
    endpoints = WebhookEndpoint.objects.visible_to(request.user).filter(side=side, organisation_id=organisation_id)
    context = {
        "organisation": organisation,
        "side": side,
        "form": form,
        "endpoints": endpoints.select_related("created_by").order_by("created_at"),
    }
    return render(request, "notices/webhooks.html", context, status=form_status(request))


def _secret_page(request: HttpRequest, endpoint: WebhookEndpoint, secret: str) -> HttpResponse:
    return render(request, "notices/webhook_secret_shown.html", {"endpoint": endpoint, "secret": secret})


@login_required
@require_http_methods(["GET", "POST"])
def webhook(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one endpoint: the kinds that it gets, and the log of its messages, newest first."""
    endpoint = _endpoint(request, pk)
    form = KindsForm(posted(request), types=types_for(endpoint.side), initial={"kinds": endpoint.kinds})
    if form.is_valid():
        with refusals_on(form):
            services.change_kinds(by=_person(request), endpoint=endpoint, kinds=form.cleaned_data["kinds"])
            messages.success(request, _("Your choice is saved."))
            return redirect("webhook", pk=pk)
    log = WebhookDelivery.objects.visible_to(request.user).filter(endpoint=endpoint)
    context = {
        "endpoint": endpoint,
        "organisation": organisation_kinds[endpoint.side].model._default_manager.get(pk=endpoint.organisation_id),
        "form": form,
        "page": requested_page(request, log, ("-created_at", "-id")),
    }
    return render(request, "notices/webhook.html", context, status=form_status(request))


def _done(request: HttpRequest, pk: UUID, verb: Callable[[], object], message: str) -> HttpResponse:
    """Return to the endpoint's page, with the result."""
    try:
        verb()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, message)
    return redirect("webhook", pk=pk)


@login_required
@require_POST
def webhook_test(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send a test message."""
    endpoint = _endpoint(request, pk)
    message = _("A test message is on its way. Load this page again in a moment to see the result.")
    return _done(request, pk, lambda: services.send_test(by=_person(request), endpoint=endpoint), message)


@login_required
@require_POST
def webhook_pause(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Pause it or resume it, according to `pause`."""
    endpoint = _endpoint(request, pk)
    verb = services.pause_endpoint if request.POST.get("pause") == "yes" else services.resume_endpoint
    message = _("This webhook is paused.") if verb is services.pause_endpoint else _("This webhook is active.")
    return _done(request, pk, lambda: verb(by=_person(request), endpoint=endpoint), message)


@login_required
@require_http_methods(["GET", "POST"])
def webhook_secret(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make a new secret, after asking; it is shown once. For a day messages are also signed with the old one."""
    endpoint = _endpoint(request, pk)
    if request.method != "POST":
        return render(request, "notices/webhook_secret.html", {"endpoint": endpoint})
    return _secret_page(request, *services.rotate_secret(by=_person(request), endpoint=endpoint))


@login_required
@require_http_methods(["GET", "POST"])
def webhook_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Remove it, after asking."""
    endpoint = _endpoint(request, pk)
    if request.method != "POST":
        return render(request, "notices/webhook_remove.html", {"endpoint": endpoint})
    services.remove_endpoint(by=_person(request), endpoint=endpoint)
    messages.success(request, _("The webhook was removed. Nothing more will be sent to it."))
    return redirect("webhooks", side=endpoint.side, organisation_id=endpoint.organisation_id)


@login_required
@require_POST
def webhook_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send one message again."""
    deliveries = WebhookDelivery.objects.visible_to(request.user).select_related("endpoint")
    delivery = get_object_or_404(deliveries, pk=pk)
    message = _("The message is being sent again, with its current contents.")
    again = partial(services.redeliver, by=_person(request), delivery=delivery)
    return _done(request, delivery.endpoint_id, again, message)
