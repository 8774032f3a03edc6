"""Accepting an invitation: who may, and what follows.

An invitation is valid only as long as its sender may invite: accepting checks the same as inviting
(`valid_invitations`). Nobody belongs to two sides. Where a manager hands over, their role ends in the same transaction.
"""

import secrets
from collections.abc import Collection
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.accounts.events import AccountEvent
from portal.accounts.models import Invitation, User
from portal.accounts.roles import OrganisationKind, kinds, kinds_of, manages
from portal.accounts.services import hash_of, lock_invitation, record_of, remove_member


def find_invitation(invitation_id: UUID, secret: str) -> Invitation | None:
    """Return the open invitation behind a link, or None: unknown, used, withdrawn and expired links look the same.

    The check that it is still valid is made when it is answered.
    """
    invitation = Invitation.objects.filter(pk=invitation_id).select_related("invited_by").first()
    if invitation is None or not secrets.compare_digest(invitation.secret_hash, hash_of(secret)):
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
    record_of(AccountEvent.MEMBER_JOINED, by, kind, organisation, subject=by.pk, role=role, invited_by=sender)
    kind.on_join(organisation, by)
    if invitation.leaving:
        _take_over(by, invitation.leaving, kind, organisation)


def _take_over(successor: User, leaving: User, kind: OrganisationKind, organisation: Model) -> None:
    """Let the manager who handed over leave, and write to them; nothing where they are no longer a manager."""
    if not manages(kind, organisation, leaving):
        return
    remove_member(by=successor, kind=kind, organisation=organisation, member=leaving)
    transaction.on_commit(lambda: _mail_handed_over(successor, leaving, str(organisation)))


def _mail_handed_over(successor: User, leaving: User, organisation: str) -> None:
    with override(leaving.language):
        context = {"successor": successor, "organisation": organisation}
        get_adapter().send_mail("account/email/handed_over", leaving.email, context)


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
