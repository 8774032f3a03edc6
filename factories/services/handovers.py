"""A verified handover: the only manager of a factory left, and its country's staff bring in a new one.

A manager who is still there needs none of this: they invite a successor (docs/decisions/0053).

One staff person opens it with evidence; the manager is notified at once and has some days to object with one click; a
second staff person completes it: the new manager is invited, and the role of the one who left ends when they join.
Meanwhile nothing new is shared and nothing unconfirmed is confirmed; it stays possible to stop sharing. Staff cannot
act for the factory themselves (docs/decisions/0017): no address of the programme's side can be invited.
"""

from dataclasses import replace
from datetime import datetime

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from factories.events import FactoryEvent
from factories.models import Factory, Handover
from factories.notice_names import FactoryNotice
from factories.rights import may_enrol, member_may
from factories.role_names import FactoryRoleName
from factories.roles import FACTORY, JOINED, active_in_role
from factories.services.organisations import lock_factory
from portal.accounts.models import Invitation, User
from portal.accounts.roles import kinds_of, role_of
from portal.accounts.services import change_role, invite, remove_member
from portal.core.changed import HasChangedError
from portal.core.days import days_from_now, end_of
from portal.core.events import record
from portal.core.names import one_line
from portal.core.uploads import sha256_of_upload
from portal.notices.outbox import announce

WRITTEN = {"new_name", "new_email", "evidence"}
# This module decides who may change the factory's people; the functions of accounts then do what it decided.
_DECIDED = replace(FACTORY, may_manage_members=lambda *_: True)


def refuse_while_handed_over(factory: Factory) -> None:
    """Raise `ValidationError` while a handover of this (locked) factory's manager is under way."""
    if Handover.objects.open().filter(factory=factory).exists():
        raise being_handed_over(factory)


def being_handed_over(factory: Factory) -> ValidationError:
    """Return the error for whoever shares data while the factory's manager is being replaced."""
    return ValidationError(
        _(
            "The manager of %s is being replaced. Until this is settled you cannot share anything new, but you "
            "can stop sharing."
        )
        % factory
    )


def _require_staff(by: User, factory: Factory) -> None:
    if not may_enrol(by, factory.programme):
        raise PermissionDenied(
            _("Only the country's staff can open a handover here. Managers hand over on their factory's page.")
        )


@transaction.atomic
def open_handover(
    *, by: User, factory: Factory, new_name: str, new_email: str, evidence: str, scan: str = ""
) -> Handover:
    """Begin a handover and notify the present manager at once. Opening the same case again returns the first one.

    `scan` names a file in private storage. Raises `PermissionDenied`, or `ValidationError` (by field) unless the
    factory has exactly one manager, no handover is under way, and the new address belongs to nobody on another side.
    """
    factory = lock_factory(factory.pk)
    _require_staff(by, factory)
    new_name, new_email, evidence = one_line(new_name), new_email.strip().lower(), evidence.strip()
    running = Handover.objects.open().filter(factory=factory).first()
    if running is not None:
        if (running.new_email, running.opened_by_id) == (new_email, by.pk):
            return running
        raise ValidationError(_("A handover of this factory is already under way."))
    managers = list(active_in_role(factory, "manager")[:2])
    if not managers:
        raise ValidationError(_("This factory has no manager: invite one under Members."))
    if len(managers) > 1:
        raise ValidationError(
            _("This factory has another manager, who can invite members and remove members who left.")
        )
    _check_new_manager(new_email, managers[0])
    handover = Handover(
        factory=factory,
        leaving=managers[0],
        new_name=new_name,
        new_email=new_email,
        evidence=evidence,
        scan=scan,
        scan_sha256=sha256_of_upload(scan) if scan else "",
        opened_by=by,
        objections_until=_objections_until(factory),
    )
    handover.clean_fields(exclude={field.name for field in Handover._meta.fields} - WRITTEN)
    handover.save()
    _note(FactoryEvent.HANDOVER_OPENED, by, handover, leaving=handover.leaving_id, scan_sha256=handover.scan_sha256)
    link = settings.BASE_URL + reverse("handover", args=[handover.pk])
    transaction.on_commit(lambda: _mail_manager(handover, link))
    return handover


def _check_new_manager(email: str, leaving: User) -> None:
    """Raise `ValidationError` for an address that cannot become this factory's manager (decision 17)."""
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationError({"new_email": error.messages}) from error
    account = User.objects.filter(email=email).first()
    if account is not None and account.pk == leaving.pk:
        raise ValidationError({"new_email": _("This is the present manager.")})
    invited = Invitation.objects.filter(email=email, accepted_at=None, withdrawn_at=None).exclude(kind=FACTORY.name)
    on_another_side = account is not None and (
        account.is_staff or account.is_superuser or account.is_integration or kinds_of(account) - {FACTORY.name}
    )
    if on_another_side or invited.exists():
        raise ValidationError(
            {"new_email": _("This address belongs to the programme or to a brand. It cannot be used for a factory.")}
        )
    if account is not None and not account.is_active:
        raise ValidationError({"new_email": _("The account at this address is closed.")})


def _objections_until(factory: Factory) -> datetime:
    """Return until when a handover can be objected to: the end of the country's last day for it, factory time."""
    days = factory.programme.handover_days
    return end_of(days_from_now(days, factory), factory) if days else timezone.now()


def _mail_manager(handover: Handover, link: str) -> None:
    with override(handover.leaving.language):
        context = {"handover": handover, "factory": handover.factory, "link": link}
        get_adapter().send_mail("account/email/handover", handover.leaving.email, context)


def _note(kind: FactoryEvent, by: User, handover: Handover, **data: object) -> None:
    """Record the event, and announce it to the factory's people and to the country's staff."""
    ids = {"factory_id": handover.factory_id, "subject": handover.pk}
    record(kind, by=by, programme_id=handover.factory.programme_id, **ids, **data)  # type: ignore[arg-type]
    announce(FactoryNotice.HANDOVER_CHANGED, side="factory", organisation_id=handover.factory_id, **ids)  # type: ignore[arg-type]
    announce(FactoryNotice.HANDOVER_CHANGED, side="programme", organisation_id=handover.factory.programme_id, **ids)  # type: ignore[arg-type]


def _locked(handover: Handover) -> Handover:
    """Return the handover as it is now, with its factory locked. Raises `ValidationError` if it has ended."""
    lock_factory(handover.factory_id)
    found = Handover.objects.select_related("factory__programme", "leaving", "opened_by").get(pk=handover.pk)
    if found.stopped_at is not None or found.joined_at is not None:
        raise HasChangedError(_("This handover has already ended. Open its page again."))
    return found


@transaction.atomic
def object_to_handover(*, by: User, handover: Handover, reason: str = "") -> Handover:
    """End the handover at once because the present manager says that they are still there; nothing changes.

    This is possible until the new manager is invited. Raises `PermissionDenied` or `ValidationError`.
    """
    found = _locked(handover)
    if not member_may(by, "manage_members", found.factory_id):
        raise PermissionDenied(_("Only a manager of the factory can object."))
    if found.completed_at is not None:
        raise HasChangedError(_("The time to object has ended. Write to the programme's staff in your country."))
    return _stop(by, found, reason, is_objection=True)


@transaction.atomic
def stop_handover(*, by: User, handover: Handover, reason: str = "") -> Handover:
    """Cancel a handover, as staff; an invitation that was sent stops working. Raises as `object_to_handover` does."""
    found = _locked(handover)
    _require_staff(by, found.factory)
    return _stop(by, found, reason, is_objection=False)


def _stop(by: User, handover: Handover, reason: str, *, is_objection: bool) -> Handover:
    handover.stopped_at, handover.stopped_by = timezone.now(), by
    handover.is_objection, handover.stop_reason = is_objection, reason.strip()[:500]
    handover.save(update_fields=["stopped_at", "stopped_by", "is_objection", "stop_reason"])
    _invitations(handover).update(withdrawn_at=timezone.now())
    _note(FactoryEvent.HANDOVER_OBJECTED if is_objection else FactoryEvent.HANDOVER_CANCELLED, by, handover)
    return handover


def _invitations(handover: Handover) -> QuerySet[Invitation]:
    """Return the open invitations of the new manager."""
    return Invitation.objects.filter(
        email=handover.new_email,
        kind=FACTORY.name,
        organisation_id=handover.factory_id,
        accepted_at=None,
        withdrawn_at=None,
    )


@transaction.atomic
def complete_handover(*, by: User, handover: Handover) -> Handover:
    """Approve as a second staff person: invite the new manager; make a member of the factory manager at once.

    Called again before the new manager joined, it sends the invitation again. Raises `PermissionDenied` for the person
    who opened it, `ValidationError` while objections are possible, after an objection, and if the factory got another
    manager meanwhile.
    """
    found = _locked(handover)
    _require_staff(by, found.factory)
    if by.pk == found.opened_by_id:
        raise PermissionDenied(_("You opened this handover, so you cannot complete it. A colleague must do that."))
    if found.objections_until > timezone.now():
        raise ValidationError(_("The present manager can still object. Complete it after that time."))
    if active_in_role(found.factory, "manager").exclude(pk=found.leaving_id).exists():
        raise HasChangedError(_("The factory now has another manager. Cancel this handover."))
    _check_new_manager(found.new_email, found.leaving)
    if found.completed_at is None:
        found.completed_at, found.completed_by = timezone.now(), by
        found.save(update_fields=["completed_at", "completed_by"])
        _note(FactoryEvent.HANDOVER_APPROVED, by, found)
    member = User.objects.filter(email=found.new_email, is_active=True).first()
    if member is not None and role_of(member, FACTORY, found.factory):
        change_role(by=by, kind=_DECIDED, organisation=found.factory, member=member, role=FactoryRoleName.MANAGER)
        finish_handover(found.factory, member)
    else:
        invite(
            by=by,
            kind=_DECIDED,
            organisation=found.factory,
            email=found.new_email,
            role=FactoryRoleName.MANAGER,
            name=found.new_name,
        )
    found.refresh_from_db()
    return found


def finish_handover(factory: Factory, joined: User) -> None:
    """End the role of the manager who left if `joined` is the new manager of a completed handover; else do nothing."""
    waiting = Handover.objects.waiting_for(joined.email).filter(factory=factory)
    handover = waiting.select_related("factory__programme", "leaving").first()
    if handover is None or "manager" not in role_of(joined, FACTORY, factory):
        return
    handover.joined_at = timezone.now()
    handover.save(update_fields=["joined_at"])
    if role_of(handover.leaving, FACTORY, factory):
        remove_member(by=joined, kind=_DECIDED, organisation=factory, member=handover.leaving)
    _note(FactoryEvent.HANDOVER_COMPLETED, joined, handover, joined=joined.pk, left=handover.leaving_id)


JOINED.append(finish_handover)
