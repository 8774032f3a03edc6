"""The parts of a factory's side: which page belongs to which part, and the pages that stand side by side in one.

A page belongs to one of four destinations, or to the records, which are reached from Brands. Pages of one's account,
of signing in and those for everybody belong to none. tests/test_menu.py compares this with all pages of a factory.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.urls import ResolverMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.sides import Side


class Part(StrEnum):
    """A part of a factory's side."""

    INBOX = "inbox"
    BRANDS = "brands"
    REPORTS = "reports"
    FACTORY = "factory"
    RECORDS = "records"

    @property
    def destination(self) -> "Part":
        """The part that the menu marks: the records hang from Brands."""
        return Part.BRANDS if self is Part.RECORDS else self


PAGES: Mapping[Part, tuple[str, ...]] = {
    Part.INBOX: (
        "home", "request_inbox", "requests_answer", "access_request", "request_approve", "request_decline",
        "request_print", "grant_confirmation",
    ),
    Part.BRANDS: (
        "factory_brands", "factory_brand", "brand", "brand_list", "grant", "grant_change", "grant_revoke",
        "grant_print", "grant_document", "stop_brand", "stop_all", "resume",
        "as_brand", "as_brand_assessment", "as_brand_after", "as_brand_after_assessment",
    ),
    Part.REPORTS: (
        "assessment_list", "assessment", "report_openings", "report_withhold", "report_allow", "report_order", "job",
    ),
    Part.FACTORY: (
        "factory", "factory_edit", "factory_list", "closure_list", "closure_remove",
        "members", "member_invite", "member_role", "member_remove",
        "confirmations", "successor", "handover", "webhooks", "webhook", "webhook_secret", "webhook_remove",
    ),
    Part.RECORDS: (
        "who_saw", "monthly_summary", "who_could_see", "explain", "factory_receipts", "receipt", "destroy_notices",
        "old_versions",
    ),
}  # fmt: skip
PART_OF = {page: part for part, pages in PAGES.items() for page in pages}


@dataclass(frozen=True)
class Tab:
    """A page among those of its part, under the label that it has there."""

    page: str
    label: str | Promise

    def url(self, factory: int) -> str:
        """Return the address for one factory."""
        if self.page == "assessment_list":
            return reverse(self.page)
        return reverse(self.page, args=[Side.FACTORY, factory] if self.page == "members" else [factory])


FACTORY, BRANDS = Tab("factory", _("Factory")), Tab("factory_brands", _("Brands"))
OPENINGS, RECORDS = Tab("report_openings", _("When brands see reports")), Tab("who_saw", _("Records"))
MEMBERS, CONFIRMATION = Tab("members", _("Members")), Tab("confirmations", _("Confirmation"))
TABS: Mapping[Part, tuple[Tab, ...]] = {
    Part.REPORTS: (Tab("assessment_list", _("Reports")), OPENINGS),
    Part.FACTORY: (FACTORY, MEMBERS, CONFIRMATION),
    Part.RECORDS: (
        Tab("who_saw", _("Activity")),
        Tab("who_could_see", _("Access on a date")),
        Tab("factory_receipts", _("Receipts")),
        Tab("destroy_notices", _("Copies")),
        Tab("old_versions", _("Old versions")),
    ),
}
# For staff, whose menu names no factory: the way back to it, and what else there is about it.
TABS_FOR_STAFF = (FACTORY, BRANDS, OPENINGS, RECORDS, MEMBERS, CONFIRMATION)
UNDER = {"monthly_summary": "who_saw", "explain": "who_could_see"}  # pages that are reached from a tab and keep the row


def part_of(match: ResolverMatch | None) -> Part | None:
    """Return the part to which a page belongs, if it is one about factories."""
    if match is None or {match.kwargs.get("kind"), match.kwargs.get("side")} - {None, Side.FACTORY}:
        return None
    return PART_OF.get(match.view_name)


def factory_in(match: ResolverMatch | None) -> int | None:
    """Return the factory that an address names; the visitor may not be allowed to see it."""
    if match is None:
        return None
    if match.route.startswith("factories/<int:pk>/"):
        return int(match.kwargs["pk"])
    is_about_factory = Side.FACTORY in {match.kwargs.get("kind"), match.kwargs.get("side")}
    return match.kwargs.get("organisation_id") if is_about_factory else None


def tabs_of(match: ResolverMatch | None, factory: int, *, is_staff: bool) -> list[dict[str, object]]:
    """Return the pages beside the shown one, the shown one marked; none where it stands alone."""
    part = part_of(match)
    if match is None or part is None:
        return []
    tabs = TABS.get(part, ())
    if is_staff:
        tabs = (FACTORY, *tabs) if part is Part.RECORDS else TABS_FOR_STAFF
    shown = UNDER.get(match.view_name, match.view_name)
    if shown not in {tab.page for tab in tabs}:
        return []
    return [{"label": tab.label, "url": tab.url(factory), "active": tab.page == shown} for tab in tabs]
