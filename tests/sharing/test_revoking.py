"""Ending consent: a brand, all sharing, the reason; and the copies that no revoke can reach (R7)."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from assessments.reports.services import hand_over, order_report
from portal.core import jobs
from portal.core.models import Event
from portal.disclosure.brands import copies_kept
from portal.notices.models import Notice
from portal.notices.outbox import Line, notice_kinds
from sharing.access import decide
from sharing.copies.services import answer_destroy_notice, remind_of_destroy_notices
from sharing.grants.services.revoking import revoke_access, revoke_brand, stop_all_sharing
from sharing.models import CopyToDestroy, DestroyNotice, SharingGrant
from tests.world import World

pytestmark = pytest.mark.django_db


def download(world: World, name: str = "a2", persona: str = "brand_a_member", **order: Any) -> int:
    """A copy that somebody ordered and downloaded; its number."""
    reader = world.person(persona)
    order = {"scope": "report", "language": "en", "format": "csv", **order}
    copy = order_report(by=reader, assessment=world.assessments[name], **order)
    jobs.run(copy.job_id)
    copy.refresh_from_db()
    for _ in range(2):  # twice the same copy
        hand_over(by=reader, copy=copy).close()
    return copy.number


def told(kind: str, side: str, reader: Any) -> list[Line]:
    """What `reader` is told now by the notices of a kind."""
    notices = Notice.objects.filter(kind=kind, side=side).order_by("pk")
    return [line for line in (notice_kinds[kind].line(notice, reader) for notice in notices) if line]


def open_pairs() -> set[tuple[str, str]]:
    return set(SharingGrant.objects.not_ended().values_list("brand__name", "scope"))


# --- ending -------------------------------------------------------------------------------------------------


def test_r7_everything_of_one_brand_ends_at_once_and_nothing_else(world: World, client_of: Any) -> None:
    later = timezone.now() + timedelta(days=9)
    for terms in ({"scope": "report"}, {"scope": "step1"}, {"scope": "improvement_plan", "valid_from": later}):
        world.grant(**terms)
    world.grant(brand=world.brand_b)
    manager = client_of(world.person("manager_a"))
    address = f"/factories/{world.factory_a.pk}/sharing/brands/{world.brand_a.pk}/stop/"

    page = manager.get(address).content.decode()
    for words in (world.factory_a.name, "Aster &amp; Oak", "Step 1 data", "Improvement plan", "Starts later"):
        assert words in page
    assert "No copy was downloaded" in page
    done = [manager.post(address, {"reason": "Season over"}, follow=True).content.decode() for _ in range(2)]
    assert "Tonle Lotus Garments ended all access of" in done[0]
    assert "there was nothing left to stop" in done[1]
    assert open_pairs() == {("Bluefinch", "report")}
    assert Event.objects.filter(kind="grant.revoked").count() == 3
    assert "shares nothing with Aster" in manager.get(address).content.decode()


def test_r7_stop_all_sharing_lists_what_stops_and_leaves_nothing(world: World, client_of: Any, api_of: Any) -> None:
    world.grant(scope="step1")
    world.grant(brand=world.brand_b)
    world.grant(factory=world.factory_b)
    manager, address = client_of(world.person("manager_a")), f"/factories/{world.factory_a.pk}/sharing/stop/"

    listed = [(one["brand"].name, one["summary"]) for one in manager.get(address).context["brands"]]
    assert listed == [("Aster & Oak", "Step 1 data (no end date)"), ("Bluefinch", "Reports (no end date)")]
    assert len(open_pairs()) == 3
    for _ in range(2):
        manager.post(address, {"reason": "Dispute", "is_reason_shown": "on"})
    assert set(SharingGrant.objects.not_ended().values_list("factory", flat=True)) == {world.factory_b.pk}
    assert Event.objects.filter(kind="sharing.stopped", data={"grants": 2}).count() == 1
    assert set(SharingGrant.objects.exclude(ended_at=None).values_list("is_end_reason_shown", flat=True)) == {True}
    assert "shares with nobody" in manager.get(address).content.decode()
    assert api_of(world.person("manager_a")).post(
        f"/api/v1/factories/{world.factory_a.pk}/stop-sharing/", {"brand": None}, format="json"
    ).json() == []  # fmt: skip


def test_the_end_of_all_sharing_names_who_lost_access_and_who_had_none_yet(world: World, client_of: Any) -> None:
    world.grant()
    world.grant(brand=world.brand_b, valid_from=timezone.now() + timedelta(days=3))
    manager, address = client_of(world.person("manager_a")), f"/factories/{world.factory_a.pk}/sharing/stop/"
    said = manager.post(address, {}, follow=True).content.decode()
    assert "1 brand lost its access. 1 brand whose access had not begun will not get it." in said


def test_copies_that_are_destroyed_are_not_listed_as_kept(world: World, client_of: Any) -> None:
    world.grant()
    gone, kept = download(world), download(world, name="a1")
    revoke_brand(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a)
    answer_destroy_notice(by=world.person("brand_a_member"), notice=DestroyNotice.objects.get(), kept={kept: "Law"})
    world.grant()
    manager, factory = client_of(world.person("manager_a")), f"/factories/{world.factory_a.pk}"
    for address in (f"{factory}/sharing/stop/", f"{factory}/brands/{world.brand_a.pk}/"):
        page = manager.get(address).content.decode()
        assert (str(gone) in page, str(kept) in page) == (False, True), address
    assert "Copies to destroy, requested by the portal on" in page
    assert copies_kept(world.person("manager_a"), world.factory_a, [world.brand_a.pk]) == {world.brand_a.pk: 1}


def test_only_a_manager_of_that_factory_stops_its_sharing(world: World) -> None:
    world.grant()
    for persona in ("member_a", "representative_a", "manager_b", "brand_a_manager", "programme_manager"):
        with pytest.raises(PermissionDenied):
            stop_all_sharing(by=world.person(persona), factory=world.factory_a)
        with pytest.raises(PermissionDenied):
            revoke_brand(by=world.person(persona), factory=world.factory_a, brand=world.brand_a)
    assert len(open_pairs()) == 1


@pytest.mark.parametrize("is_shown", [True, False])
def test_the_brand_reads_the_reason_only_where_the_factory_says_so(world: World, api_of: Any, is_shown: bool) -> None:
    grant, member, a2 = world.grant(), world.person("brand_a_member"), world.assessments["a2"]
    api_of(world.person("manager_a")).post(
        f"/api/v1/grants/{grant.pk}/revoke/", {"reason": "They pay late", "is_reason_shown": is_shown}, format="json"
    )
    [row] = api_of(member).get("/api/v1/grants/").json()["results"]
    [line] = told("access.ended", "brand", member)
    assert row["end_reason"] == ("They pay late" if is_shown else None)
    for sentence in (line.text, decide(member, a2, "report").sentence):
        assert ("They pay late" in sentence) is is_shown
    assert told("access.ended", "brand", world.person("brand_b_member")) == []
    assert len(told("access.ended", "factory", world.person("member_a"))) == 1


def test_a_reason_that_is_empty_is_not_shown_and_nonsense_is_refused(world: World, client_of: Any) -> None:
    grant = world.grant()
    manager, address = client_of(world.person("manager_a")), f"/sharing/{grant.pk}/revoke/"
    for reason in ("x" * 10_000, "nul\x00byte"):
        assert manager.post(address, {"reason": reason}).status_code == 400
    assert len(open_pairs()) == 1
    manager.post(address, {"reason": " ", "is_reason_shown": "on"})
    grant.refresh_from_db()
    assert (grant.end_reason, grant.is_end_reason_shown) == ("", False)


# --- copies -------------------------------------------------------------------------------------------------


def test_r7_the_page_lists_each_copy_once_and_the_brand_is_asked_to_destroy_it(world: World, client_of: Any) -> None:
    grant = world.grant()
    world.grant(scope="step1")
    number, other = download(world), download(world, scope="step1", format="json")
    page = client_of(world.person("manager_a")).get(f"/sharing/{grant.pk}/revoke/").content.decode()
    assert page.count(str(number)) == 1
    assert str(other) not in page
    for words in ("Brand A Member", "Assessment reports, CSV long table", "(2 times)", "Stop all sharing with"):
        assert words in page

    revoke_access(by=world.person("manager_a"), grant=grant, reason="Secret", is_reason_shown=False)
    notice = DestroyNotice.objects.get()
    assert [(copy.number, copy.scope, copy.cycle) for copy in notice.copies.all()] == [(number, "report", 2)]
    member = client_of(world.person("brand_a_member"))
    answer = f"/copies-to-destroy/{notice.pk}/"
    home = member.get("/").content.decode()
    assert "Tonle Lotus Garments stopped sharing" in home
    assert answer in home
    assert 'Answer it<span class="visually-hidden">: Tonle Lotus Garments' in home
    shown = member.get(answer).content.decode()
    for words in ("Tonle Lotus Garments", str(number), "Assessment reports"):
        assert words in shown
    for hidden in ("Secret", "KH-0001", "Manager A", "csv"):
        assert hidden not in shown
    assert member.get(f"/factories/{world.factory_a.pk}/").status_code == 404
    outside = client_of(world.person("brand_b_manager"))
    assert outside.get(answer).status_code == outside.post(answer, {}).status_code == 404
    assert answer not in outside.get("/copies-to-destroy/").content.decode()


def test_r7_the_factory_sees_the_answer_or_its_absence(world: World, client_of: Any) -> None:
    world.grant()
    first, second = download(world), download(world, name="a1")
    revoke_brand(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a)
    notice = DestroyNotice.objects.get()
    manager, member = client_of(world.person("manager_a")), client_of(world.person("brand_a_member"))
    for page in (f"brands/{world.brand_a.pk}/", "copies/"):
        assert "Asked today" in manager.get(f"/factories/{world.factory_a.pk}/{page}").content.decode()

    address = f"/copies-to-destroy/{notice.pk}/"
    some = {"outcome": "kept", "kept": [first], "kept_because": "Tax law, until 2030"}
    member.post(address, {**some, "remark": "Bin emptied"})
    page = manager.get(f"/factories/{world.factory_a.pk}/copies/").content.decode()
    for words in ("1 of 2 kept", "Tax law, until 2030", "Bin emptied", "Brand A Member", str(second)):
        assert words in page
    assert "kept: 1" in told("copy.answered", "factory", world.person("manager_a"))[0].text
    assert told("copy.destruction_asked", "brand", world.person("brand_a_member")) == []
    stale = member.post(address, {"outcome": "destroyed"})  # an old page
    assert (stale.status_code, "Someone has since answered for your brand" in stale.content.decode()) == (400, True)
    assert set(notice.copies.values_list("answer", flat=True)) == {"destroyed", "kept"}
    seen = stale.context["form"]["seen"].value()
    for _ in range(2):
        member.post(address, {"outcome": "destroyed", "seen": seen})
    assert set(notice.copies.values_list("answer", flat=True)) == {"destroyed"}
    assert Event.objects.filter(kind="copy.answered").count() == 2
    assert (
        "All destroyed, according to the brand"
        in manager.get(f"/factories/{world.factory_a.pk}/brands/{world.brand_a.pk}/").content.decode()
    )


def test_that_copies_are_destroyed_is_never_taken_from_what_was_left_empty(
    world: World, client_of: Any, api_of: Any
) -> None:
    """The answer is chosen; what contradicts it is named beside its field, and nothing is answered."""
    world.grant()
    number = download(world)
    revoke_brand(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a)
    notice = DestroyNotice.objects.get()
    member, address = client_of(world.person("brand_a_member")), f"/copies-to-destroy/{notice.pk}/"
    law = {"kept_because": "Law"}
    wrong: list[tuple[dict[str, Any], set[str]]] = [
        ({}, {"outcome"}),
        ({"remark": "Done"}, {"outcome"}),
        ({"kept": [number], **law}, {"outcome"}),
        ({"outcome": "destroyed", "kept": [number]}, {"outcome"}),
        ({"outcome": "destroyed", **law}, {"outcome"}),
        ({"outcome": "kept"}, {"kept", "kept_because"}),
        ({"outcome": "kept", "kept": [number]}, {"kept_because"}),
        ({"outcome": "kept", **law}, {"kept"}),
        ({"outcome": "kept", "kept": [number + 1], **law}, {"kept"}),
        ({"outcome": "destroyed", "remark": "\x00"}, {"remark"}),
    ]
    for body, fields in wrong:
        answer = member.post(address, body)
        assert (answer.status_code, set(answer.context["form"].errors)) == (400, fields), body
    program = api_of(world.person("brand_a_member"))
    assert set(program.post(f"/api/v1{address}", {"remark": "Done"}, format="json").json()["errors"]) == {"kept"}
    assert notice.copies.get().answer == ""


def test_a_copy_is_asked_for_again_only_if_it_was_kept(world: World) -> None:
    manager, member = world.person("manager_a"), world.person("brand_a_member")

    def asked_again() -> list[int]:
        """Share and stop once more; the copies that are asked for then."""
        before = set(DestroyNotice.objects.values_list("pk", flat=True))
        revoke_access(by=manager, grant=world.grant())
        copies = CopyToDestroy.objects.exclude(notice__in=before)
        return sorted(copies.values_list("number", flat=True))

    world.grant()
    kept, destroyed = download(world), download(world, name="a1")
    revoke_brand(by=manager, factory=world.factory_a, brand=world.brand_a)
    assert asked_again() == []  # still asked for
    answer_destroy_notice(by=member, notice=DestroyNotice.objects.get(), kept={kept: "Audit"})
    assert asked_again() == [kept]
    assert destroyed


def test_only_the_brands_people_answer_and_what_was_said_stays(world: World, api_of: Any) -> None:
    world.grant()
    number = download(world)
    revoke_brand(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a)
    notice = DestroyNotice.objects.get()
    for persona in ("manager_a", "brand_b_manager", "inactive", "programme_manager"):
        with pytest.raises(PermissionDenied):
            answer_destroy_notice(by=world.person(persona), notice=notice)
    with pytest.raises(ValidationError):
        answer_destroy_notice(by=world.person("brand_a_member"), notice=notice, kept={1: "x"})
    address = f"/api/v1/copies-to-destroy/{notice.pk}/"
    api = api_of(world.person("brand_a_manager"))
    kept = api.post(address, {"kept": [{"number": number, "because": "Law"}]}, format="json").json()
    assert [(copy["answer"], copy["kept_because"]) for copy in kept["copies"]] == [("kept", "Law")]
    assert api.post(address, {"kept": [], "remark": "Gone"}, format="json").json()["copies"][0]["answer"] == "destroyed"
    assert api_of(world.person("manager_a")).get(address).json()["remark"] == "Gone"
    assert len(api.get("/api/v1/copies-to-destroy/", {"answered": "true"}).json()["results"]) == 1
    copy = notice.copies.get()
    for change in ({"answer": ""}, {"number": 4}):
        with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic():
            CopyToDestroy.objects.filter(pk=copy.pk).update(**change)


def test_a_new_remark_is_a_new_answer_until_all_are_destroyed(world: World, api_of: Any) -> None:
    world.grant()
    number = download(world)
    revoke_brand(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a)
    notice, api = DestroyNotice.objects.get(), api_of(world.person("brand_a_member"))
    address, kept = f"/api/v1/copies-to-destroy/{notice.pk}/", [{"number": number, "because": "Law"}]

    def answer(kept: list[Any], remark: str) -> Any:
        return api.post(address, {"kept": kept, "remark": remark}, format="json")

    assert [answer(kept, text).json()["remark"] for text in ("Until May", "Until June", "Until June")] == [
        "Until May", "Until June", "Until June",
    ]  # fmt: skip
    assert Event.objects.filter(kind="copy.answered").count() == 2
    assert [answer([], "Gone").status_code for _time in range(2)] == [200, 200]
    refused = answer([], "Gone in July")
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"remark"})
    assert (answer([], "").status_code, api.get(address).json()["remark"]) == (200, "Gone")


@pytest.mark.parametrize("because", [["\u200b\u200b"], ["Law", "Contract"]])
def test_a_reason_can_be_seen_and_is_given_once_for_each_copy(world: World, api_of: Any, because: list[str]) -> None:
    world.grant()
    number = download(world)
    revoke_brand(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a)
    notice = DestroyNotice.objects.get()
    kept = [{"number": number, "because": why} for why in because]
    api = api_of(world.person("brand_a_member"))
    assert api.post(f"/api/v1/copies-to-destroy/{notice.pk}/", {"kept": kept}, format="json").status_code == 400
    assert notice.copies.get().answer == ""


def test_r7_the_brand_is_asked_again_when_what_was_shared_again_ends_too(world: World) -> None:
    """For the same copies the same notice, by each end of access to what they hold; no second one."""
    asked, member = "copy.destruction_asked", world.person("brand_a_member")

    def announced_by_stopping(scope: str) -> int:
        grant, before = world.grant(scope=scope), Notice.objects.filter(kind=asked).count()
        revoke_access(by=world.person("manager_a"), grant=grant)
        return Notice.objects.filter(kind=asked).count() - before

    grant = world.grant()
    download(world)
    revoke_access(by=world.person("manager_a"), grant=grant)
    assert announced_by_stopping("step1") == 0  # the copy holds nothing of it
    assert announced_by_stopping("report") == 1
    [first, second] = told(asked, "brand", member)
    assert first == second
    notice = DestroyNotice.objects.get()
    answer_destroy_notice(by=member, notice=notice)
    assert announced_by_stopping("report") == 0
    assert DestroyNotice.objects.get() == notice


def test_no_page_waits_for_an_answer_while_the_factory_shares_again(world: World, client_of: Any, api_of: Any) -> None:
    manager, member = client_of(world.person("manager_a")), client_of(world.person("brand_a_member"))
    factory, api = f"/factories/{world.factory_a.pk}", api_of(world.person("brand_a_member"))
    pages = {
        "brand": lambda: member.get("/copies-to-destroy/"),
        "factory": lambda: manager.get(f"{factory}/copies/"),
        "one brand": lambda: manager.get(f"{factory}/brands/{world.brand_a.pk}/"),
    }

    def said() -> dict[str, str]:
        words = ("Waiting for your answer", "Asked today", "Shared again: no answer needed for now")
        shown = {name: get().content.decode() for name, get in pages.items()}
        return {name: "".join(one for one in words if one in page) for name, page in shown.items()}

    def listed(answered: str) -> list[bool]:
        rows = api.get("/api/v1/copies-to-destroy/", {"answered": answered} if answered else {}).json()["results"]
        return [row["is_waiting"] for row in rows]

    world.grant()
    download(world)
    for _time in range(2):
        revoke_brand(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a)
        assert said() == {"brand": "Waiting for your answer", "factory": "Asked today", "one brand": "Asked today"}
        assert (listed(""), listed("false"), listed("true")) == ([True], [True], [])
        world.grant()
        assert said() == dict.fromkeys(pages, "Shared again: no answer needed for now")
        assert (listed(""), listed("false"), listed("true")) == ([False], [], [])
    answer_destroy_notice(by=world.person("brand_a_member"), notice=DestroyNotice.objects.get())
    assert said() == dict.fromkeys(pages, "")
    assert (listed("false"), listed("true")) == ([], [False])


def test_an_answer_that_is_owed_is_brought_to_mind_once_for_each_term(world: World) -> None:
    world.grant()
    download(world)
    revoke_brand(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a)
    notice = DestroyNotice.objects.get()
    at = timezone.now

    def notices_after(days: int, monkeypatch: pytest.MonkeyPatch) -> int:
        monkeypatch.setattr("sharing.copies.services.timezone.now", lambda: at() + timedelta(days=days))
        remind_of_destroy_notices()
        remind_of_destroy_notices()
        return Notice.objects.filter(kind="copy.destruction_asked").count()

    with pytest.MonkeyPatch.context() as patch:
        assert [notices_after(days, patch) for days in (1, 8, 22, 60)] == [1, 2, 3, 4]
        answer_destroy_notice(by=world.person("brand_a_member"), notice=notice)
        assert remind_of_destroy_notices() == 0
