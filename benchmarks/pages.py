"""The cost of each page on the demo, the most expensive first.

Run: `./dev bench pages`; `--of brand_a_member` asks as one persona, `--profile /shared/` shows where that page's time
goes. Each persona follows the links of its own pages from the first one on; of each route it asks one address fifteen
times (three, where that is far below the limit). Milliseconds are CPU time, of the web process and of its connection's
process in PostgreSQL, which depend on other work on the machine far less than the clock does. Fails beyond `MOST`, or
as many times more as the machine is slower than the one of tests/budgets.toml, by the same yardstick.
"""

import argparse
import re
import statistics
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from benchmarks import _programme
from benchmarks.queries import client_of, names
from tests.budgets import FILE, yardstick

MOST, USUAL = 120, 80  # milliseconds: of any page, and of those that are opened all the time
ROUNDS, FEW = 15, 3
TRIES = 3  # addresses of a route, until one is a page
OFTEN = {
    ("brand_a_member", "shared/"),
    ("brand_a_member", ""),
    ("manager_a", ""),
    ("manager_a", "factories/<int:pk>/sharing/"),
    ("global_staff", "board/"),
    ("programme_manager", "board/"),
}
PERSONAS = (
    "brand_a_member",
    "brand_a_manager",
    "manager_a",
    "representative_a",
    "advisor",
    "team_leader",
    "programme_manager",
    "global_staff",
    "constituent",
    "outsider",
)
LINK = re.compile(r'<a [^>]*href="([^"]+)"')
NOT_FOLLOWED = ("/accounts/logout/", "/admin/", "/api/", "/static/")


@dataclass(frozen=True)
class Asked:
    """A page as one persona read it."""

    persona: str
    route: str
    address: str
    milliseconds: float

    @property
    def most(self) -> int:
        """The most milliseconds that the page may cost."""
        return USUAL if (self.persona, self.route) in OFTEN else MOST


def backend_seconds() -> float:
    """Return the CPU seconds of this connection's process in PostgreSQL so far; 0 where the system gives none."""
    from django.db import connection

    connection.ensure_connection()
    file = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return int(file.read_text().split()[0]) / 1e9 if file.exists() else 0.0


def cost_of(client: Any, address: str) -> float:
    """Return the CPU milliseconds of one more request."""
    started = time.process_time() + backend_seconds()
    client.get(address)
    return (time.process_time() + backend_seconds() - started) * 1000


def median_of(client: Any, address: str) -> float:
    """Return the median of as many requests as it takes to see whether the page is within the limit."""
    costs = [cost_of(client, address) for _ in range(FEW)]
    if max(costs) > USUAL / 2:
        costs += [cost_of(client, address) for _ in range(ROUNDS - FEW)]
    return statistics.median(costs)


def links_of(address: str, html: str) -> Iterator[str]:
    """Yield the addresses on this site that a page links to."""
    for found in LINK.findall(html):
        parts = urlsplit(urljoin(address, unescape(found)))
        if not parts.netloc and parts.path.startswith("/") and not parts.path.startswith(NOT_FOLLOWED):
            yield parts.path + (f"?{parts.query}" if parts.query else "")


def pages_of(client: Any, waiting: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (route, address) of one page of each route that is reached by links."""
    from django.urls import resolve

    tries = Counter[str]()
    while waiting:
        address = waiting.pop(0)
        route = resolve(urlsplit(address).path).route
        if tries[route] >= TRIES:
            continue
        tries[route] += 1
        response = client.get(address)
        if response.status_code != 200 or not response.headers["Content-Type"].startswith("text/html"):
            continue
        tries[route] = TRIES
        yield route, address
        waiting += links_of(address, response.content.decode())


def measured(personas: tuple[str, ...]) -> Iterator[Asked]:
    """Yield each page of each persona with its cost; pages that are opened all the time are always included."""
    rows = names()
    first = ("/", "/shared/", "/board/", "/assessments/{assessment}/", "/factories/{factory}/sharing/")
    for persona in personas:
        client = client_of(persona)
        for route, address in list(pages_of(client, [address.format(**rows) for address in first])):
            yield Asked(persona, route, address, median_of(client, address))
        print(f"  asked as {persona}", flush=True)


def slowness() -> float:
    """Return how many times slower this machine is than the one for which the limits are set; 1 for a faster one."""
    yardstick()  # the first call makes what the others walk through
    taken = statistics.median(yardstick() for _ in range(ROUNDS))
    return max(1.0, taken * 1000 / float(tomllib.loads(FILE.read_text())["yardstick"]))


def profile(persona: str, address: str) -> None:
    """Print where the time of a page goes."""
    import cProfile
    import pstats

    client = client_of(persona)
    for _ in range(FEW):
        client.get(address)
    with cProfile.Profile() as found:
        for _ in range(ROUNDS):
            client.get(address)
    for order in ("cumulative", "tottime"):
        pstats.Stats(found).sort_stats(order).print_stats(60)


def main() -> int:
    """Print the table; return 1 when a page costs more than it may."""
    parser = argparse.ArgumentParser(prog="pages")
    parser.add_argument("--of", choices=PERSONAS)
    parser.add_argument("--profile", metavar="ADDRESS", help="of this address, for the persona of --of")
    options = parser.parse_args()
    _programme.start_django()
    _programme.load_demo()
    _programme.settle()
    if options.profile:
        profile(options.of or PERSONAS[0], options.profile.format(**names()))
        return 0
    found = sorted(measured((options.of,) if options.of else PERSONAS), key=lambda page: -page.milliseconds)
    slower = slowness()
    print(f"This machine is {slower:.1f} times as slow as the one of the limits.")
    for page in found:
        mark = "" if page.milliseconds <= page.most * slower else f"  more than {page.most} there"
        print(f"{page.milliseconds:7.0f} ms  {page.persona:18} {page.address}{mark}")
    print(f"{len(found)} pages of {len({page.route for page in found})} routes.")
    return int(any(page.milliseconds > page.most * slower for page in found))


if __name__ == "__main__":
    sys.exit(main())
