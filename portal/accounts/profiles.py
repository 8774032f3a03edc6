"""Changes of an account itself: one's own name and language, and the operator's switches."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts.events import AccountEvent
from portal.accounts.models import User
from portal.core.events import record
from portal.core.names import one_line

OWN_FIELDS = frozenset({"name", "language"})
OPERATOR_FIELDS = OWN_FIELDS | {"is_active", "is_staff", "is_superuser"}


@transaction.atomic
def update_profile(*, by: User, **fields: object) -> User:
    """Change one's own name and language. Raises `PermissionDenied` for anything else, `ValidationError` by field."""
    if not by.is_active or set(fields) - OWN_FIELDS:
        raise PermissionDenied(_("You can change only your name and your language."))
    return _update(by, locked_account(by), fields)


@transaction.atomic
def update_account(*, by: User, account: User, **fields: object) -> User:
    """Change an account as the operator: close it, open it again, make it an operator's.

    An operator belongs to no organisation, so that nobody who runs the machine reads data as a member. Raises
    `PermissionDenied`, or `ValidationError` by field.
    """
    if not (by.is_active and by.is_superuser) or set(fields) - OPERATOR_FIELDS:
        raise PermissionDenied(_("Only the operator may change accounts."))
    account = locked_account(account)
    operates = fields.get("is_staff", account.is_staff) or fields.get("is_superuser", account.is_superuser)
    if operates and account.groups.exists():
        raise ValidationError(
            {"is_staff": _("This person has a role in an organisation. An operator's account must have none.")}
        )
    if account.pk == by.pk and not fields.get("is_active", True):
        raise ValidationError({"is_active": _("You cannot close your own account.")})
    return _update(by, account, fields)


def locked_account(account: User) -> User:
    """Return the current account, locked as for accepting an invitation: no operator gets a role at the same moment."""
    return User.objects.select_for_update().get(pk=account.pk)


def _update(by: User, account: User, fields: dict[str, Any]) -> User:
    fields = {name: one_line(value) if name == "name" else value for name, value in fields.items()}
    changed = sorted(name for name, value in fields.items() if getattr(account, name) != value)
    for name in changed:
        setattr(account, name, fields[name])
    account.full_clean(exclude=["password"])
    if changed:
        account.save(update_fields=changed)
        record(AccountEvent.ACCOUNT_CHANGED, by=by, subject=account.pk, fields=changed)
    return account
