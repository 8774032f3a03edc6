"""Every address that answers brand A, by the table of the access matrix, and what of factory A's data it shows."""

from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy as copy_of
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from assessments.models import Answer, Assessment
from tests.matrix.asking import send
from tests.matrix.sent import BODIES
from tests.matrix.table import ROWS, Row
from tests.revoke.held import Held

Address = tuple[str, str]  # method and name


@dataclass
class Answers:
    """What each address shows of the data, and those that answer at all."""

    shown: dict[Address, set[str]] = field(default_factory=lambda: defaultdict(set))
    given: set[Address] = field(default_factory=set)


def traces(held: Held) -> dict[str, str]:
    """Words that give factory A's data away, and what each of them is."""
    own = Assessment.objects.filter(factory=held.world.factory_a)
    found = {str(one.pk): "the id of an assessment" for one in own}
    found |= {one.correction_note: "a correction" for one in own if one.correction_note}
    for answer in Answer.objects.filter(assessment__in=own).select_related("question"):
        found[answer.question.label] = "a question"
        if answer.note:
            found[answer.note] = "a finding's evidence"
    return found


@dataclass(frozen=True)
class Question:
    """One address, as it was before anything ended, and who asks it."""

    persona: str
    address: Address
    url: str
    body: dict[str, Any]


def questions(held: Held) -> list[Question]:
    """Every row of the table that answers somebody of brand A with a page or with data.

    The API is asked by the program, where it may. What answers everybody in the world, and forms whose answer is to go
    elsewhere, have nothing to show.
    """
    found = []
    for row in ROWS:
        order = ("brand_a_member", "brand_a_manager")
        order = ("token", *order) if row.name.startswith("api:") else order
        asking = [one for one in order if row.cells[one] in "+*>"]
        is_public = row.cells["anonymous"] == "+"
        shows = row.method == "GET" or row.name.startswith("api:") or "+" in [row.cells[one] for one in asking]
        if asking and shows and not is_public:
            found.append(_question(held, row, asking[0]))
    return found


def _question(held: Held, row: Row, persona: str) -> Question:
    body = BODIES.get(row.name, lambda _stage: {})(held.stage)
    return Question(persona, (row.method, row.name), held.stage.address(row.name, row.place), body)


def ask(held: Held, questions: Iterable[Question]) -> Answers:
    """All of them, with what would do something; whatever is done is undone."""
    clients = {name: held.stage.client(name) for name in ("brand_a_member", "brand_a_manager", "token")}
    words, answers = traces(held), Answers()
    for question in questions:
        client = clients[question.persona]
        cookies = copy_of(client.cookies)
        with transaction.atomic():
            response, content = send(client, question.address[0], question.url, question.body)
            transaction.set_rollback(True)
        client.cookies = cookies
        # The address itself may stand on the page, so that one can choose another language there.
        text = (content.decode(errors="replace") + response.headers.get("Location", "")).replace(question.url, "")
        answers.shown[question.address] |= {what for word, what in words.items() if word in text}
        if response.status_code < 400:
            answers.given.add(question.address)
    answers.shown = {address: found for address, found in answers.shown.items() if found}
    return answers
