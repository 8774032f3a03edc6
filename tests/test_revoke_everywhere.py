"""What ends a brand's access ends it everywhere at once (R7): pages, lists, counts, files, links, jobs, API, tokens,
corrections, explanations, what the factory sees as the brand, and what waited to be told by mail or webhook.

Brand A's member and its integration hold everything that a grant can lead to (`tests/revoke`). Then the access ends, in
each of the ways in which it can, and every surface is asked again. No address is forgotten: whichever one of the access
matrix answers brand A with factory A's data must be among the surfaces. Brand B is asked all along.
"""

import random
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import storages
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from assessments.reports import services as report_services
from assessments.reports.services import order_report
from portal.core import jobs
from portal.core.models import Job
from portal.disclosure.drafts import Draft
from portal.notices.handing_out import hand_out_notices
from portal.notices.models import WebhookDelivery
from portal.notices.webhooks import sending
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access, stop_all_sharing
from sharing.models import AccessRecord, DestroyNotice
from tests.amounts import SURFACES_SKIPPED
from tests.conftest import work_in
from tests.revoke import ends
from tests.revoke.addresses import ask, questions, traces
from tests.revoke.ends import OF_ONE_PERSON, OF_THE_BRAND, OF_THE_TOKEN, End
from tests.revoke.held import Held, browser, hold
from tests.revoke.surfaces import GATES, open_gates, open_ones, surfaces
from tests.revoke.told import Receiver, deliver_everything, mails_to_the_brand
from tests.sharing.previews import preview_of
from tests.world import World

pytestmark = [
    pytest.mark.xdist_group("revoke everywhere"),  # one worker makes what all of these ask about
    pytest.mark.usefixtures("decisions_are_settled"),
]


@pytest.fixture(scope="module")
def prepared(
    empty_database: str, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Held, Path]]:
    """What brand A holds, made once for this module and never committed; and where its files are."""
    from django.conf import settings

    work_in(empty_database)
    place = tmp_path_factory.mktemp("prepared")
    storages_there: dict[str, Any] = settings.STORAGES
    private = {**storages_there["private"], "OPTIONS": {"location": place}}
    kept = override_settings(STORAGES={**storages_there, "private": private})
    with django_db_blocker.unblock(), transaction.atomic():
        with kept:
            held = hold()
        yield held, place
        transaction.set_rollback(True)


@pytest.fixture
def held(prepared: tuple[Held, Path], django_db_blocker: Any) -> Iterator[Held]:
    """The same for each test: what one of them does is undone after it."""
    held, files = prepared
    copytree(files, storages["private"].location, dirs_exist_ok=True)
    with django_db_blocker.unblock(), undone(held):
        yield held


@contextmanager
def undone(held: Held) -> Iterator[ExitStack]:
    """Whatever happens in it is undone, clocks and browsers too."""
    browsers = dict(held.browsers)
    with transaction.atomic(), ExitStack() as later:
        yield later
        transaction.set_rollback(True)
    held.browsers = browsers
    held.reload_browsers()


# --- every surface, every end ----------------------------------------------------------------------------


GRANTS_ENDED = [ends.revoked, ends.brand_revoked, ends.all_stopped]  # the same to whoever decides: `ended_at` is set
OTHER_ENDS = [end for end in [*OF_THE_BRAND, *OF_ONE_PERSON, *OF_THE_TOKEN] if end not in GRANTS_ENDED]


def left_open(end: End, everything: set[str]) -> set[str]:
    """What may still answer after it: nothing, but for ends that concern one report or one person."""
    if end is ends.withdrawn:  # of cycle 2; cycle 1's correction is no part of it
        return {name for name in everything if "correction" in name}
    if end in OF_ONE_PERSON:
        return {name for name in everything if name.endswith((", token", ", factory")) and "the member" not in name}
    if end in OF_THE_TOKEN:
        return {name for name in everything if not name.endswith(", token")}
    return set()


def gates_left_open(end: End) -> set[str]:
    """The same of the gates behind them."""
    if end in OF_ONE_PERSON:
        return {name for name in GATES if not name.endswith(", member")}
    if end in OF_THE_TOKEN:  # one that is too old is turned away before any gate
        return {name for name in GATES if end is ends.token_expired or not name.endswith(", token")}
    return set()


def test_r7_each_way_of_ending_the_grants_closes_everything(held: Held) -> None:
    """Three verbs end grants; together they are tried on every surface."""
    names = [name for name, _is_open in surfaces(held)]
    for number, end in enumerate(GRANTS_ENDED):
        with undone(held) as later:
            end(held, later)
            part = names if SURFACES_SKIPPED == 1 else names[number :: len(GRANTS_ENDED)]
            assert (end.__name__, open_ones(held, part), open_gates(held)) == (end.__name__, set(), set())


@pytest.mark.parametrize("end", OTHER_ENDS)
def test_r7_nothing_is_left_open_anywhere(held: Held, end: End) -> None:
    names = [name for name, _is_open in surfaces(held)]
    part = set(names[random.randrange(SURFACES_SKIPPED) :: SURFACES_SKIPPED])
    with undone(held) as later:
        end(held, later)
        assert open_ones(held, part) == left_open(end, part)
        assert open_gates(held) == gates_left_open(end)


# --- no address is forgotten -----------------------------------------------------------------------------

# What a brand keeps when the sharing is over, and what it says of the data.
KEPT = {
    "api:what-we-read": "which report its own people read and when, by the report's id, which opens nothing",
}

# Its own papers: what was agreed, asked and answered. That none of them shows data is tested below.
BRAND_KEEPS = [
    "what_we_read",
    "brand_receipts",
    "receipt",
    "receipt_json",
    "receipt_pdf",
    "api:receipts",
    "api:receipt",
    "api:receipt-proof",
    "api:grants",
    "api:grant",
    "brand_requests",
    "access_request",
    "request_print",
    "api:requests",
    "api:request",
    "copies_to_destroy",
    "copies_answer",
    "api:copies-to-destroy",
    "api:copies-answer",
    "webhook",
    "api:webhook-deliveries",
]


def test_r7_everything_is_open_at_first_and_no_address_that_shows_data_is_forgotten(held: Held) -> None:
    with undone(held):
        assert (open_ones(held), open_gates(held)) == ({name for name, _is_open in surfaces(held)}, GATES)
    surfaces_asked = set().union(*(client.asked for client in held.browsers.values()))
    answers = ask(held, questions(held))
    showing = {("GET", "assessment"), ("GET", "shared_list"), ("GET", "api:findings"), ("GET", "correction")}
    assert showing <= set(answers.shown)
    forgotten = {address for address in answers.shown if address not in surfaces_asked and address[1] not in KEPT}
    assert forgotten == set()
    assert {address[1] for address in answers.shown} >= set(KEPT), "a reason that nothing needs"


def test_r7_what_a_brand_keeps_shows_no_data(held: Held) -> None:
    """Its receipts, requests and logs are still there when all sharing was stopped."""
    kept = {("GET", name) for name in (*KEPT, *BRAND_KEEPS)}
    asked = [one for one in questions(held) if one.address in kept]
    ends.all_stopped(held, ExitStack())
    answers = ask(held, asked)
    assert answers.given == kept
    assert {address[1]: found for address, found in answers.shown.items()} == {
        name: {"the id of an assessment"} for name in KEPT
    }


# --- what waited to be told ------------------------------------------------------------------------------


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    made = Receiver()
    monkeypatch.setattr(sending, "_request", made.answer)
    return made


STILL_TOLD = {ends.withdrawn: {"report.withdrawn"}} | {end: {"report.published"} for end in OF_ONE_PERSON}


@pytest.mark.parametrize("end", [*OF_THE_BRAND, *OF_ONE_PERSON])
def test_r7_messages_to_programs_that_were_tried_before_say_nothing_of_it(
    held: Held, receiver: Receiver, end: End
) -> None:
    """Each message failed once and waits for its second attempt; what it says then is asked anew."""
    report, corrected = str(held.read.pk), str(held.world.assessments["a1"].pk)
    deliver_everything()
    assert (receiver.about(report), receiver.about(corrected)) == ({"report.published"}, {"report.superseded"})
    assert receiver.scopes_begun() == {"report", "step1", "improvement_plan"}
    receiver.got, receiver.status = [], 204
    with undone(held) as later:
        end(held, later)
        deliver_everything()
        assert not WebhookDelivery.objects.filter(state="waiting").exists()
        goes_on = end in STILL_TOLD
        assert receiver.about(report) == STILL_TOLD.get(end, set())
        assert receiver.about(corrected) == ({"report.superseded"} if goes_on else set())
        begun = goes_on or end is ends.unsubscribed  # the factory's consent stands; only the report is closed
        assert ("report" in receiver.scopes_begun()) == ("step1" in receiver.scopes_begun()) == begun
        assert goes_on or not [trace for trace in traces(held) if receiver.about(trace)]


@pytest.mark.parametrize("end", [*OF_THE_BRAND, *OF_ONE_PERSON])
def test_r7_mails_that_were_queued_say_nothing_of_it(held: Held, end: End) -> None:
    hand_out_notices()
    said = [
        f"/assessments/{held.read.pk}/",
        "was corrected. See what changed.",
        "now shares with your brand. Assessment",
    ]
    with undone(held):
        before = mails_to_the_brand()
        assert len(before) == 2
        assert all(words in text for words in said for text in before.values())
    with undone(held) as later:
        end(held, later)
        after = mails_to_the_brand()
    if end in OF_ONE_PERSON:
        assert set(before) - set(after) == {held.member.email}
        assert all(words in text for words in said for text in after.values())
        return
    told = {words for words in said for text in after.values() if words in text}
    still = {ends.withdrawn: set(said[1:]), ends.unsubscribed: {said[2]}}  # of the consent, which stands
    assert told == still.get(end, set())


# --- jobs, scopes, records, previews, the past -----------------------------------------------------------


@pytest.mark.parametrize("scope", ["report", "step1"])
def test_r7_ending_one_scope_leaves_the_other(held: Held, scope: str) -> None:
    other = {"report": "step1", "step1": "report"}[scope]
    (ended,) = [grant for grant in held.grants if grant.scope == scope]
    revoke_access(by=held.world.person("manager_a"), grant=ended)
    of_scope = {one: {f"API findings {one}, member", f"API findings {one}, token"} for one in (scope, other)}
    files = {"report": {"pdf, old link", "pdf, its job", "API file, token"}, "step1": {"waiting job", "progress bar"}}
    asked = {"page", "list"}.union(*of_scope.values(), *files.values())
    assert open_ones(held, asked) == {"page", "list"} | of_scope[other] | files[other]


@pytest.mark.parametrize("end", [ends.revoked, ends.brand_closed, ends.withdrawn])
def test_r7_a_running_job_hands_nothing_over(held: Held, monkeypatch: pytest.MonkeyPatch, end: End) -> None:
    render = report_services.render

    def end_halfway(*args: Any, **kwargs: Any) -> Any:
        file = render(*args, **kwargs)
        end(held, ExitStack())
        return file

    monkeypatch.setattr(report_services, "render", end_halfway)
    files = set(storages["private"].listdir("reports")[1])
    for copy in held.waiting.values():
        jobs.run(copy.job_id)
        copy.refresh_from_db()
        assert copy.file == ""
        assert Job.objects.get(pk=copy.job_id).state == "failed"
    assert set(storages["private"].listdir("reports")[1]) == files
    assert open_gates(held) == set()


def test_r7_a_job_that_had_not_begun_makes_nothing(held: Held) -> None:
    ends.revoked(held, ExitStack())
    for copy in held.waiting.values():
        jobs.run(copy.job_id)
        copy.refresh_from_db()
        assert copy.file == ""
    with pytest.raises(PermissionDenied):
        held.order(held.member)


def test_a_refused_visit_is_not_in_who_saw_what(held: Held) -> None:
    readings = {"page", "csv, old link", "correction", "API detail, token", "API findings step1, member"}
    seen = AccessRecord.objects.filter(brand=held.world.brand_a)
    before = seen.count()
    assert open_ones(held, readings) == readings
    count = seen.count()
    assert count >= before + len(readings)
    ends.revoked(held, ExitStack())
    assert open_ones(held, readings) == set()
    assert seen.count() == count


def test_r7_a_preview_after_the_end_opens_nothing(held: Held) -> None:
    """The factory looks at what a new grant would show; the brand still has nothing."""
    ends.all_stopped(held, ExitStack())
    draft = Draft.share([held.world.brand_a], ["report"], Terms())
    url = preview_of(draft, held.world.person("manager_a"), held.world.factory_a, held.world.brand_a)
    assert str(held.read.pk) in held.browsers["factory"].get(url).content.decode()
    assert open_gates(held) == set()
    assert open_ones(held, {"page", "list", "API shared, token", "as the brand, page, factory"}) == set()


def test_the_past_stays_as_it_was_and_the_end_is_in_it(held: Held) -> None:
    """As of a moment before the end the brand could read it; the brand itself is told so, and may not read it now."""
    before = timezone.now()
    ends.all_stopped(held, ExitStack())
    asked = {"cycle": 2, "scope": "report"}
    could_see = reverse("api:who-could-see", args=[held.world.factory_a.pk])
    why = reverse("api:factory-explain", args=[held.world.factory_a.pk])
    for at, expected in (({"at": before.isoformat()}, True), ({}, False)):
        [version] = held.browsers["factory"].get(could_see, asked | at).json()["versions"]
        assert (held.world.brand_a.name in {row["brand"]["name"] for row in version["brands"]}) == expected
        [answer] = held.browsers["member"].get(why, asked | at).json()["answers"]
        assert answer["allowed"] == expected


# --- brand B -----------------------------------------------------------------------------------------------


def test_the_other_brand_never_sees_any_of_it(held: Held) -> None:
    held.browsers = {"member": browser(held.world.person("brand_b_member"))}
    assert open_ones(held) == set()


ORDER = {"scope": "report", "language": "en", "format": "csv"}
B_READS = (
    "/copies-to-destroy/",
    "/api/v1/copies-to-destroy/",
    "/",
    "/shared/",
    "/shared/?q=Lotus",
    "/shared/?cluster=Compensation",
    "/assessments/",
    "/api/v1/me/",
    "/api/v1/shared/",
    "/api/v1/assessments/",
    "/api/v1/grants/",
    "/api/v1/factories/",
    "/api/v1/brands/",
    "/api/v1/programmes/",
)


@pytest.mark.django_db
def test_r6_not_one_byte_that_the_other_brand_reads_depends_on_it(world: World) -> None:
    """Before the grant, while brand A reads and orders files, after the end: every page of brand B is the same."""
    client = browser(world.person("brand_b_member"))
    before = {url: readable_bytes(client, url) for url in B_READS}
    grant = world.grant()
    browser(world.person("brand_a_member")).get(f"/assessments/{world.assessments['a2'].pk}/")
    assert {url: readable_bytes(client, url) for url in B_READS} == before
    copy = order_report(by=world.person("brand_a_member"), assessment=world.assessments["a2"], **ORDER)
    jobs.run(copy.job_id)
    copy.refresh_from_db()
    report_services.hand_over(by=copy.reader, copy=copy).close()
    stop_all_sharing(by=world.person("manager_a"), factory=world.factory_a)
    assert DestroyNotice.objects.filter(brand=world.brand_a).exists()
    assert grant.status() == "live"
    assert {url: readable_bytes(client, url) for url in B_READS} == before


def readable_bytes(client: Client, url: str) -> tuple[int, bytes]:
    """Status and content, without the token against forged requests, which is new on every page."""
    response = client.get(url, follow=True)
    content = re.sub(rb'(csrfmiddlewaretoken" value="|X-CSRFToken[^:]*:\s*\S*?)[A-Za-z0-9]{64}', b"", response.content)
    return response.status_code, content
