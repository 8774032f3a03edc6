"""What a screen reader says of a page: its headings, landmarks and controls, in order, with their names."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from playwright.sync_api import Page

# `- link "Stop sharing with Aster & Oak" [level=2]:` and, below a link, `- /url: /factories/1/`
LINE = re.compile(r"""^(?P<indent> *)- '?(?P<role>[a-z]+)(?: "(?P<name>(?:[^"\\]|\\.)*)")?(?P<more>[^:]*)'?:?""")
URL = re.compile(r"^ *- /url: (?P<url>\S+)")
CONTROLS = {"link", "button", "textbox", "searchbox", "combobox", "checkbox", "radio", "spinbutton"}
# A verb alone says nothing to somebody who goes from control to control: which brand, report or person?
BARE = {
    "Allow", "Answer", "Approve", "Cancel the decision", "Change", "Decide", "Hold", "More", "Preview",
    "Remove", "Renew", "Restore", "Resume", "Stop", "View", "Withdraw",
}  # fmt: skip


@dataclass
class Node:
    """A heading, landmark or control."""

    role: str
    name: str
    level: int
    url: str = ""


def nodes_of(page: Page) -> list[Node]:
    """Return what the accessibility tree holds, in its order."""
    found: list[Node] = []
    for line in page.locator("body").aria_snapshot().splitlines():
        if url := URL.match(line):
            found[-1].url = url["url"] if found[-1].role == "link" else ""
        elif one := LINE.match(line):
            level = re.search(r"\[level=(\d)]", one["more"])
            found.append(Node(one["role"], (one["name"] or "").strip(), int(level[1]) if level else 0))
    return found


def faults_of(page: Page) -> list[str]:
    """Return what would lose somebody who hears the page; empty where nothing would."""
    nodes = nodes_of(page)
    headings, controls = [one for one in nodes if one.level], [one for one in nodes if one.role in CONTROLS]
    title = next((one.name for one in headings if one.level == 1), "")
    return [*_faults_of_landmarks(nodes), *_faults_of_headings(headings), *_faults_of_controls(controls, title)]


def _faults_of_landmarks(nodes: list[Node]) -> Iterator[str]:
    counts = Counter(one.role for one in nodes)
    for role, least in (("main", 1), ("banner", 0), ("contentinfo", 0)):  # pages of signing in have no head and foot
        if not least <= counts[role] <= 1:
            yield f"{counts[role]} landmarks of the kind {role}"
    navigations = Counter(one.name for one in nodes if one.role == "navigation")
    for name, count in navigations.items():
        if not name or count > 1:
            yield f"{count} navigations with the name {name!r}"


def _faults_of_headings(headings: list[Node]) -> Iterator[str]:
    levels = [one.level for one in headings]
    if levels.count(1) != 1 or levels[0] != 1:
        yield f"the headings begin with {levels[:3]} and have {levels.count(1)} of the first level"
    for before, one in pairwise(headings):
        if one.level > before.level + 1:
            yield f"the heading {one.name!r} skips a level"
    yield from (f"a heading of level {one.level} has no words" for one in headings if not one.name)


def _faults_of_controls(controls: list[Node], title: str) -> Iterator[str]:
    """Yield the controls without a name, with a bare verb, or with the name of another one that does something else.

    A verb alone is enough where the page is about that alone: its title says so.
    """
    does: dict[tuple[str, str], set[str]] = {}
    for number, one in enumerate(controls):
        if not one.name or (one.name in BARE and one.name.split()[0].lower() not in title.lower()):
            yield f"a {one.role} is called {one.name!r}"
        does.setdefault((one.role, one.name), set()).add(one.url or f"control {number}")
    for (role, name), targets in does.items():
        if len(targets) > 1:
            yield f"{len(targets)} controls are all called {role} {name!r}: {sorted(targets)}"
