"""Revoke to effect, under load: while grants flip, readers hammer every way in, and none reads after a revoke (R7)."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic

import pytest
from django.core.exceptions import PermissionDenied

from assessments.models import Assessment, ReportCopy
from assessments.report_services import hand_over, order_report
from portal.core import jobs
from sharing import access
from sharing.services import revoke_brand
from tests.amounts import HAMMERED
from tests.together import PAUSE, SOON, Call, at_once, signed_in
from tests.world import World, build_world

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
READERS = 8


@dataclass
class Hammer:
    """Grants that flip, and readers who note what they got.

    A question counts where it was asked and answered between the commit of a revoke and the next grant.
    """

    world: World
    phase: int = 0  # odd: a revoke was committed, and no grant was begun since
    over: threading.Event = field(default_factory=threading.Event)
    reads: list[tuple[bool, bool]] = field(default_factory=list)  # (it counts, something was read)

    def flip(self) -> None:
        """Revoke and grant, for as long as it is hammered."""
        try:
            end = monotonic() + HAMMERED
            while monotonic() < end:
                self.revoke()
                self.phase += 1
                self._wait_for_readers()
                self.phase += 1
                self.world.grant()
                self.over.wait(PAUSE * 2)
        finally:
            self.over.set()

    def revoke(self) -> None:
        """Everything that the brand has."""
        revoke_brand(by=self.world.person("manager_a"), factory=self.world.factory_a, brand=self.world.brand_a)

    def _wait_for_readers(self) -> None:
        """Until several questions were asked and answered after this revoke, however slow the machine is."""
        enough, latest = len(self.after_a_revoke()) + READERS, monotonic() + SOON / 4
        while len(self.after_a_revoke()) < enough and monotonic() < latest:
            self.over.wait(PAUSE)

    def read(self, question: Call) -> None:
        """Ask one question again and again; who was answered leaves the machine to the others for a moment."""
        while not self.over.is_set():
            before = self.phase
            is_read = bool(question())
            counts = before % 2 == 1 and before == self.phase
            self.reads.append((counts, is_read))
            self.over.wait(PAUSE * 5 if counts else PAUSE / 4)

    def after_a_revoke(self) -> list[bool]:
        """Of the questions that count, whether something was read."""
        return [is_read for counts, is_read in list(self.reads) if counts]


def ways_in(world: World, copy: ReportCopy) -> Iterator[Call]:
    """The questions of the readers: true where something of the assessment is read."""
    member, a2 = world.person("brand_a_member"), world.assessments["a2"]
    browser = signed_in(member)

    def served() -> bool:
        try:
            hand_over(by=member, copy=copy).close()
        except PermissionDenied:
            return False
        return True

    yield lambda: Assessment.objects.visible_to(member).exists()
    yield lambda: Assessment.objects.visible_to(member).filter(pk=a2.pk).first()
    yield lambda: Assessment.objects.shared_with(member).count()
    yield served
    yield lambda: str(a2.pk) in browser.get("/shared/").content.decode()
    yield lambda: access.decide(member, a2, "report")
    yield lambda: member.has_perm("assessments.view_report", a2)
    yield lambda: access.openings(member, a2)


def test_r7_eight_readers_never_read_after_the_commit_of_a_revoke() -> None:
    """List, detail, count, file, page, decision, permission and openings."""
    world = build_world()
    world.grant()
    order = {"scope": "report", "language": "en", "format": "csv"}
    copy = order_report(by=world.person("brand_a_member"), assessment=world.assessments["a2"], **order)
    jobs.run(copy.job_id)
    copy.refresh_from_db()
    hammer, questions = Hammer(world), list(ways_in(world, copy))
    assert [bool(question()) for question in questions] == [True] * READERS
    answers = at_once(hammer.flip, *[lambda ask=ask: hammer.read(ask) for ask in questions])
    assert [answer for answer in answers if answer is not None] == []
    assert len(hammer.after_a_revoke()) >= READERS
    assert any(is_read for _counts, is_read in hammer.reads)
    assert not any(hammer.after_a_revoke())
    hammer.revoke()
    assert [bool(question()) for question in questions] == [False] * READERS
