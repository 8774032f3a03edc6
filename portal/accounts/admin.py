"""People in Django's admin. The operator opens and closes accounts; roles are not shown here and change by service.

There is one way to sign in, with its lock-out: the admin sends visitors there. Passwords are never set here.
"""

from typing import cast

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from portal.accounts.models import Invitation, User
from portal.accounts.profiles import OPERATOR_FIELDS, locked_account, update_account
from portal.core.admin import ReadOnly

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "Better Work portal: operator"
# Groups are roles; an address added here could take over an account by "forgot your password".
for model in (Group, EmailAddress, AccessAttempt, AccessFailureLog, AccessLog):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form with the operator's switches; it refuses what the service refuses."""

    operator: User

    class Meta:
        model = User
        fields = sorted(OPERATOR_FIELDS)

    def clean(self) -> dict[str, object]:
        """Refuse an operator's account with a role in an organisation."""
        data: dict[str, object] = super().clean() or {}
        operates = data.get("is_staff") or data.get("is_superuser")
        if operates and locked_account(self.instance).groups.exists():
            raise ValidationError(
                {"is_staff": "This person has a role in an organisation. An operator's account must have none."}
            )
        if self.instance.pk == self.operator.pk and not data.get("is_active"):
            raise ValidationError({"is_active": "You cannot close your own account."})
        return data


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Accounts. Added by invitation only, never deleted: records of what they did name them."""

    form = AccountForm
    actions = None
    list_display = ("email", "name", "is_active", "is_staff", "is_integration", "last_login")
    list_filter = ("is_active", "is_staff", "is_integration")
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = ("email", "name", "language", "is_active", "is_staff", "is_superuser", "date_joined", "last_login")
    readonly_fields = ("email", "date_joined", "last_login")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: people are added by invitation."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Return False: close the account instead."""
        return False

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: object
    ) -> "type[forms.ModelForm[User]]":
        """Return the form, which knows who fills it in."""
        form = super().get_form(request, obj, change, **kwargs)
        form.operator = cast("User", request.user)  # type: ignore[attr-defined]
        return form

    def save_model(self, request: HttpRequest, obj: User, form: AccountForm, change: bool) -> None:
        """Save through the service, which writes the event."""
        with transaction.atomic():
            account = User.objects.get(pk=obj.pk)
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            update_account(by=cast("User", request.user), account=account, **changes)


@admin.register(Invitation)
class InvitationAdmin(ReadOnly):
    """Invitations, without what could open them."""

    list_display = (
        "email",
        "kind",
        "organisation_name",
        "role",
        "invited_by",
        "created_at",
        "expires_at",
        "accepted_at",
    )
    list_select_related = ("invited_by",)
    list_filter = ("kind", "role")
    search_fields = ("email", "organisation_name")
    exclude = ("secret_hash",)
    ordering = ("-created_at",)


@admin.register(AccessLog, AccessFailureLog)
class SignInLogAdmin(ReadOnly):
    """A log of sign-ins and attempts. One that the operator could edit would prove nothing about the operator."""

    list_display = ("attempt_time", "username", "ip_address")
    search_fields = ("username", "ip_address")
    ordering = ("-attempt_time",)


@admin.register(AccessAttempt)
class LockOutAdmin(ReadOnly):
    """Failures that count towards a lock. Deleting the row unlocks the account at that address early."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    search_fields = ("username", "ip_address")
    ordering = ("-attempt_time",)

    def has_delete_permission(self, request: HttpRequest, obj: AccessAttempt | None = None) -> bool:
        """Return whether the user is the operator, who runs the machine."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)
