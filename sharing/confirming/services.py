"""The second person: a worker representative confirms what a manager shares before it takes effect.

Until it is confirmed no brand learns of a grant and nothing opens through it. Whoever granted cannot confirm, even
with both roles. A change that only narrows access keeps the confirmation; any other one waits for a new one, and the
previous terms apply until then (docs/decisions/0025). A manager switches the rule on; switching it off takes the
worker representative's agreement or, where the factory has none, that of the country's staff.
"""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from factories.models import Factory
from factories.rights import member_may
from factories.role_names import FactoryRoleName
from factories.roles import active_in_role
from factories.services import lock_factory, refuse_while_handed_over
from portal.accounts.models import User
from portal.core.changed import HasChangedError
from portal.core.events import record
from sharing.events import SharingEvent
from sharing.grants.ends import End
from sharing.grants.notices.grants import notify_started
from sharing.grants.services.granting import authorise_decider, end_grant
from sharing.grants.services.journal import Journal
from sharing.grants.services.situation import locked_situation
from sharing.models import ConfirmationEnd, Receipt, SharingGrant
from sharing.notice_names import SharingNotice
from sharing.requests.services.answers import answer_with, answer_without, requests_to_answer
from sharing.terms import Status

REPRESENTATIVE = FactoryRoleName.WORKER_REPRESENTATIVE


def _unconfirmed(grant: SharingGrant) -> SharingGrant:
    """Return `grant` (as it is now) if it waits. Raises `ValidationError` if it has ended or needs no confirmation."""
    if grant.ended_at is not None:
        raise HasChangedError(_("This access has since been changed or ended. Check the list again."))
    if not grant.needs_confirmation:
        raise ValidationError(_("This access needs no confirmation."))
    return grant


@transaction.atomic
def confirm_grant(*, by: User, grant: SharingGrant) -> SharingGrant:
    """Let a grant take effect, as the second person, in place of what it changes. Idempotent.

    Raises `PermissionDenied`, or `ValidationError` when it has since been changed, ended or expired, when the request
    that it answers has ended, and while a handover of the factory's manager is under way.
    """
    situation = locked_situation(by, grant.factory_id, [grant.brand_id])
    position, journal = situation.of(grant.brand_id), Journal(situation)
    grant = _unconfirmed(position.grant(grant.pk))
    situation.require_second(grant.granted_by_id)
    if grant.confirmed_at is not None:
        return grant
    if grant.status() is Status.EXPIRED:
        raise HasChangedError(_("The period of this access has already ended."))
    requests = requests_to_answer(grant, situation.now)
    situation.refuse_while_handed_over()
    now = max(situation.now, grant.created_at)
    for before in position.open_grants(grant.scope):
        if before != grant:
            end_grant(journal, before, End.CHANGED, at=now)
            now = max(now, before.ended_at or now)  # without a gap: what was open stays open
    grant.confirmed_at, grant.confirmed_by = now, by
    grant.save(update_fields=["confirmed_at", "confirmed_by"])
    journal.event(SharingEvent.GRANT_CONFIRMED, grant, scope=grant.scope)
    journal.receipt(Receipt.Kind.CONFIRMED, grant)
    journal.notify(SharingNotice.CONFIRMATION_ANSWERED, grant, "factory")
    notify_started(journal.notify, grant, position)
    journal.write()
    answer_with(requests, grant, by=by)
    return grant


@transaction.atomic
def refuse_grant(*, by: User, grant: SharingGrant, reason: str = "") -> SharingGrant:
    """Refuse a grant, as the second person: it ends without ever having opened anything. Idempotent.

    The grant that it would have changed continues unchanged.

    Raises `PermissionDenied`, or `ValidationError` when it is confirmed already.
    """
    situation = locked_situation(by, grant.factory_id, [grant.brand_id])
    situation.require_second(grant.granted_by_id)
    current, journal = situation.of(grant.brand_id).grant(grant.pk), Journal(situation)
    if current.ended_at is not None and current.confirmed_at is None:
        return current
    if _unconfirmed(current).confirmed_at is not None:
        raise HasChangedError(_("This access is already confirmed; only a manager can stop it now."))
    end_grant(journal, current, End.REFUSED, reason=reason)
    journal.notify(SharingNotice.CONFIRMATION_ANSWERED, current, "factory")
    journal.write()
    answer_without(current, by=by)
    return current


# --- the rule itself --------------------------------------------------------------------------------------


@transaction.atomic
def switch_confirmation_on(*, by: User, factory: Factory) -> Factory:
    """Require a worker representative's confirmation of each new grant. Existing grants continue. Idempotent.

    Raises `PermissionDenied`, or `ValidationError` while the factory has no worker representative.
    """
    factory = lock_factory(factory.pk)
    authorise_decider(by, factory)
    if factory.confirms_sharing:
        return factory
    if not active_in_role(factory, REPRESENTATIVE).exclude(pk=by.pk).exists():
        raise ValidationError(_("%s has no worker representative on the portal yet. Invite one first.") % factory)
    factory.confirms_sharing = True
    factory.save(update_fields=["confirms_sharing"])
    record(SharingEvent.CONFIRMATION_REQUIRED, by=by, factory_id=factory.pk, subject=factory.pk)
    return factory


@transaction.atomic
def ask_to_end_confirmation(*, by: User, factory: Factory) -> ConfirmationEnd:
    """Ask for the rule to be switched off; somebody else answers. Asking again returns the open request.

    Raises `PermissionDenied`, or `ValidationError` when the rule is off or a handover is under way.
    """
    factory = lock_factory(factory.pk)
    authorise_decider(by, factory)
    if not factory.confirms_sharing:
        raise ValidationError(_("%s does not use confirmation by a second person.") % factory)
    refuse_while_handed_over(factory)
    waiver = ConfirmationEnd.objects.open().filter(factory=factory).first()
    if waiver is None:
        waiver = ConfirmationEnd.objects.create(factory=factory, asked_by=by)
        record(SharingEvent.CONFIRMATION_WAIVER_ASKED, by=by, factory_id=factory.pk, subject=waiver.pk)
    return waiver


@transaction.atomic
def answer_confirmation_end(*, by: User, factory: Factory, is_agreed: bool) -> ConfirmationEnd:
    """Agree that no second person confirms any more, or refuse. Unconfirmed grants still wait.

    Raises `PermissionDenied`, or `ValidationError` when nobody asks for it (any more) or a handover is under way.
    """
    factory = lock_factory(factory.pk)
    waiver = ConfirmationEnd.objects.open().filter(factory=factory).select_related("asked_by").first()
    if waiver is None:
        raise HasChangedError(_("This request is no longer open. Reload the page."))
    if not may_answer_confirmation_end(by, factory, waiver):
        raise PermissionDenied(
            _("Only a worker representative can answer or, where there is none, the country's staff.")
        )
    if is_agreed:
        refuse_while_handed_over(factory)
        factory.confirms_sharing = False
        factory.save(update_fields=["confirms_sharing"])
    waiver.answered_at, waiver.answered_by, waiver.is_agreed = timezone.now(), by, is_agreed
    waiver.save(update_fields=["answered_at", "answered_by", "is_agreed"])
    kind = SharingEvent.CONFIRMATION_WAIVED if is_agreed else SharingEvent.CONFIRMATION_WAIVER_REFUSED
    record(kind, by=by, factory_id=factory.pk, subject=waiver.pk)
    return waiver


def may_answer_confirmation_end(by: User, factory: Factory, waiver: ConfirmationEnd) -> bool:
    """Return whether `by` is the second person for this request: a representative, or staff where there is no other."""
    if by.pk == waiver.asked_by_id:
        return False
    if member_may(by, "confirm_sharing", factory.pk):
        return True
    staff = Factory.objects.in_programmes_where(by, "manage_enrolment").filter(pk=factory.pk)
    others = active_in_role(factory, REPRESENTATIVE).exclude(pk=waiver.asked_by_id)
    return staff.exists() and not others.exists()
