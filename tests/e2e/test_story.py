"""The story of the main job, word by word, in a real browser.

Country staff upload the programme's assessment table; the rows become assessments, validated. They review one and send
it to the factory; the factory's manager reads it; staff publish it. The manager opens "Brands" and grants
brand A the report and Step 1 data. A member of brand A sees it appear in the list, opens it, reads findings by cluster
and compliance point, and orders the PDF: a progress bar, then the file. The manager sees who viewed and downloaded it,
and revokes. The member's next click, old link, API call, the finished file and the job still running all answer "not
found". Brand B never saw any of it, not even in a count.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from assessments.models import Assessment, ReportCopy
from portal.core.models import Job
from tests.e2e.table import QUESTIONNAIRE, table
from tests.e2e.visitor import PATIENCE, Visitor
from tests.worker import Worker, until
from tests.world import World

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.worker,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
FACTORY = "Tonle Lotus Garments"
CYCLE = 5
Visit = Callable[..., Visitor]


def test_the_story(visit: Visit, world: World, worker: Worker, tmp_path: Path) -> None:
    staff, manager = visit("team_leader"), visit("manager_a")
    member, other = visit("brand_a_member"), visit("brand_b_member")
    assert nothing_is_shared(member)
    assert nothing_is_shared(other)
    before = everything_of(other)

    assessment = staff_upload_the_table(staff, tmp_path)
    assert everything_of(other) == before
    staff_review_it_and_send_it_to_the_factory(staff, assessment)
    assert nothing_is_shared(member)
    the_manager_reads_it(manager, assessment)
    staff_publish_it(staff, assessment)
    assert nothing_is_shared(member)
    the_manager_shares_it(manager)
    the_member_reads_it(member, assessment)
    old = the_member_orders_the_pdf(member, assessment, worker)
    assert everything_of(other) == before
    the_manager_sees_who_viewed_and_downloaded(manager)
    with worker.held():
        waiting, running = the_member_orders_another_file(member, assessment)
        member.open(f"/assessments/{assessment.pk}/")
        the_manager_revokes(manager)
        the_next_click_finds_nothing(member)
        everything_is_gone(member, assessment, [*old, running])
        member.finds_nothing(waiting)
    until(lambda: Job.objects.exclude(state__in=["queued", "running"]).count() == Job.objects.count(), "the job's end")
    everything_is_gone(member, assessment, [*old, running])
    assert ReportCopy.objects.exclude(file="").count() == 1
    assert everything_of(other) == before
    assert nothing_is_shared(other)


def staff_upload_the_table(staff: Visitor, folder: Path) -> Assessment:
    """Upload, preview, create what it names."""
    file = folder / "assessments.csv"
    file.write_bytes(table(timezone.localdate() - timedelta(days=12)))
    staff.menu("Import assessments")
    staff.page.get_by_label("Table").set_input_files(file)
    staff.press("Check this table")
    staff.sees("Import this table?")
    staff.look()
    staff.sees("KH-0777: Lily Pond Knitwear")
    staff.sees(QUESTIONNAIRE)
    assert not Assessment.objects.filter(quest_id__startswith="8050").exists()
    staff.page.get_by_label("Create what is new in this table").check()
    staff.page.get_by_label("Mark the compliance questions of new questionnaires as Step 1").check()
    staff.press("Create these and import")
    staff.sees("New assessments: 3.")
    staff.look()
    return Assessment.objects.select_related("factory").get(quest_id="80501")


def staff_review_it_and_send_it_to_the_factory(staff: Visitor, assessment: Assessment) -> None:
    """From the list of what waits for internal review, by way of the page itself."""
    staff.follow("Review the new assessments")
    staff.sees("Lily Pond Knitwear")
    staff.page.get_by_role("link", name=FACTORY, exact=True).first.click()
    staff.look()
    staff.sees("Overtime Wages")
    staff.follow("Send to factory")
    staff.sees("The factory's members will be able to read it.")
    staff.press("Send to factory")
    staff.sees("the step “Send to factory” was taken.")
    staff.look()


def the_manager_reads_it(manager: Visitor, assessment: Assessment) -> None:
    """The first page says what waits; the manager reads it before anybody outside."""
    manager.open("/")
    manager.sees("Ready for your review")
    manager.page.locator(f'main a[href="/assessments/{assessment.pk}/"]').first.click()
    manager.look()
    manager.sees("Emergency Preparedness")


def staff_publish_it(staff: Visitor, assessment: Assessment) -> None:
    """From the board."""
    staff.menu("Assessments")
    staff.open(f"/assessments/{assessment.pk}/")
    staff.follow("Publish")
    staff.press("Publish")
    staff.sees("the step “Publish” was taken.")
    staff.look()


def the_manager_shares_it(manager: Visitor) -> None:
    """Report and Step 1 data with brand A, on a sheet whose sentence says in words what will happen."""
    manager.menu("Brands")
    manager.sees("You share with nobody")
    manager.follow("Share")
    manager.follow("Aster & Oak")
    manager.sees("Aster & Oak can read cycle")
    manager.page.get_by_label("Step 1 data").check()
    manager.page.get_by_label("All reports, including later ones").check()
    manager.page.get_by_label("Days each new report is held").fill("0")
    manager.sees("This brand can see each new report as soon as it is published.")
    manager.look()
    manager.press("Share this")
    manager.sees(f"Aster & Oak can now read what {FACTORY} shares.")
    manager.look()


def the_member_reads_it(member: Visitor, assessment: Assessment) -> None:
    """It is at the top of the list; findings stand by cluster and compliance point."""
    member.menu("Shared with us")
    rows = member.page.locator("main tbody tr")
    expect(rows.first).to_contain_text(FACTORY)
    rows.first.get_by_role("link", name=FACTORY).click()
    member.look()
    expect(member.page).to_have_url(f"{member.base}/assessments/{assessment.pk}/")
    cluster = member.page.locator("#findings details.cluster", has_text="Compensation")
    expect(cluster.locator(".point", has_text="Overtime Wages").first).to_contain_text("Non-compliance")
    member.sees("Every Step 1 question with its answer.")


def the_member_orders_the_pdf(member: Visitor, assessment: Assessment, worker: Worker) -> list[str]:
    """A progress bar, then the file. Returns the addresses that lead to it."""
    with worker.held():
        order(member, "PDF")
        expect(member.page.locator("progress")).to_be_visible()
        member.look()
    download = member.page.get_by_role("link", name="Download the file")
    expect(download).to_be_visible(timeout=PATIENCE)
    member.look()
    link = member.base + (download.get_attribute("href") or "")
    with member.page.expect_download() as arriving:
        download.click()
    assert arriving.value.path().read_bytes().startswith(b"%PDF-")
    assert arriving.value.suggested_filename.endswith(".pdf")
    copy = ReportCopy.objects.get(assessment=assessment)
    return [
        link,
        member.page.url,
        f"{member.base}/api/v1/reports/{copy.pk}/",
        f"{member.base}/api/v1/jobs/{copy.job_id}/",
    ]


def order(member: Visitor, kind: str) -> None:
    """Fill in the form on the assessment's page."""
    member.page.get_by_label("Format").select_option(label=kind)
    member.press("Create the file")
    member.page.wait_for_url("**/jobs/**")


def the_manager_sees_who_viewed_and_downloaded(manager: Visitor) -> None:
    manager.menu("Brands")
    manager.follow("Records")
    brand = manager.page.locator("details.fold", has_text="Aster & Oak")
    brand.locator("summary").click()
    records = brand.locator("li", has_text="Brand A Member")
    expect(records.filter(has_text="Downloaded")).to_have_count(1)
    expect(records.filter(has_text="Viewed").first).to_be_visible()
    manager.look()


def the_member_orders_another_file(member: Visitor, assessment: Assessment) -> tuple[Page, str]:
    """In a second tab, which goes on showing the progress. Returns the tab and its address."""
    first, member.page = member.page, member.tab()
    member.open(f"/assessments/{assessment.pk}/")
    order(member, "Excel workbook")
    expect(member.page.locator("progress")).to_be_visible()
    second, member.page = member.page, first
    return second, second.url


def the_manager_revokes(manager: Visitor) -> None:
    """Both kinds of data, each after a page that says what this cannot reach."""
    for left, told in [(1, "The brand still sees: "), (0, "You share nothing else with it.")]:
        manager.menu("Brands")
        manager.page.locator("a.row", has_text="Aster & Oak").click()
        manager.look()
        manager.page.get_by_role("link", name=re.compile(r"^Stop ?: ")).first.click()
        manager.sees("Stop sharing with Aster & Oak?")
        manager.look()
        manager.page.get_by_role("textbox", name="Reason").fill("We work with them no longer")
        manager.press("Stop sharing now")
        manager.sees("no longer shares this with Aster & Oak: ")
        manager.sees(told)
        expect(manager.page.get_by_role("link", name=re.compile(r"^Stop ?: "))).to_have_count(left)
    manager.look()
    manager.menu("Brands")
    manager.sees("You share with nobody")


def the_next_click_finds_nothing(member: Visitor) -> None:
    """On the page that was open all along; nor does the browser show that page again on the way back."""
    member.page.locator("#history a").first.click()
    member.finds_nothing()
    member.page.go_back()
    member.finds_nothing()
    member.look()


def everything_is_gone(member: Visitor, assessment: Assessment, addresses: list[str]) -> None:
    """The page, old links, the API, the finished file and the job still running: not found."""
    pk = assessment.pk
    member.open(f"/assessments/{pk}/")
    member.finds_nothing()
    api = [
        f"/api/v1/assessments/{pk}/",
        *(f"/api/v1/assessments/{pk}/findings/?scope={one}" for one in ("report", "step1")),
    ]
    for address in [*addresses, *api]:
        assert member.status(address) == 404, address
    assert nothing_is_shared(member)


def nothing_is_shared(member: Visitor) -> bool:
    """The list, the first page's counts and the API's lists are empty."""
    member.open("/shared/")
    member.sees("Your brand cannot see any assessments at the moment")
    member.open("/")
    figures = member.page.locator("main .stat, main .grid-cards > *").all_inner_texts()
    lists = [member.get(f"/api/v1/{name}/")["results"] for name in ("assessments", "shared")]
    return lists == [[], []] and not any(FACTORY in text for text in figures)


def everything_of(other: Visitor) -> dict[str, Any]:
    """Every word that brand B's member can read, page by page."""
    pages = {}
    for path in ("/", "/shared/", f"/shared/?q={FACTORY.split(maxsplit=1)[0]}"):
        other.open(path)
        pages[path] = other.main().inner_text()
    lists = ("assessments", "shared", "grants", "factories", "brands", "programmes", "me")
    return pages | {name: other.get(f"/api/v1/{name}/") for name in lists}
