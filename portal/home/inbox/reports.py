"""What waits about reports: those in factory review, those that open to brands, those published lately."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.models import Assessment
from assessments.publication.deadlines import review_end
from brands.models import Brand
from portal.core.days import day_of, in_words, today
from portal.core.listing import listed
from portal.disclosure.openings import SoonOpen
from portal.home.inbox.about import about_brand, about_report, whose_turn
from portal.home.inbox.reading import Desk
from portal.home.inbox.rows import NEWS, Kind, Thing, Whose

NAMED = 3  # brands that are named one by one


def things_of_reports(desk: Desk) -> Iterator[Thing]:
    """Yield what waits about reports, and news of them."""
    yield from _reviews(desk)
    yield from _openings(desk)
    yield from _published(desk)


def _reviews(desk: Desk) -> Iterator[Thing]:
    """Yield the reports in factory review: until its last day for the reader, then for the programme to publish."""
    for report in desk.reports:
        if report.state != Assessment.State.FACTORY_REVIEW:
            continue
        report.factory = desk.factory
        last = review_end(report)
        is_over = last is not None and last < today(desk.factory)
        yield Thing(
            Kind.REVIEW,
            str(report.pk),
            words=_("The programme publishes it next") if is_over else _("Ready for your review"),
            url=reverse("assessment", args=[report.pk]),
            whose=whose_turn(is_mine=not is_over),
            due=None if is_over else last,
            **about_report(report),
        )


def _published(desk: Desk) -> Iterator[Thing]:
    """Yield the reports that were published lately."""
    for report in desk.reports:
        at = report.published_at
        if report.state != Assessment.State.PUBLISHED or at is None or at < timezone.now() - NEWS:
            continue
        text = _("Published on %(day)s") if report.version == 1 else _("Corrected on %(day)s")
        yield Thing(
            Kind.PUBLISHED,
            str(report.pk),
            words=text % {"day": in_words(at, desk.factory)},
            url=reverse("assessment", args=[report.pk]),
            whose=Whose.NOBODY,
            since=at,
            **about_report(report),
        )


def _openings(desk: Desk) -> Iterator[Thing]:
    """Yield the reports that soon open to brands: to one brand as its row, to several as the report's.

    Who decides can hold them until then; for others it is news.
    """
    cycles: dict[tuple[datetime, Brand], list[int]] = {}
    for soon in desk.openings:
        if len(soon.brands) > 1:
            yield _opening_to_several(desk, soon)
        else:
            cycles.setdefault((soon.at, soon.brands[0]), []).append(soon.cycle)
    for (at, brand), found in cycles.items():
        yield _opening_to_one(desk, brand, found, at)


def _opening_to_one(desk: Desk, brand: Brand, cycles: Sequence[int], at: datetime) -> Thing:
    text = ngettext("Cycle %(cycles)s, visible from %(day)s", "Cycles %(cycles)s, visible from %(day)s", len(cycles))
    words = {"cycles": listed(cycles), "day": in_words(at, desk.factory)}
    return Thing(
        Kind.OPENING,
        f"{desk.factory.pk}:{brand.pk}:{cycles[0]}-{cycles[-1]}:{at:%Y%m%d}",
        words=text % words,
        who=_who_holds(desk, len(cycles)),
        url=reverse("report_openings", args=[desk.factory.pk]),
        whose=Whose.READER if desk.may_decide else Whose.NOBODY,
        due=day_of(at, desk.factory),
        hold=(brand.pk, cycles[0]) if desk.may_decide and len(cycles) == 1 else None,
        **about_brand(desk.factory, brand),
    )


def _opening_to_several(desk: Desk, soon: SoonOpen) -> Thing:
    day = in_words(soon.at, desk.factory)
    if len(soon.brands) > NAMED:
        text = _("Visible to %(count)s brands from %(day)s") % {"day": day, "count": len(soon.brands)}
    else:
        brands = listed(brand.name for brand in soon.brands)
        text = _("Visible to %(brands)s from %(day)s") % {"day": day, "brands": brands}
    report = next(one for one in desk.reports if one.cycle == soon.cycle)
    return Thing(
        Kind.OPENING,
        f"{desk.factory.pk}:{soon.cycle}:{soon.at:%Y%m%d}",
        words=text,
        who=_who_holds(desk, 1),
        url=reverse("report_openings", args=[desk.factory.pk]),
        whose=Whose.READER if desk.may_decide else Whose.NOBODY,
        due=day_of(soon.at, desk.factory),
        **about_report(report),
    )


def _who_holds(desk: Desk, count: int) -> str:
    if desk.may_decide:
        return ngettext("You can still hold the report", "You can still hold the reports", count)
    return ngettext("A manager can still hold the report", "A manager can still hold the reports", count)
