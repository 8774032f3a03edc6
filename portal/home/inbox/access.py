"""What waits about the access of brands: requests, confirmations, ends, corrections and copies."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from brands.models import Brand
from factories.models import Factory
from portal.core.days import day_of, in_words, last_day, last_day_in_words
from portal.home.inbox.about import about_brand, about_cycle, about_matter, whose_turn
from portal.home.inbox.reading import Desk, Grant
from portal.home.inbox.rows import Kind, Thing, Whose
from sharing.grants.ends import End
from sharing.models import DestroyNotice, SharingGrant
from sharing.terms import Status


def things_of_access(desk: Desk) -> Iterator[Thing]:
    """Yield what waits about the access of brands, and news of it."""
    yield from _requests(desk)
    yield from _confirmations(desk)
    yield from _endings(desk)
    yield from _corrections(desk)
    yield from _copies(desk)
    yield from _ended(desk)


def _decider(desk: Desk) -> str:
    return "" if desk.may_decide else _("Only a manager can decide this")


def _requests(desk: Desk) -> Iterator[Thing]:
    """Yield the requests of brands that are not answered or postponed."""
    for request in desk.requests:
        yield Thing(
            Kind.REQUEST,
            str(request.pk),
            words=_("Asks for access"),
            url=reverse("access_request", args=[request.pk]),
            whose=whose_turn(is_mine=desk.may_decide),
            who=_decider(desk),
            due=last_day(request.lapses_at, desk.factory),
            **about_brand(desk.factory, request.brand),
        )


def _endings(desk: Desk) -> Iterator[Thing]:
    """Yield the access that ends soon: who decides can renew it."""
    for grant in (one.grant for one in desk.grants if one.is_ending):
        about = about_brand(desk.factory, grant.brand)
        renewal = f"{reverse('grant_change', args=[grant.pk])}?renew=1"
        yield Thing(
            Kind.ENDING,
            str(grant.pk),
            words=_("Access ends on %(day)s") % {"day": last_day_in_words(grant.expires_at, desk.factory)},
            url=renewal if desk.may_decide else about["whole_url"],
            whose=whose_turn(is_mine=desk.may_decide),
            who=_decider(desk),
            due=last_day(grant.expires_at, desk.factory),
            **about,
        )


def _confirmations(desk: Desk) -> Iterator[Thing]:
    """Yield the access that a second person must confirm. Whoever granted it cannot."""
    for found in desk.grants:
        grant = found.grant
        if grant.status() is not Status.UNCONFIRMED:
            continue
        is_own = grant.granted_by_id == desk.user.pk
        is_mine = desk.may_confirm and not is_own
        page = "grant_confirmation" if is_mine else "confirmations"
        text = _("The worker representative must confirm access")
        if desk.may_confirm:
            text = (
                _("Someone else must confirm access that you granted") if is_own else _("Waiting for your confirmation")
            )
        yield Thing(
            Kind.CONFIRMATION,
            str(grant.pk),
            words=text,
            url=reverse(page, args=[grant.pk if is_mine else desk.factory.pk]),
            whose=whose_turn(is_mine=is_mine),
            due=_confirm_by(found, desk.factory),
            **about_brand(desk.factory, grant.brand),
        )


def _confirm_by(found: Grant, factory: Factory) -> date | None:
    """Return the last day to confirm a grant: its request lapses after it, or the access is to begin on it."""
    days = [last_day(found.asked_until, factory)] if found.asked_until else []
    if found.grant.valid_from > timezone.now():
        days.append(day_of(found.grant.valid_from, factory))
    return min((day for day in days if day is not None), default=None)


def _ended(desk: Desk) -> Iterator[Thing]:
    """Yield the access that ended lately, unless the reader ended it or the brand has such access again."""
    running = {(one.grant.brand_id, one.grant.scope) for one in desk.grants if not one.grant.is_over}
    for grant in (one.grant for one in desk.grants):
        ended = grant.ended_at or (grant.expires_at if grant.status() is Status.EXPIRED else None)
        is_news = grant.end_code not in {End.CHANGED, End.UNDONE} and grant.ended_by_id != (desk.user.pk or 0)
        if ended is None or not is_news or (grant.brand_id, grant.scope) in running:
            continue
        if words := _end_in_words(grant, ended, desk.factory):
            yield Thing(
                Kind.ENDED,
                str(grant.pk),
                words=words,
                url=reverse("factory_brand", args=[desk.factory.pk, grant.brand_id]),
                whose=Whose.NOBODY,
                since=ended,
                **about_brand(desk.factory, grant.brand),
            )


def _end_in_words(grant: SharingGrant, ended: datetime, factory: Factory) -> str:
    """Return that access ended, or was refused before it began; empty for access that nobody has to know of."""
    if grant.end_code == End.REFUSED:
        return _("Refused by the second person on %(day)s") % {"day": in_words(ended, factory)}
    if not grant.has_begun:
        return ""
    return _("Access ended on %(day)s") % {"day": last_day_in_words(ended, factory)}


def _corrections(desk: Desk) -> Iterator[Thing]:
    """Yield the corrections and withdrawals not acknowledged: by one brand as its row, by several as the report's."""
    found: dict[tuple[int, bool], list[Brand]] = {}
    for notice in desk.unacknowledged:
        found.setdefault((notice.cycle, notice.is_withdrawn), []).append(notice.brand)
    for (cycle, is_withdrawn), brands in found.items():
        one, *others = brands
        about = about_cycle(desk.factory, cycle, desk.reports) if others else about_brand(desk.factory, one)
        yield Thing(
            Kind.CORRECTION,
            f"{desk.factory.pk}:{cycle}:{is_withdrawn}",
            words=_unacknowledged(cycle, len(brands), is_withdrawn=is_withdrawn),
            url=reverse("old_versions", args=[desk.factory.pk]),
            whose=Whose.OTHERS,
            **about,
        )


def _unacknowledged(cycle: int, brands: int, *, is_withdrawn: bool) -> str:
    if brands > 1:
        text = ngettext(
            "%(count)s brand has not acknowledged that it was corrected or withdrawn",
            "%(count)s brands have not acknowledged that it was corrected or withdrawn",
            brands,
        )
        return text % {"count": brands}
    if is_withdrawn:
        return _("Has not acknowledged the withdrawal of cycle %(cycle)s") % {"cycle": cycle}
    return _("Has not acknowledged the correction of cycle %(cycle)s") % {"cycle": cycle}


def _copies(desk: Desk) -> Iterator[Thing]:
    """Yield the brands that have to destroy copies, and as news what they answered."""
    unanswered = [notice for notice in desk.notices if notice.answered_at is None]
    if len(unanswered) > 1:
        yield _several_owe_an_answer(desk, unanswered)
    for notice in desk.notices:
        answered = notice.answered_at
        if answered is None and len(unanswered) > 1:
            continue
        yield Thing(
            Kind.COPIES,
            f"{notice.pk}:{answered:%Y%m%d%H%M}" if answered else str(notice.pk),
            words=_answer_in_words(notice) if answered else _("Has not confirmed that copies are destroyed"),
            url=reverse("destroy_notices", args=[desk.factory.pk]),
            whose=Whose.NOBODY if answered else Whose.OTHERS,
            since=answered,
            **about_brand(desk.factory, notice.brand),
        )


def _several_owe_an_answer(desk: Desk, notices: Sequence[DestroyNotice]) -> Thing:
    """Return one thing for all of them: each name is in the list that it leads to."""
    brands = len({notice.brand_id for notice in notices})
    words = ngettext(
        "%(count)s brand has not confirmed that copies are destroyed",
        "%(count)s brands have not confirmed that copies are destroyed",
        brands,
    )
    return Thing(
        Kind.COPIES,
        str(desk.factory.pk),
        words=words % {"count": brands},
        url=reverse("destroy_notices", args=[desk.factory.pk]),
        whose=Whose.OTHERS,
        **about_matter(Kind.COPIES, _("Copies to destroy")),
    )


def _answer_in_words(notice: DestroyNotice) -> str:
    kept: int = notice.kept_count  # type: ignore[attr-defined] # by `with_counts`
    if kept:
        return ngettext("Keeps %(count)s copy", "Keeps %(count)s copies", kept) % {"count": kept}
    return _("Copies destroyed")
