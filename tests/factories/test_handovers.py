"""Continuity: two managers, and the verified handover when the only one left."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from factories.models import Handover
from factories.roles import FACTORY
from factories.services import complete_handover, object_to_handover, open_handover, stop_handover
from portal.accounts.joining import join
from portal.accounts.models import Invitation
from portal.accounts.profiles import update_account
from portal.accounts.roles import role_of
from portal.accounts.services import add_member
from portal.core.models import Event
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.holds.services import withhold_report
from sharing.models import SharingGrant
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db
LETTER = b"%PDF-1.7 signed\n%%EOF\n"


def opened(world: World, **changes: Any) -> Handover:
    case = {"new_name": "Next", "new_email": "next@test.example", "evidence": "The owner's letter", **changes}
    return open_handover(by=world.person("team_leader"), factory=world.factory_a, **case)


def wait(monkeypatch: pytest.MonkeyPatch, days: int = 8) -> None:
    """Let days pass, for the services of handovers and the state shown."""
    now = timezone.now
    for module in ("factories.services.handovers", "factories.models.handovers"):
        monkeypatch.setattr(f"{module}.timezone.now", lambda: now() + timedelta(days=days))


def test_a_handover_goes_through_two_staff_people_and_ends_the_old_role(
    world: World, client_of: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    grant, second = world.grant(), world.person("programme_manager")
    kept = withhold_report(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a, cycle=1)
    leader = client_of(world.person("team_leader"))
    address = f"/factories/{world.factory_a.pk}/handover/"
    form = {"new_name": "Next", "new_email": "next@test.example", "evidence": "Letter"}
    scan = SimpleUploadedFile("letter.pdf", LETTER)
    assert leader.post(address, {**form, "scan": SimpleUploadedFile("letter.pdf", b"MZ")}).status_code == 400
    with django_capture_on_commit_callbacks(execute=True):
        assert leader.post(address, {**form, "scan": scan}).status_code == 302
    handover = Handover.objects.get()
    assert [message.to for message in mail.outbox] == [["manager.a@test.example"]]
    assert b"".join(leader.get(f"/handovers/{handover.pk}/scan/").streaming_content) == LETTER
    page = client_of(world.person("manager_a")).get("/").content.decode()
    assert f"/handovers/{handover.pk}/" in page

    with pytest.raises(ValidationError, match="replaced"):  # frozen: nothing new, nothing more
        world.grant(scope="step1")
    with pytest.raises(ValidationError, match="replaced"):
        change_grant(by=world.person("manager_a"), grant=grant, terms=Terms(purpose="More"))
    assert client_of(world.person("manager_a")).post(f"/sharing/withheld/{kept.pk}/allow/").status_code == 302
    kept.refresh_from_db()
    assert kept.allowed_at is None
    revoke_access(by=world.person("manager_a"), grant=grant)
    with pytest.raises(ValidationError, match="can still object"):
        complete_handover(by=second, handover=handover)
    wait(monkeypatch)
    with pytest.raises(PermissionDenied, match="colleague"):
        complete_handover(by=world.person("team_leader"), handover=handover)
    for _ in range(2):  # sent again
        handover = complete_handover(by=second, handover=handover)
    assert handover.status() == "invited"
    invitation = Invitation.objects.get(email="next@test.example", withdrawn_at=None)
    assert role_of(world.person("manager_a"), FACTORY, world.factory_a) == ["manager"]
    monkeypatch.undo()
    joined = join(invitation=invitation, name="Next", password=PASSWORD + "-Xy9")
    assert role_of(joined, FACTORY, world.factory_a) == ["manager"]
    assert role_of(world.person("manager_a"), FACTORY, world.factory_a) == []
    handover.refresh_from_db()
    assert handover.status() == "done"
    kinds = Event.objects.filter(kind__startswith="handover.").order_by("pk").values_list("kind", flat=True)
    assert [kind.split(".")[1] for kind in kinds] == ["opened", "approved", "completed"]
    assert SharingGrant.objects.filter(ended_at=None).count() == 0


def test_opening_the_same_handover_again_says_which_words_and_scan_were_not_saved(world: World, client_of: Any) -> None:
    leader, address = client_of(world.person("team_leader")), f"/factories/{world.factory_a.pk}/handover/"
    form = {"new_name": "Next", "new_email": "next@test.example", "evidence": "Letter"}

    def sent(scan: bytes, **changes: str) -> str:
        file = SimpleUploadedFile("letter.pdf", scan)
        return str(leader.post(address, {**form, **changes, "scan": file}, follow=True).content.decode())

    for _click in range(2):
        assert "is open. Its manager is notified" in sent(LETTER)
    late = sent(LETTER.replace(b"signed", b"sealed"), evidence="A call with the owner")
    assert "Team Leader had already done this on" in late
    assert "Your text was not saved: “A call with the owner” “letter.pdf”" in late
    assert Handover.objects.get().evidence == "Letter"


def test_the_manager_objects_with_one_click_and_nothing_has_changed(world: World, client_of: Any) -> None:
    handover = opened(world)
    page, manager = f"/handovers/{handover.pk}/", client_of(world.person("manager_a"))
    assert "Object: I am still the manager" in manager.get(page).content.decode()
    assert client_of(world.person("member_a")).get(page).status_code == 404
    assert "You objected" in manager.post(page, {"act": "object", "reason": "\x00Here"}, follow=True).content.decode()
    assert "has already ended" in manager.post(page, {"act": "object"}, follow=True).content.decode()
    handover.refresh_from_db()
    assert (handover.status(), handover.stop_reason) == ("objected", "Here")
    assert world.grant().status() == "live"
    with pytest.raises(ValidationError):
        complete_handover(by=world.person("programme_manager"), handover=handover)


@pytest.mark.parametrize(
    "address",
    [
        "team.leader@test.example",
        "brand.a.manager@test.example",
        "operator@test.example",
        "manager.a@test.example",
        "x",
    ],
)
def test_decision_17_no_other_side_becomes_the_factorys_voice(world: World, address: str) -> None:
    with pytest.raises(ValidationError):
        opened(world, new_email=address)
    assert not Handover.objects.exists()


def test_only_the_countrys_staff_and_only_where_exactly_one_manager_is(world: World) -> None:
    case: dict[str, Any] = {"factory": world.factory_a, "new_name": "N", "new_email": "n@test.example", "evidence": "L"}
    for persona in ("manager_a", "advisor", "vietnam_manager", "constituent", "brand_a_manager"):
        with pytest.raises(PermissionDenied):
            open_handover(by=world.person(persona), **case)
    with pytest.raises(ValidationError, match="no manager"):
        open_handover(by=world.person("vietnam_manager"), **{**case, "factory": world.factory_vn})
    handover = opened(world)
    assert opened(world) == handover  # a double click
    with pytest.raises(ValidationError, match="under way"):
        opened(world, new_email="third@test.example")
    with pytest.raises(PermissionDenied):
        object_to_handover(by=world.person("manager_b"), handover=handover)
    stop_handover(by=world.person("programme_manager"), handover=handover)
    add_member(by=None, kind=FACTORY, organisation=world.factory_a, member=world.person("member_a"), role="manager")
    with pytest.raises(ValidationError, match="another manager"):
        opened(world)


def test_a_member_of_the_factory_becomes_manager_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    handover = opened(world, new_email="member.a@test.example")
    wait(monkeypatch)
    done = complete_handover(by=world.person("programme_manager"), handover=handover)
    assert done.status() == "done"
    assert role_of(world.person("member_a"), FACTORY, world.factory_a) == ["manager"]
    assert role_of(world.person("manager_a"), FACTORY, world.factory_a) == []


def test_one_manager_is_one_too_few(world: World, client_of: Any) -> None:
    manager, staff = client_of(world.person("manager_a")), client_of(world.person("team_leader"))
    people = reverse("members", args=["factory", world.factory_a.pk])
    own = reverse("factory", args=[world.factory_a.pk])
    invite = reverse("member_invite", args=["factory", world.factory_a.pk]) + "?role=manager"
    for page in (people, own):
        assert "You are the only manager" in (shown := manager.get(page).content.decode())
        assert invite in shown
    _group, [first], _more = manager.get("/").context["inboxes"][0].groups[0]
    assert (first.url, first.may_wait) == (invite, False)  # before anything else
    assert manager.get(invite).context["form"]["role"].value() == "manager"
    assert "2 factories have one manager or none" in staff.get("/").content.decode()
    listed = staff.get("/factories/", {"managers": "one"}).context["page"].items
    assert {factory.pk for factory in listed} == {world.factory_a.pk, world.factory_b.pk}
    add_member(by=None, kind=FACTORY, organisation=world.factory_a, member=world.person("member_a"), role="manager")
    assert "You are the only manager" not in manager.get(own).content.decode() + manager.get("/").content.decode()


def test_decision_17_staff_who_left_hand_nothing_over_until_a_colleague_invites_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    handover, left = opened(world), world.person("programme_manager")
    wait(monkeypatch)
    complete_handover(by=left, handover=handover)
    update_account(by=world.person("operator"), account=left, is_active=False)

    with pytest.raises(PermissionDenied, match="can no longer invite"):
        join(invitation=Invitation.objects.get(withdrawn_at=None), name="Next", password=PASSWORD)

    complete_handover(by=world.person("global_staff"), handover=handover)
    join(invitation=Invitation.objects.get(withdrawn_at=None), name="Next", password=PASSWORD)
    assert role_of(world.person("manager_a"), FACTORY, world.factory_a) == []


def test_decision_17_a_handover_brings_in_nobody_where_the_factory_got_another_manager(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    handover = opened(world)
    wait(monkeypatch)
    complete_handover(by=world.person("programme_manager"), handover=handover)
    add_member(by=None, kind=FACTORY, organisation=world.factory_a, member=world.person("member_a"), role="manager")

    with pytest.raises(PermissionDenied, match="can no longer invite"):
        join(invitation=Invitation.objects.get(), name="Next", password=PASSWORD)
