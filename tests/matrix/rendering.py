"""Which cells of the access matrix are asked, and which of their pages rendered.

`./dev test --long` asks and renders everything. The ordinary run asks everybody from whom an organisation is to be kept
apart; of the people of one organisation who get the same answer at an address it asks one, with each seed another. What
the matrix looks at is the status and what was written, not the page: an error page is rendered once for each persona,
any other page once for each group of personas who get the same answer there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from zlib import crc32

from django.template.backends.django import Template

from tests.amounts import IS_LONG
from tests.matrix.stage import GROUPS
from tests.matrix.table import Row

ERRORS = {"400.html", "403.html", "404.html", "405.html"}
COLLEAGUES = [
    {"anonymous", "inactive"},
    {"outsider", "operator"},
    {"manager_a", "member_a", "representative_a"},
    {"brand_a_manager", "brand_a_member"},
    {"team_leader", "programme_manager"},
]


def who_asks(row: Row, persona: str, seed: int) -> str:
    """Return the persona who asks for this one and the colleagues who get the same answer, with this seed."""
    colleagues = next((some for some in COLLEAGUES if persona in some), {persona})
    return _next(row, {one for one in colleagues if row.cells[one] == row.cells[persona]}, seed)


def whose_turn(row: Row, persona: str, seed: int) -> str:
    """Return the persona for whom the page of a row is rendered, of those of the group who get the same answer."""
    group = next(group for group in GROUPS.values() if persona in group)
    return _next(row, {who_asks(row, one, seed) for one in group if row.cells[one] == row.cells[persona]}, seed)


def _next(row: Row, alike: set[str], seed: int) -> str:
    return sorted(alike)[(crc32(f"{row.method} {row.name} {row.place}".encode()) + seed) % len(alike)]


class Rendering:
    """The pages of one persona, in a run with this seed."""

    def __init__(self, persona: str, seed: int) -> None:
        self.persona = persona
        self.seed = seed
        self.errors: set[str] = set()

    @contextmanager
    def of(self, row: Row) -> Iterator[None]:
        """Render in it what is this persona's turn; other pages are empty. Parts and mails are always rendered."""
        render = Template.render

        def rendered(template: Any, context: Any = None, request: Any = None) -> str:
            if request is None or self._is_wanted(row, template.template.name):
                return render(template, context, request)
            return ""

        with patch.object(Template, "render", rendered):
            yield

    def _is_wanted(self, row: Row, page: str) -> bool:
        if IS_LONG:
            return True
        if page in ERRORS:
            is_first = page not in self.errors
            self.errors.add(page)
            return is_first
        return whose_turn(row, self.persona, self.seed) == self.persona
