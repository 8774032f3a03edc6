"""What waits about the factory itself: who decides for it, and its profile."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.core.days import last_day
from portal.core.listing import joined
from portal.home.inbox.about import about_matter, whose_turn
from portal.home.inbox.reading import Desk
from portal.home.inbox.rows import Kind, Thing, Whose


def things_of_the_factory(desk: Desk) -> Iterator[Thing]:
    """Yield what concerns the factory itself: who decides for it, and its profile."""
    yield from _handover(desk)
    yield from _waiver(desk)
    yield from _sole_manager(desk)
    yield from _profile(desk)


def _handover(desk: Desk) -> Iterator[Thing]:
    if desk.handover is None:
        return
    yield Thing(
        Kind.HANDOVER,
        str(desk.handover),
        words=_("Staff were informed that the manager has left. Object if this is wrong"),
        url=reverse("handover", args=[desk.handover]),
        due=last_day(desk.objections_until, desk.factory),
        **about_matter(Kind.HANDOVER, _("Handover")),
    )


def _waiver(desk: Desk) -> Iterator[Thing]:
    if desk.waiver is None:
        return
    is_mine = desk.may_confirm and desk.waiver_by != desk.user.pk
    yield Thing(
        Kind.WAIVER,
        str(desk.waiver),
        words=_("A manager asks to stop it") if is_mine else _("Someone else must agree to stop it"),
        url=reverse("confirmations", args=[desk.factory.pk]),
        whose=whose_turn(is_mine=is_mine),
        **about_matter(Kind.WAIVER, _("Confirmation by a second person")),
    )


def _sole_manager(desk: Desk) -> Iterator[Thing]:
    if desk.has_one_manager and desk.invited_manager:
        yield Thing(
            Kind.MANAGERS,
            f"{desk.factory.pk}:invited",
            words=_("Waiting: %(email)s has not joined yet") % {"email": desk.invited_manager},
            url=reverse("members", args=["factory", desk.factory.pk]),
            whose=Whose.OTHERS,
            **about_matter(Kind.MANAGERS, _("Members")),
        )
    elif desk.has_one_manager:
        yield Thing(
            Kind.MANAGERS,
            str(desk.factory.pk),
            words=_("You are the only manager. If you lose access, nobody can decide about your data."),
            url=reverse("member_invite", args=["factory", desk.factory.pk]) + "?role=manager",
            is_first=True,
            **about_matter(Kind.MANAGERS, _("Invite a second manager")),
        )


def _profile(desk: Desk) -> Iterator[Thing]:
    missing = desk.factory.missing_profile_fields() if desk.may_edit else []
    if missing:
        yield Thing(
            Kind.PROFILE,
            str(desk.factory.pk),
            words=_("Missing: %s") % joined(missing),
            url=reverse("factory", args=[desk.factory.pk]),
            **about_matter(Kind.PROFILE, _("Your factory's profile")),
        )
