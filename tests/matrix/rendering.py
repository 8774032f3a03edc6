"""Which pages the access matrix renders: what it looks at is the status and what was written, not the page.

An error page is rendered once for each persona, any other page once for each group of personas who get the same
answer there: another one's turn with each address. `./dev test --long` renders all.
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

ERRORS = {"400.html", "403.html", "404.html"}


def whose_turn(row: Row, persona: str) -> str:
    """Return the persona for whom the page of a row is rendered, of those of the group who get the same answer."""
    group = next(group for group in GROUPS.values() if persona in group)
    alike = [one for one in group if row.cells[one] == row.cells[persona]]
    return alike[crc32(f"{row.method} {row.name} {row.place}".encode()) % len(alike)]


class Rendering:
    """The pages of one persona."""

    def __init__(self, persona: str) -> None:
        self.persona = persona
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
        return whose_turn(row, self.persona) == self.persona
