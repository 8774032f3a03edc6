"""The start of accounts: by opening an invitation, the very first one by a command at the server.

An account without a password of its own (the first staff member's, until they open their link) counts as not begun:
a person who opens a link sent to its address sets the password, as with a forgotten one.
"""

from dataclasses import replace

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.accounts.accepting import accept_invitation
from portal.accounts.events import AccountEvent
from portal.accounts.invitation_limits import lock_address
from portal.accounts.models import Invitation, User
from portal.accounts.roles import OrganisationKind, create_role_groups, kinds
from portal.accounts.services import invite, lock_invitation
from portal.core.events import record
from portal.core.names import one_line

FIRST_ROLE = "global_staff"


def account_of(invitation: Invitation) -> User | None:
    """Return the account at the invited address, if there is one."""
    return User.objects.filter(email=invitation.email).first()


def may_begin(account: User | None) -> bool:
    """Return whether the reader of the link sets a password: there is no account yet, or one that was never begun."""
    if account is None:
        return True
    return account.is_active and not account.is_integration and not account.has_usable_password()


@transaction.atomic
def join(*, invitation: Invitation, name: str, password: str) -> User:
    """Begin the account at the invited address and make it a member as invited.

    The caller has checked the link's secret. Raises `PermissionDenied` when the invitation has ended or its address
    has an account already (its owner signs in first), `ValidationError` by field for a bad name or password.
    """
    invitation = lock_invitation(invitation)
    lock_address(invitation.email)  # two invitations to one address are accepted one after the other
    account = account_of(invitation)
    if not invitation.is_open or not may_begin(account):
        raise PermissionDenied(_("This invitation is no longer valid, or its address already has an account."))
    account = account or User(email=invitation.email)
    account.name, account.language = one_line(name), get_language() or "en"
    _set_password(account, password)
    account.full_clean()
    account.save()
    record(AccountEvent.ACCOUNT_CREATED, by=account, subject=account.pk)
    accept_invitation(invitation=invitation, by=account, kind=kinds[invitation.kind])
    return account


@transaction.atomic
def accept_as_member(*, invitation: Invitation, by: User) -> None:
    """Make `by`, who signed in at the invited address, a member as invited.

    Raises `PermissionDenied` when the invitation has ended or is for another address, or for an operator's account.
    """
    accept_invitation(invitation=invitation, by=by, kind=kinds[invitation.kind])


def _set_password(account: User, password: str) -> None:
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error
    account.set_password(password)


@transaction.atomic
def invite_first_staff(*, email: str, name: str) -> str:
    """Invite the first global staff member of an empty installation; return the link, which is also mailed.

    For the operator at the server's command line, who needs no right in the portal. The account holds no role
    until the link is opened. Makes the global programme where it is missing. Raises `ValidationError` when there
    are global staff already: they invite others themselves.
    """
    # A person who runs commands on the server has full access to the database already.
    kind = replace(kinds["programme"], may_manage_members=lambda *_: True)
    programme = _global_programme(kind)
    if User.objects.filter(groups=kind.group(programme, FIRST_ROLE), is_active=True).exists():
        raise ValidationError(_("There are already global staff. Ask one of them for an invitation."))
    account = User.objects.filter(email=email.strip().lower()).first()
    if account is None:
        account = User(email=email.strip().lower(), name=name.strip())
        account.set_unusable_password()
        account.full_clean()
        account.save()
    _invitation, link = invite(by=account, kind=kind, organisation=programme, email=email, role=FIRST_ROLE, name=name)
    return link


def _global_programme(kind: OrganisationKind) -> Model:
    programmes = kind.model._default_manager
    programme = programmes.filter(is_global=True).first()
    if programme is None:
        programme = programmes.create(name="Global programme", is_global=True)
        create_role_groups(kind, programme)
        record(AccountEvent.PROGRAMME_CREATED, by=None, programme_id=programme.pk, subject=programme.pk)
    return programme
