"""Services on people: invite, join, change role, leave. Each is one transaction and one event.

A manager manages the members of their own organisation; staff of the programme do it where the kind of organisation
says so (the first manager of a factory is invited by its country's staff). The last manager of an organisation can
neither be removed nor lose that role. An invitation is valid only as long as its sender may invite: accepting checks
the same as inviting (`valid_invitations`).
"""

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

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
from portal.accounts.roles import OrganisationKind, Visitor, has_active_manager, kinds, kinds_of, role_of
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


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def invite(
    *, by: User, kind: OrganisationKind, organisation: Model, email: str, role: str, name: str = ""
) -> tuple[Invitation, str]:
    """Invite `email` into `organisation` as `role`; the mail leaves after the commit.

    Return the invitation and its secret link (shown once, to be passed on by hand where mail is unreliable). A second
    invitation to the same address replaces the first. Raises `PermissionDenied`, or `ValidationError` for a bad
    address, an unknown role, somebody who already is a member, or too many invitations in a day; an earlier invitation
    to the address then stays open.
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
        secret_hash=_hash(secret),
        kind=kind.name,
        organisation_id=organisation.pk,
        organisation_name=str(organisation)[:200],
        role=role,
        invited_by=by,
        expires_at=timezone.now() + settings.INVITATION_LIFETIME,
    )
    _record(AccountEvent.INVITATION_SENT, by, kind, organisation, subject=invitation.pk, role=role)
    link = settings.BASE_URL + reverse("invitation", args=[invitation.pk, secret])
    transaction.on_commit(lambda: _send_invitation(invitation, link, by.language))
    return invitation, link


def _send_invitation(invitation: Invitation, link: str, language: str) -> None:
    context = {"invitation": invitation, "link": link, "invited_by": invitation.invited_by}
    with override(language):
        get_adapter().send_mail("account/email/invitation", invitation.email, context)


def find_invitation(invitation_id: UUID, secret: str) -> Invitation | None:
    """Return the open invitation behind a link, or None: unknown, used, withdrawn and expired links look the same.

    The check that it is still valid is made when it is answered.
    """
    invitation = Invitation.objects.filter(pk=invitation_id).select_related("invited_by").first()
    if invitation is None or not secrets.compare_digest(invitation.secret_hash, _hash(secret)):
        return None
    return invitation if invitation.is_open else None


def valid_invitations(kind: OrganisationKind, organisation: Model, invitations: Collection[Invitation]) -> set[UUID]:
    """Return the keys of those invitations into `organisation` whose senders may still invite (decision 17)."""
    senders = {invitation.invited_by for invitation in invitations}
    managing = {sender for sender in senders if kind.may_manage_members(sender, organisation)}
    return {one.pk for one in invitations if one.invited_by in managing or kind.is_decided(organisation, one)}


def is_valid(invitation: Invitation) -> bool:
    """Return whether the sender of one invitation may still invite; the holder of its link learns this."""
    kind = kinds[invitation.kind]
    organisation = kind.model._default_manager.get(pk=invitation.organisation_id)
    return bool(valid_invitations(kind, organisation, [invitation]))


@transaction.atomic
def accept_invitation(*, invitation: Invitation, by: User, kind: OrganisationKind) -> None:
    """Make `by` a member as invited.

    Raises `PermissionDenied` when the invitation has ended, is for another address, or its sender may no longer invite.
    """
    invitation = lock_invitation(invitation)
    # Invitations of two sides, accepted at once: the second one finds the person on the first one's side.
    by = User.objects.select_for_update(no_key=True).get(pk=by.pk)
    keep_sides_apart(by, kind)
    if not invitation.is_open or by.email != invitation.email or not by.is_active:
        raise PermissionDenied(_("This invitation is not for you, or is no longer valid."))
    organisation = kind.model._default_manager.get(pk=invitation.organisation_id)
    if not valid_invitations(kind, organisation, [invitation]):
        raise PermissionDenied(
            _("The sender of this invitation can no longer invite members. Ask for a new invitation.")
        )
    invitation.accepted_at, invitation.accepted_by = timezone.now(), by
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    role, sender = invitation.role, invitation.invited_by_id
    by.groups.add(kind.group(organisation, role))
    _record(AccountEvent.MEMBER_JOINED, by, kind, organisation, subject=by.pk, role=role, invited_by=sender)
    kind.on_join(organisation, by)


def keep_sides_apart(person: User, kind: OrganisationKind) -> None:
    """Refuse a person on two sides: who assesses, who is assessed, who buys and who operates are different people.

    Raises `PermissionDenied`, with the reason, when `person` may not become a member of this kind of organisation.
    """
    if person.is_staff or person.is_superuser:
        raise PermissionDenied(_("An operator's account belongs to no organisation. Use an account of your own."))
    if kinds_of(person) - {kind.name}:
        raise PermissionDenied(
            _("Your account belongs to another kind of organisation. Ask for an invitation to another address.")
        )


@transaction.atomic
def withdraw_invitation(*, by: User, invitation: Invitation, kind: OrganisationKind) -> None:
    """End an open invitation: its link stops working. Nothing happens to one that has ended already."""
    organisation = kind.model._default_manager.get(pk=invitation.organisation_id)
    _authorise(by, kind, organisation)
    if unanswered(kind, organisation).filter(pk=invitation.pk).update(withdrawn_at=timezone.now()):
        _record(AccountEvent.INVITATION_WITHDRAWN, by, kind, organisation, subject=invitation.pk)


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
    _record(AccountEvent.MEMBER_ROLE_CHANGED, by, kind, organisation, subject=member.pk, before=held, after=role)


@transaction.atomic
def remove_member(*, by: User, kind: OrganisationKind, organisation: Model, member: User) -> None:
    """Take every role in `organisation` from `member`, at once. Raises as `change_role` does."""
    _lock_for(by, kind, organisation)
    held = _held_roles(kind, organisation, member)
    _keep_a_manager(kind, organisation, member)
    member.groups.remove(*[kind.group(organisation, name) for name in held])
    kind.on_leave(organisation, member)
    _withdraw_sent_by(member, kind, organisation)
    _record(AccountEvent.MEMBER_REMOVED, by, kind, organisation, subject=member.pk, before=held)


def _withdraw_sent_by(member: User, kind: OrganisationKind, organisation: Model) -> None:
    """Withdraw the open invitations sent by a member who may no longer invite."""
    unanswered(kind, organisation).filter(invited_by=member).update(withdrawn_at=timezone.now())


def add_member(*, by: User | None, kind: OrganisationKind, organisation: Model, member: User, role: str) -> None:
    """Give a role without an invitation: for commands like `create_staff` and loaders, never for a page."""
    with transaction.atomic():
        member.groups.add(kind.group(organisation, role))
        _record(AccountEvent.MEMBER_JOINED, by, kind, organisation, subject=member.pk, role=role)


def _held_roles(kind: OrganisationKind, organisation: Model, member: User) -> list[str]:
    """Return the roles that a manager may take or change: not an advisor's assignment, nor a token's scopes."""
    invitable = kind.invitable_roles(organisation)
    held = [role for role in role_of(member, kind, organisation) if role in invitable]
    if not held:
        raise ValidationError(_("This person is not a member of the organisation."))
    return held


def _keep_a_manager(kind: OrganisationKind, organisation: Model, leaving: User) -> None:
    if not any(kind.roles[role].is_manager for role in role_of(leaving, kind, organisation)):
        return
    if not has_active_manager(kind, organisation, besides=leaving):
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
    _record(
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
    _record(AccountEvent.INTEGRATION_REVOKED, by, kind, organisation, subject=account.pk)


def name_of_revoked(*, kind: OrganisationKind, organisation: Model, account_id: int) -> str | None:
    """Return the name of a token of the organisation that was revoked; None where there was no such token."""
    of_organisation: dict[str, object] = {kind.event_field(): organisation.pk}
    revoked = Event.objects.filter(kind=AccountEvent.INTEGRATION_REVOKED, subject=str(account_id), **of_organisation)
    names = User.objects.filter(pk=account_id).values_list("name", flat=True)
    return names.first() if revoked.exists() else None


def _record(
    what: AccountEvent, by: User | None, kind: OrganisationKind, organisation: Model, subject: object, **data: object
) -> None:
    event = {kind.event_field(): organisation.pk}
    record(what, by=by, subject=subject, **event, **data)  # type: ignore[arg-type]
