"""All that one world says to the people from whom a fact is hidden."""

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import count, product

from django.core import mail
from django.test import Client

from tests.matrix.asking import send
from tests.worlds.addresses import Address, addresses, is_page_of_list, of_hidden
from tests.worlds.databases import World, Worlds
from tests.worlds.draws import DRAWS
from tests.worlds.fact import Fact
from tests.worlds.moments import ASKED, LATER
from tests.worlds.recording import Answer, lines_of, record
from tests.worlds.telling import GATHERED, mails_to, received, run_periodic_tasks, webhooks_to

# (who, what): "brand_a_member", "GET /shared/".
Seen = dict[tuple[str, str], Answer]
SCOPES = ("report", "step1")
FORMATS = ("json", "csv", "xlsx", "pdf")


@dataclass(frozen=True)
class Look:
    """How closely both worlds are looked at.

    `whole`: with filters, cursors and errors, by everybody, and once more at `LATER`. Otherwise each address is asked
    by one person of those who are answered. `asks`: these addresses only, by their names, and nothing at `LATER`.
    `formats`: of the files that are ordered.
    """

    people: tuple[str, ...]
    whole: bool = False
    is_counting_blocks: bool = False
    asks: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()


class Observer:
    """Looks at one world."""

    def __init__(self, worlds: Worlds, world: World, fact: Fact, look: Look, hidden: list[str]) -> None:
        self.worlds, self.world, self.fact, self.look, self.hidden = worlds, world, fact, look, hidden
        self.seen: Seen = {}
        self.answered: set[str] = set()

    def observe(self) -> Seen:
        """Let the tasks run and everybody ask; later again."""
        with self.worlds.working_in(self.world.database, self.world.folder):
            self._tell(ASKED)
            self._ask_all(ASKED, self._addresses(whole=self.look.whole))
            self._order_files()
            if not self.look.asks:
                self._tell(LATER)
            if self.look.whole:
                self._ask_all(LATER, self._addresses(whole=False))
        return self.seen

    # --- mails and webhooks

    def _tell(self, moment: datetime) -> None:
        mail.outbox = []
        with received() as arrived:
            for number, at in enumerate((moment, moment + GATHERED)):
                self.worlds.at(at, "tasks")
                run_periodic_tasks(f"{moment} {number}")
        scene, masks, day = self.world.stage, self.fact.masks, f"{moment:%d %B}"
        for persona in self.look.people:
            if not scene.is_program(persona):
                self._keep(persona, f"mails of {day}", "mails", mails_to(scene.address_of(persona), masks))
        for side in sorted({persona[:7].replace("_", "-") for persona in self.look.people if "brand" in persona}):
            self._keep(side, f"webhooks of {day}", "webhooks", webhooks_to(side, arrived, masks))

    def _keep(self, who: str, what: str, part: str, lines: list[str]) -> None:
        self.seen[who, what] = Answer(0, {part: lines})

    # --- pages and the API

    def _ask_all(self, moment: datetime, asked: list[Address]) -> None:
        for persona in self.look.people:
            self.worlds.at(moment, f"sign in {persona}")
            client = self.world.stage.client(persona)
            for address in asked:
                if persona in address.people:
                    self._ask(persona, client, address, moment)

    def _addresses(self, *, whole: bool) -> list[Address]:
        people, asks = self.look.people, self.look.asks
        found = addresses(self.world.stage, people, whole=whole)
        hidden = [of_hidden(url, people, whole=whole) for url in self.hidden]
        return [one for one in found if not asks or one.row.split(" ")[0] in asks] + hidden

    def _ask(self, persona: str, client: Client, address: Address, moment: datetime) -> None:
        answer = self._answer(persona, client, address.url, moment)
        if answer.status == 200:
            self.answered.add(address.row)
        if self.look.whole and answer.status == 200 and is_page_of_list(address.url):
            self._follow(persona, client, address.url, moment)

    def _answer(self, persona: str, client: Client, url: str, moment: datetime, name: str = "") -> Answer:
        DRAWS.begin(f"{persona} {name or url} {moment}")
        answer = record(client, url, self.fact.masks, counts_blocks=self.look.is_counting_blocks)
        self.seen[persona, f"GET {name or url} on {moment:%d %B}"] = answer
        return answer

    def _follow(self, persona: str, client: Client, url: str, moment: datetime) -> None:
        """Read a list in pages of one row, to its end."""
        page = f"{url}{'&' if '?' in url else '?'}page_size=1"
        for number in count(1):
            answer = self._answer(persona, client, page, moment, f"{url} page {number}")
            page = next_page(answer) if answer.status == 200 else ""
            if not page:
                break

    # --- files

    def _order_files(self) -> None:
        """Let people order files of what they read, and open them."""
        for persona in self.look.people:
            if self.world.stage.is_program(persona):
                continue
            self.worlds.at(ASKED, f"files {persona}")
            client = self.world.stage.client(persona)
            for scope, kind in product(SCOPES, self.look.formats):
                self._order(persona, client, {"scope": scope, "format": kind, "language": "en"})

    def _order(self, persona: str, client: Client, order: dict[str, str]) -> None:
        key = str(self.world.stage.world.assessments["a2"].pk)
        response, content = send(client, "POST", "/api/v1/reports/", {"assessment": key, **order})
        what = f"file {order['scope']} {order['format']}"
        self._keep(persona, what, "order", lines_of("json", content))
        if response.status_code not in {200, 201, 202}:
            return
        report = client.get(f"/api/v1/reports/{json.loads(content)['id']}/").json()
        file, content = send(client, "GET", report["download_url"], {})
        self._keep(persona, f"{what} opened", "file", lines_of(file.headers["Content-Type"], content))


def next_page(answer: Answer) -> str:
    """Return the address that a page of the API names as its next."""
    return json.loads(answer.content)["next"] or ""
