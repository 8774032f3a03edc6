"""The row that a thing in an inbox belongs to: that of a brand, of a report, or of a matter of the factory itself."""

from collections.abc import Iterable
from typing import TypedDict

from django.urls import reverse
from django.utils.translation import gettext as _

from assessments.models import Assessment
from brands.models import Brand
from factories.models import Factory
from portal.core.days import written
from portal.home.inbox.rows import Kind, Whose


class About(TypedDict):
    """The row that a thing belongs to, its title, and the page of everything in it."""

    about: str
    title: str
    whole_url: str


def about_brand(factory: Factory, brand: Brand) -> About:
    """Return the row of a brand."""
    page = reverse("factory_brand", args=[factory.pk, brand.pk])
    return {"about": f"brand-{brand.pk}", "title": brand.name, "whole_url": page}


def about_report(report: Assessment) -> About:
    """Return the row of a report."""
    words = {"cycle": report.cycle, "month": written(report.start_date, "YEAR_MONTH_FORMAT")}
    page = reverse("assessment", args=[report.pk])
    return {"about": f"report-{report.cycle}", "title": _("Cycle %(cycle)s · %(month)s") % words, "whole_url": page}


def about_cycle(factory: Factory, cycle: int, reports: Iterable[Assessment]) -> About:
    """Return the row of the report of a cycle, also where it was withdrawn and is not among `reports` any more."""
    report = next((one for one in reports if one.cycle == cycle), None)
    if report is not None:
        return about_report(report)
    page = reverse("old_versions", args=[factory.pk])
    return {"about": f"report-{cycle}", "title": _("Cycle %(cycle)s") % {"cycle": cycle}, "whole_url": page}


def about_matter(kind: Kind, title: str) -> About:
    """Return the row of a matter of the factory itself."""
    return {"about": kind.value, "title": title, "whole_url": ""}


def whose_turn(*, is_mine: bool) -> Whose:
    """Return the side of something that somebody has to do: the reader, or others."""
    return Whose.READER if is_mine else Whose.OTHERS
