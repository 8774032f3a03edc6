"""Revoke to effect, under load: while grants flip, readers hammer every way in, and none reads after a revoke (R7)."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic

import pytest
from django.core.exceptions import PermissionDenied

from assessments.models import Assessment, ReportCopy
from assessments.reports.services import hand_over, order_report
from portal.core import jobs
from portal.core.api import PersonThrottle
from sharing import access
from sharing.grants.services.revoking import revoke_brand
from tests.amounts import READS_AFTER_REVOKES, READS_OF_A_REVOKE
from tests.together import PAUSE, SOON, Call, at_once, signed_in
from tests.world import World, build_world

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
READERS = 8
PATIENCE = 3 * SOON if READS_AFTER_REVOKES < 1_000 else 10_800.0  # seconds


@dataclass
class Hammer:
    """Grants that flip, and readers who note what they got.

    A question counts where it was asked and answered between the commit of a revoke and the next grant.
    """

    world: World
    phase: int = 0  # odd: a revoke was committed, and no grant was begun since
    over: threading.Event = field(default_factory=threading.Event)
    after_a_revoke: list[tuple[int, bool]] = field(default_factory=list)  # (which question, whether something was read)
    in_between: list[bool] = field(default_factory=list)  # of those that do not count

    def flip(self) -> None:
        """Revoke and grant, until enough was asked."""
        try:
            while len(self.after_a_revoke) < READS_AFTER_REVOKES:
                self.revoke()
                self.phase += 1
                self._wait(self._enough_was_asked, len(self.after_a_revoke))
                self.phase += 1
                self.world.grant()
                self._wait(self._something_was_read, len(self.in_between))
        finally:
            self.over.set()

    def revoke(self) -> None:
        """Everything that the brand has."""
        revoke_brand(by=self.world.person("manager_a"), factory=self.world.factory_a, brand=self.world.brand_a)

    def _wait(self, is_so: Callable[[int], bool], since: int) -> None:
        """Until the readers got there, however slow the machine is."""
        latest = monotonic() + SOON
        while not is_so(since) and monotonic() < latest:
            self.over.wait(PAUSE)

    def _enough_was_asked(self, since: int) -> bool:
        """Each reader was answered after this revoke, and together they were answered often."""
        answered = self.after_a_revoke[since:]
        return len(answered) >= READS_OF_A_REVOKE and len({number for number, _ in answered}) == READERS

    def _something_was_read(self, since: int) -> bool:
        """Some reader saw the grant."""
        return any(self.in_between[since:])

    def read(self, number: int, question: Call) -> None:
        """Ask one question again and again."""
        while not self.over.is_set():
            before = self.phase
            is_read = bool(question())
            counts = before % 2 == 1 and before == self.phase
            if counts:
                self.after_a_revoke.append((number, is_read))
            else:
                self.in_between.append(is_read)


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

    def named_at(address: str) -> bool:
        answer = browser.get(address)
        assert answer.status_code == 200
        return str(a2.pk) in answer.content.decode()

    yield lambda: Assessment.objects.visible_to(member).exists()
    yield lambda: Assessment.objects.shared_with(member).filter(pk=a2.pk).first()
    yield served
    yield lambda: named_at("/shared/")
    yield lambda: named_at("/api/v1/shared/")
    yield lambda: access.decide(member, a2, "report")
    yield lambda: member.has_perm("assessments.view_report", a2)
    yield lambda: access.openings(member, a2)


def test_r7_eight_readers_never_read_after_the_commit_of_a_revoke(monkeypatch: pytest.MonkeyPatch) -> None:
    """Query, detail, file, page, API, decision, permission and openings."""
    monkeypatch.setattr(PersonThrottle, "allow_request", lambda *_: True)  # or it is the limit that refuses
    world = build_world()
    world.grant()
    order = {"scope": "report", "language": "en", "format": "csv"}
    copy = order_report(by=world.person("brand_a_member"), assessment=world.assessments["a2"], **order)
    jobs.run(copy.job_id)
    copy.refresh_from_db()
    hammer, questions = Hammer(world), list(ways_in(world, copy))
    assert [bool(question()) for question in questions] == [True] * READERS
    readers = [lambda pair=pair: hammer.read(*pair) for pair in enumerate(questions)]
    answers = at_once(hammer.flip, *readers, within=PATIENCE)
    assert [answer for answer in answers if answer is not None] == []
    assert len(hammer.after_a_revoke) >= READS_AFTER_REVOKES
    assert {number for number, _is_read in hammer.after_a_revoke} == set(range(READERS))
    assert any(hammer.in_between)
    assert not any(is_read for _number, is_read in hammer.after_a_revoke)
    hammer.revoke()
    assert [bool(question()) for question in questions] == [False] * READERS
