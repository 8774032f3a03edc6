"""What tests of races share: calls at the same moment, and a call that is seen to wait for another one's lock."""

import itertools
import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import DatabaseError, IntegrityError, OperationalError, connection, connections, transaction
from django.test import Client

from assessments.models import Assessment
from factories.roles import FACTORY
from portal.accounts.models import User
from portal.accounts.services import change_role
from portal.core.models import Event
from sharing import access
from tests.amounts import RACES
from tests.world import World

TIMES = range(RACES)
SOON = 20.0  # seconds; only ever waited for when something is wrong
PAUSE = 0.02
ROUNDS, TURNS = 10, 6  # of eight writers

Call = Callable[[], Any]


def at_once(*calls: Call, within: float = SOON) -> list[Any]:
    """Run the calls in threads of their own, started together; what each returned, or the exception it raised.

    Fails if one of them takes more than `within` seconds.
    """
    barrier = threading.Barrier(len(calls))
    answers: list[Any] = [None] * len(calls)

    def act(number: int, call: Call) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(SOON)
            answers[number] = call()
        except Exception as error:  # noqa: BLE001 - it is what the test looks at
            answers[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(within)
        assert not thread.is_alive(), "It waits for a lock for ever."
    return answers


def eight_writers(write: Callable[[random.Random], bool], compare: Call) -> list[bool]:
    """Let eight threads write, and `compare` say (0, 0) whenever they rest; whether the database took each writing.

    They rest often, for what one writing missed another one mends.
    """
    dice, taken = [random.Random(seed) for seed in range(8)], list[bool]()
    for _time in range(ROUNDS):
        answers = at_once(*[lambda one=one: [write(one) for _turn in range(TURNS)] for one in dice])
        assert refusals(answers, DatabaseError) == 0, answers
        differences = compare()
        assert differences == (0, 0), differences
        taken += itertools.chain.from_iterable(answers)
    return taken


def is_taken(*statements: tuple[str, Sequence[Any]]) -> bool:
    """Run the statements as the owner in one transaction; whether the database took them.

    A key that is there or gone already, or a lock held by somebody who waits for one of ours: it is refused, and
    nothing of it is half done. Nobody waits for the second after which the server looks for such circles.
    """
    try:
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            for statement in statements:
                cursor.execute(*statement)
    except (IntegrityError, OperationalError):
        return False
    return True


class Waiting:
    """A call in a thread of its own that waits for a lock somebody else holds."""

    def __init__(self, call: Call) -> None:
        self.call, self.answer, self.process = call, None, 0
        self.connected = threading.Event()
        self.thread = threading.Thread(target=self._act)

    def _act(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self.process = cursor.fetchone()[0]
            self.connected.set()
            self.answer = self.call()
        except Exception as error:  # noqa: BLE001 - it is what the test looks at
            self.answer = error
        finally:
            connections.close_all()

    def start(self) -> "Waiting":
        """Start it; returns once the database says that it waits."""
        self.thread.start()
        assert self.connected.wait(SOON)
        for _ in range(int(SOON / PAUSE)):
            if self._waits():
                return self
            self.connected.clear()
            self.connected.wait(PAUSE)
        raise AssertionError("The second one never waited for the first.")

    def _waits(self) -> bool:
        with connections["owner"].cursor() as cursor:
            # Not pg_stat_activity: an owner that is no superuser sees nothing there of other roles' sessions.
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE pid = %s AND NOT granted)", [self.process])
            return cursor.fetchone() == (True,)

    def finished(self) -> Any:
        """What it answered, once the lock was free."""
        self.thread.join(SOON)
        assert not self.thread.is_alive(), "It waits for a lock for ever."
        return self.answer


def behind(first: Call, second: Call) -> tuple[Any, Any]:
    """`first` in a transaction that stays open until `second`, in another one, waits for it. Both answers."""
    with transaction.atomic():
        done = first()
        waiting = Waiting(second).start()
    return done, waiting.finished()


def signed_in(person: User) -> Client:
    """A browser of its own."""
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def make_second_manager(world: World) -> User:
    """Make member A a manager of factory A beside manager A; return them."""
    person = world.person("member_a")
    change_role(by=world.person("manager_a"), kind=FACTORY, organisation=world.factory_a, member=person, role="manager")
    return person


def refusals(answers: list[Any], kind: type[Exception]) -> int:
    """How many answers are such a refusal; any other exception is raised."""
    for answer in answers:
        if isinstance(answer, Exception) and not isinstance(answer, kind):
            raise answer
    return sum(isinstance(answer, kind) for answer in answers)


def happened(kind: str) -> int:
    """How many events of a kind there are."""
    return Event.objects.filter(kind=kind).count()


def seen_by_brand(world: World, persona: str = "brand_a_member") -> set[Any]:
    """What a member of the brand reads now, asked in both directions, which must agree."""
    member = world.person(persona)
    visible = set(Assessment.objects.visible_to(member).values_list("pk", flat=True))
    decided = {one.pk for one in Assessment.objects.select_related("factory") if access.openings(member, one)}
    assert visible == decided
    return visible
