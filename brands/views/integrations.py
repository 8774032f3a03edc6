"""Pages of a brand's integrations: tokens with which the brand's own programs read what the brand has access to.

A brand's managers make and revoke them; nobody else does, not even staff. The secret is shown once, in the answer to
the form, and stored nowhere: that page cannot be opened again.
"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from brands.forms import IntegrationForm
from brands.models import Brand
from brands.rights import member_may
from brands.roles import BRAND
from brands.views.brands import is_staff, person_of, shown_to
from portal.accounts.models import ApiToken, User
from portal.accounts.services import create_integration_token, name_of_revoked, revoke_token
from portal.ui.forms import REFUSED, posted, show_errors

MOST_SHOWN = 200


def _managed(request: HttpRequest, pk: int) -> Brand:
    """Return the brand if the visitor is its manager. Raises `PermissionDenied` if they only see it."""
    person = person_of(request)
    found = get_object_or_404(shown_to(person, is_staff(person)), pk=pk)
    if not member_may(person, "manage_members", pk):
        raise PermissionDenied(_("Only managers of the brand can manage its integrations."))
    return found


def _tokens(brand: Brand) -> list[ApiToken]:
    """Return the brand's tokens, newest first."""
    groups = BRAND.role_groups(brand).filter(role__startswith="integration_").values("group")
    accounts = User.objects.filter(is_integration=True, groups__in=groups).values("pk")
    tokens = ApiToken.objects.filter(user__in=accounts).select_related("created_by")
    return list(tokens.order_by("-created")[:MOST_SHOWN])


@login_required
@require_http_methods(["GET", "POST"])
def integrations(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the brand's tokens with their last use and expiry, and a form for another one."""
    brand = _managed(request, pk)
    form, secret = IntegrationForm(posted(request)), ""
    if form.is_valid():
        secret = _create(person_of(request), brand, form)
    refused = request.method == "POST" and not secret
    context = {
        "brand": brand,
        "form": IntegrationForm() if secret else form,
        "secret": secret,
        "rows": _rows(brand),
    }
    return render(request, "brands/integrations.html", context, status=REFUSED if refused else 200)


def _create(person: User, brand: Brand, form: IntegrationForm) -> str:
    """Make the token and return its secret; an empty text, with the reason on the form, if it is refused.

    Each name is used only once, so that a form sent twice makes one token.
    """
    data = form.cleaned_data
    try:
        with transaction.atomic():
            Brand.objects.select_for_update().get(pk=brand.pk)
            if any(token.name == data["name"] for token in _tokens(brand)):
                raise ValidationError(
                    {"name": _("A token with this name already exists. Revoke it first, or choose another name.")}
                )
            _token, secret = create_integration_token(by=person, kind=BRAND, organisation=brand, **data)
    except ValidationError as error:
        show_errors(form, error)
        return ""
    return secret


def _rows(brand: Brand) -> list[dict[str, object]]:
    """Return each token with what it may read, in words: two queries."""
    tokens, now = _tokens(brand), timezone.now()
    labels: dict[int, list[object]] = {token.user_id: [] for token in tokens}
    held = BRAND.role_groups(brand).filter(group__user__in=list(labels)).order_by("role")
    for account, role in held.values_list("group__user", "role"):
        labels[account].append(BRAND.roles[role].label)
    return [
        {"token": token, "labels": labels[token.user_id], "is_over": token.expiry is not None and token.expiry <= now}
        for token in tokens
    ]


@login_required
@require_http_methods(["GET", "POST"])
def integration_revoke(request: HttpRequest, pk: int, account_id: int) -> HttpResponse:
    """Revoke a token, after a confirmation: the program that uses it is refused from its next request on."""
    brand = _managed(request, pk)
    token = next((token for token in _tokens(brand) if token.user_id == account_id), None)
    if token is None:
        return _revoked_already(request, brand, account_id)
    if request.method != "POST":
        return render(request, "brands/integration_revoke.html", {"brand": brand, "token": token})
    revoke_token(by=person_of(request), kind=BRAND, organisation=brand, token=token)
    messages.success(request, _("The token of %s was revoked.") % token.name)
    return redirect("integrations", pk=pk)


def _revoked_already(request: HttpRequest, brand: Brand, account_id: int) -> HttpResponse:
    """Say that a token of the brand was revoked already, perhaps in a second tab. Raises `Http404` for any other."""
    name = name_of_revoked(kind=BRAND, organisation=brand, account_id=account_id)
    if name is None:
        raise Http404
    messages.info(request, _("The token of %s was already revoked.") % name)
    return redirect("integrations", pk=brand.pk)
