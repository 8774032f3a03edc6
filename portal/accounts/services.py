"""Services on people: invite, join, change role, leave. Each is one transaction and one event.

A manager manages the members of their own organisation; staff of the programme do it where the kind of organisation
says so (the first manager of a factory is invited by its country's staff). The last manager of an organisation can
neither be removed nor lose that role. A manager hands over by inviting a successor: their own role ends when that
person joins. `portal.accounts.accepting` says who may accept an invitation.
"""

import hashlib
import secrets
from datetime import timedelta

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.accounts.events import AccountEvent
from portal.accounts.invitation_limits import refuse_flood
from portal.accounts.models import ApiToken, Invitation, User
from portal.accounts.roles import OrganisationKind, Visitor, has_active_manager, kinds, manages, role_of
from portal.core.events import record
from portal.core.models import Event
from portal.core.names import one_line

MAX_TOKEN_LIFETIME = timedelta(days=365)


def _authorise(by: Visitor, kind: OrganisationKind, organisation: Model) -> None:
    if not kind.may_manage_members(by, organisation):
        raise PermissionDenied(_("Only a manager of this organisation may change its members."))


def _lock(kind: OrganisationKind, organisation_id: int) -> None:
    """Lock the organisation: two changes of its members wait for each other."""
    kind.model._default_manager.select_for_update().get(pk=organisation_id)


def _lock_for(by: User, kind: OrganisationKind, organisation: Model) -> None:
    """Lock the organisation, then check the right: a person who lost it while they waited changes nothing any more."""
    _lock(kind, organisation.pk)
    _authorise(by, kind, organisation)


def lock_invitation(invitation: Invitation) -> Invitation:
    """Return the invitation as it is now, locked: its organisation first, as every other change of members does."""
    _lock(kinds[invitation.kind], invitation.organisation_id)
    return Invitation.objects.select_for_update().get(pk=invitation.pk)


def unanswered(kind: OrganisationKind, organisation: Model) -> QuerySet[Invitation]:
    """Return the invitations into an organisation that are neither accepted nor withdrawn, expired ones included."""
    invitations = Invitation.objects.filter(kind=kind.name, organisation_id=organisation.pk)
    return invitations.filter(accepted_at=None, withdrawn_at=None)


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def invite(
    *,
    by: User,
    kind: OrganisationKind,
    organisation: Model,
    email: str,
    role: str,
    name: str = "",
    leaving: User | None = None,
) -> tuple[Invitation, str]:
    """Invite `email` into `organisation` as `role`; the mail leaves after the commit.

    Return the invitation and its secret link (shown once, to be passed on by hand where mail is unreliable). A second
    invitation to the same address replaces the first. `leaving` is the manager who hands over (`invite_successor`).
    Raises `PermissionDenied`, or `ValidationError` for a bad address, an unknown role, somebody who already is a
    member, or too many invitations in a day; an earlier invitation to the address then stays open.
    """
    _lock_for(by, kind, organisation)
    email = email.strip().lower()
    validate_email(email)
    if role not in kind.invitable_roles(organisation):
        raise ValidationError({"role": _("Choose one of the roles listed.")})
    member = User.objects.filter(email=email).first()
    if member and role_of(member, kind, organisation):
        raise ValidationError({"email": _("This person is already a member. Change their role instead.")})
    refuse_flood(kind, organisation, email)
    unanswered(kind, organisation).filter(email=email).update(withdrawn_at=timezone.now())
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=email,
        name=one_line(name),
        secret_hash=hash_of(secret),
        kind=kind.name,
        organisation_id=organisation.pk,
        organisation_name=str(organisation)[:200],
        role=role,
        invited_by=by,
        leaving=leaving,
        expires_at=timezone.now() + settings.INVITATION_LIFETIME,
    )
    handing_over = {"leaving": leaving.pk} if leaving else {}
    record_of(AccountEvent.INVITATION_SENT, by, kind, organisation, subject=invitation.pk, role=role, **handing_over)
    link = settings.BASE_URL + reverse("invitation", args=[invitation.pk, secret])
    transaction.on_commit(lambda: _send_invitation(invitation, link, by.language))
    return invitation, link


@transaction.atomic
def invite_successor(*, by: User, kind: OrganisationKind, organisation: Model, email: str, name: str) -> Invitation:
    """Hand over to a new person: invite them as manager; `by` leaves the organisation when they join.

    Until then nothing changes, and withdrawing the invitation cancels the handover. Raises `PermissionDenied` unless
    `by` is one of the organisation's own managers, or `ValidationError` as `invite` does and while `by` waits for
    another successor.
    """
    _lock_for(by, kind, organisation)
    held = [role for role in role_of(by, kind, organisation) if kind.roles[role].is_manager]
    if not held:
        raise PermissionDenied(_("Only a manager of this organisation can hand over."))
    if successions(kind, organisation).filter(leaving=by).exclude(email=email.strip().lower()).exists():
        raise ValidationError(_("You have already invited a successor. Cancel that handover first."))
    invitation, _link = invite(
        by=by, kind=kind, organisation=organisation, email=email, role=held[0], name=name, leaving=by
    )
    return invitation


def successions(kind: OrganisationKind, organisation: Model) -> QuerySet[Invitation]:
    """Return the unanswered invitations of successors into an organisation, whose managers leave when they join."""
    return unanswered(kind, organisation).filter(leaving__isnull=False)


def send_again(*, by: User, kind: OrganisationKind, organisation: Model, invitation: Invitation) -> None:
    """Send a new link for an unanswered invitation, for another full period; the old one stops working.

    Raises as `invite` does.
    """
    email, role, name, leaving = invitation.email, invitation.role, invitation.name, invitation.leaving
    invite(by=by, kind=kind, organisation=organisation, email=email, role=role, name=name, leaving=leaving)


def _send_invitation(invitation: Invitation, link: str, language: str) -> None:
    context = {"invitation": invitation, "link": link, "invited_by": invitation.invited_by}
    with override(language):
        get_adapter().send_mail("account/email/invitation", invitation.email, context)


@transaction.atomic
def withdraw_invitation(*, by: User, invitation: Invitation, kind: OrganisationKind) -> None:
    """End an open invitation: its link stops working. Nothing happens to one that has ended already."""
    organisation = kind.model._default_manager.get(pk=invitation.organisation_id)
    _authorise(by, kind, organisation)
    if unanswered(kind, organisation).filter(pk=invitation.pk).update(withdrawn_at=timezone.now()):
        record_of(AccountEvent.INVITATION_WITHDRAWN, by, kind, organisation, subject=invitation.pk)


@transaction.atomic
def change_role(*, by: User, kind: OrganisationKind, organisation: Model, member: User, role: str) -> None:
    """Give `member` the one role `role`. Raises `PermissionDenied` or `ValidationError` (last manager, no member)."""
    _lock_for(by, kind, organisation)
    if role not in kind.invitable_roles(organisation):
        raise ValidationError({"role": _("Choose one of the roles listed.")})
    held = _held_roles(kind, organisation, member)
    if held == [role]:
        return
    if not kind.roles[role].is_manager:
        _keep_a_manager(kind, organisation, member)
    member.groups.remove(*[kind.group(organisation, name) for name in held])
    kind.on_leave(organisation, member)
    member.groups.add(kind.group(organisation, role))
    if not kind.roles[role].is_manager:
        _withdraw_sent_by(member, kind, organisation)
    record_of(AccountEvent.MEMBER_ROLE_CHANGED, by, kind, organisation, subject=member.pk, before=held, after=role)


@transaction.atomic
def remove_member(*, by: User, kind: OrganisationKind, organisation: Model, member: User) -> None:
    """Take every role in `organisation` from `member`, at once. Raises as `change_role` does."""
    _lock_for(by, kind, organisation)
    held = _held_roles(kind, organisation, member)
    _keep_a_manager(kind, organisation, member)
    member.groups.remove(*[kind.group(organisation, name) for name in held])
    kind.on_leave(organisation, member)
    _withdraw_sent_by(member, kind, organisation)
    record_of(AccountEvent.MEMBER_REMOVED, by, kind, organisation, subject=member.pk, before=held)


def _withdraw_sent_by(member: User, kind: OrganisationKind, organisation: Model) -> None:
    """Withdraw the open invitations sent by a member who may no longer invite, and end their handover."""
    unanswered(kind, organisation).filter(invited_by=member).update(withdrawn_at=timezone.now())
    successions(kind, organisation).filter(leaving=member).update(leaving=None)


def add_member(*, by: User | None, kind: OrganisationKind, organisation: Model, member: User, role: str) -> None:
    """Give a role without an invitation: for commands like `create_staff` and loaders, never for a page."""
    with transaction.atomic():
        member.groups.add(kind.group(organisation, role))
        record_of(AccountEvent.MEMBER_JOINED, by, kind, organisation, subject=member.pk, role=role)


def _held_roles(kind: OrganisationKind, organisation: Model, member: User) -> list[str]:
    """Return the roles that a manager may take or change: not an advisor's assignment, nor a token's scopes."""
    invitable = kind.invitable_roles(organisation)
    held = [role for role in role_of(member, kind, organisation) if role in invitable]
    if not held:
        raise ValidationError(_("This person is not a member of the organisation."))
    return held


def is_only_manager(kind: OrganisationKind, organisation: Model, member: User) -> bool:
    """Return whether `member` manages the organisation and no other active person does: then they must stay."""
    return manages(kind, organisation, member) and not has_active_manager(kind, organisation, besides=member)


def _keep_a_manager(kind: OrganisationKind, organisation: Model, leaving: User) -> None:
    if is_only_manager(kind, organisation, leaving):
        raise ValidationError(_("This is the last manager. Make another member a manager first, then try again."))


@transaction.atomic
def create_integration_token(
    *, by: User, kind: OrganisationKind, organisation: Model, name: str, roles: list[str], days: int
) -> tuple[ApiToken, str]:
    """Make an API token for an integration of `organisation`; return it with the secret, which is shown once.

    The integration is an account of its own that holds exactly the integration roles in `roles`: its token can do
    less than the manager who made it, and keeps working when that manager leaves. Raises `PermissionDenied` or
    `ValidationError`.
    """
    _lock_for(by, kind, organisation)
    allowed = [role.name for role in kind.roles.values() if role.name.startswith("integration_")]
    name = one_line(name)
    if not name or len(name) > 80:
        raise ValidationError({"name": _("Give the integration a name of at most 80 characters.")})
    if not roles or set(roles) - set(allowed):
        raise ValidationError({"roles": _("Choose at least one kind of data that the integration may read.")})
    if not 1 <= days <= MAX_TOKEN_LIFETIME.days:
        raise ValidationError({"days": _("A token lasts between 1 and %s days.") % MAX_TOKEN_LIFETIME.days})
    account = User.objects.create_user(
        f"integration-{secrets.token_hex(8)}@integrations.invalid", name=name, is_integration=True
    )
    account.groups.add(*[kind.group(organisation, role) for role in roles])
    token, secret = ApiToken.objects.create(user=account, expiry=timedelta(days=days), name=name, created_by=by)
    record_of(
        AccountEvent.INTEGRATION_CREATED, by, kind, organisation, subject=account.pk, roles=sorted(roles), days=days
    )
    return token, secret


@transaction.atomic
def revoke_token(*, by: User, kind: OrganisationKind, organisation: Model, token: ApiToken) -> None:
    """End a token at once: the row is deleted, the account is closed and loses its roles."""
    _authorise(by, kind, organisation)
    account = token.user
    if not account.is_integration or not role_of(account, kind, organisation):
        raise PermissionDenied(_("This token belongs to another organisation."))
    token.delete()
    account.groups.clear()
    account.is_active = False
    account.save(update_fields=["is_active"])
    record_of(AccountEvent.INTEGRATION_REVOKED, by, kind, organisation, subject=account.pk)


def name_of_revoked(*, kind: OrganisationKind, organisation: Model, account_id: int) -> str | None:
    """Return the name of a token of the organisation that was revoked; None where there was no such token."""
    of_organisation: dict[str, object] = {kind.event_field(): organisation.pk}
    revoked = Event.objects.filter(kind=AccountEvent.INTEGRATION_REVOKED, subject=str(account_id), **of_organisation)
    names = User.objects.filter(pk=account_id).values_list("name", flat=True)
    return names.first() if revoked.exists() else None


def record_of(
    what: AccountEvent, by: User | None, kind: OrganisationKind, organisation: Model, subject: object, **data: object
) -> None:
    event = {kind.event_field(): organisation.pk}
    record(what, by=by, subject=subject, **event, **data)  # type: ignore[arg-type]
