"""Pages of subscriptions: a country's list, recording and withdrawing, the country's switch, a brand's own list."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from brands.models import Brand
from factories.models import CountryProgramme
from factories.rights import may_in_programme
from factories.services import update_programme
from portal.core.days import show_days_of
from portal.ui.forms import REFUSED, posted, show_errors
from portal.ui.lists import requested_page
from sharing.gates.pages import own_brand, person
from sharing.models import Subscription
from sharing.subscriptions.forms import BrandSubscriptionFilter, SubscriptionFilter, SubscriptionForm, WithdrawForm
from sharing.subscriptions.services import record_subscriptions, withdraw_subscription
from sharing.subscriptions.unsubscribed import readers_without_subscription

NEWEST_FIRST = ("-recorded_at", "-id")
SWITCH = "participants_need_subscription"


def recorded_programme(request: HttpRequest, pk: int) -> CountryProgramme:
    """Return the country's programme; 404 unless visible, 403 unless the visitor records its subscriptions."""
    visible = CountryProgramme.objects.visible_to(request.user).filter(is_global=False)
    found = get_object_or_404(visible, pk=pk)
    if not may_in_programme(request.user, "manage_enrolment", pk):
        raise PermissionDenied(_("Only the country's staff can see and record its subscriptions."))
    return found


def _may_switch(request: HttpRequest, programme: CountryProgramme) -> bool:
    return may_in_programme(request.user, "manage_programme", programme.pk)


@login_required
@require_GET
def subscription_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the subscriptions for a country's factories, newest first."""
    programme = recorded_programme(request, pk)
    form = SubscriptionFilter(request.GET)
    rows = Subscription.objects.visible_to(request.user).filter(factory__programme=programme)
    rows = form.narrow(rows).select_related("brand", "factory", "recorded_by", "ended_by")
    context = {
        "programme": programme,
        "form": form,
        "page": requested_page(request, rows, NEWEST_FIRST),
        "may_switch": _may_switch(request, programme),
    }
    return render(request, "subscriptions/subscription_list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def subscription_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Record one report that a participant bought."""
    programme = recorded_programme(request, pk)
    participants = Brand.objects.visible_to(request.user).filter(kind=Brand.Kind.PARTICIPANT, is_active=True)
    form = SubscriptionForm(posted(request), programme=programme, brands=participants.order_by("name"))
    if form.is_valid():
        try:
            (made,) = record_subscriptions(by=person(request), purchases=[form.purchase()])
        except ValidationError as error:
            show_errors(form, error)
        else:
            told = {"brand": made.brand, "factory": made.factory, "cycle": made.cycle}
            messages.success(request, _("Recorded: %(brand)s, %(factory)s, cycle %(cycle)s.") % told)
            return redirect("subscription_list", pk=pk)
    status = REFUSED if request.method == "POST" else 200
    return render(request, "subscriptions/subscription_add.html", {"programme": programme, "form": form}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def subscription_withdraw(request: HttpRequest, pk: int, subscription_id: int) -> HttpResponse:
    """Withdraw a subscription that was recorded by mistake, with the reason."""
    programme = recorded_programme(request, pk)
    rows = Subscription.objects.visible_to(request.user).filter(factory__programme=programme)
    found = get_object_or_404(rows.select_related("brand", "factory"), pk=subscription_id)
    show_days_of(found.factory)
    if found.ended_at is not None:
        messages.info(request, _("This subscription is withdrawn already."))
        return redirect("subscription_list", pk=pk)
    form = WithdrawForm(posted(request))
    if form.is_valid():
        withdraw_subscription(by=person(request), subscription=found, reason=form.cleaned_data["reason"])
        messages.success(request, _("The subscription is withdrawn."))
        return redirect("subscription_list", pk=pk)
    context = {"programme": programme, "found": found, "form": form}
    status = REFUSED if request.method == "POST" else 200
    return render(request, "subscriptions/subscription_withdraw.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def subscription_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Show whether a country's participants need a subscription, and who would lose access; POST switches it."""
    programme = recorded_programme(request, pk)
    if not _may_switch(request, programme):
        raise PermissionDenied(_("Only the programme's manager may change its settings."))
    if request.method == "POST":
        _switch(request, programme)
        return redirect("subscription_list", pk=pk)
    losers = [] if programme.participants_need_subscription else list(readers_without_subscription(programme))
    return render(request, "subscriptions/subscription_switch.html", {"programme": programme, "losers": losers})


@transaction.atomic
def _switch(request: HttpRequest, programme: CountryProgramme) -> None:
    """Set what the button said, even if somebody else has switched it since the page was shown."""
    needed = request.POST.get("needed") == "yes"
    update_programme(by=person(request), programme=programme, **{SWITCH: needed})
    if needed:
        messages.success(request, _("From now on, participants need a subscription."))
    else:
        messages.success(request, _("From now on, participants need no subscription."))


@login_required
@require_GET
def brand_subscriptions(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a brand's own subscriptions, newest first."""
    brand = own_brand(request, pk)
    form = BrandSubscriptionFilter(request.GET)
    rows = Subscription.objects.visible_to(request.user).filter(brand=brand)
    page = requested_page(request, form.narrow(rows).select_related("factory"), NEWEST_FIRST)
    return render(request, "subscriptions/brand_subscriptions.html", {"brand": brand, "form": form, "page": page})
