"""From a brand's own list to factories of the programme: each line with what it may mean, for a person to look over.

An id that is the factory's (Better Work's or OS Hub's) decides; a name that only one factory has does, too; names
that are alike are offered as candidates, and nothing is chosen by itself. The list of factories is the same for
every brand (`factories_to_ask`), so a match says that a factory is enrolled and nothing more.
"""

import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import BinaryIO

from django.utils.translation import gettext as _

from factories.models import Factory
from portal.accounts.roles import Visitor
from portal.core.country_names import country_code
from portal.core.tables import Table, TableError
from sharing.request_querysets import factories_to_ask

MOST_LINES = 1_000  # matched while their sender waits: a second or two
MOST_CANDIDATES = 5
ALIKE = 0.72  # how alike two names are for one to be offered, from 0 to 1
MOST_COMPARED = 60  # names compared letter by letter with one line
COLUMNS = ("name", "country", "bw_id", "os_hub_id")
ALIASES = {
    "facility name": "name",
    "factory name": "name",
    "factory": "name",
    "supplier": "name",
    "id": "bw_id",
    "Better Work id": "bw_id",
    "os id": "os_hub_id",
    "OS Hub": "os_hub_id",
}
# Legal forms and filler words: two names that differ in these alone are the same name.
FILLERS = frozenset({
    "ltd", "limited", "co", "company", "corp", "corporation", "inc", "llc", "plc", "pvt", "private", "pte", "pt", "tbk",
    "cv", "jsc", "sa", "sarl", "sas", "spa", "gmbh", "bv", "ltda", "the", "and", "of",
})  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line of the list: its number, how it reads, and what it says in which column."""

    number: int
    name: str = ""
    country: str = ""
    bw_id: str = ""
    os_hub_id: str = ""

    @property
    def text(self) -> str:
        """The line as its reader recognises it."""
        parts = dict.fromkeys((self.name, self.bw_id, self.os_hub_id, self.country))
        return " · ".join(part for part in parts if part)[:200]


@dataclass
class Match:
    """What a line may mean: `how` is id, name, similar or none; `found` are the factories, the likeliest first."""

    line: Line
    how: str = "none"
    found: list[Factory] = field(default_factory=list)


def pasted_lines(text: str) -> list[Line]:
    """The lines of a pasted text: a table with a header, or one id or name a line, cells parted by tabs.

    Raises `TableError` for too many lines, or a table that cannot be read.
    """
    rows = [row.strip() for row in text.splitlines() if row.strip()]
    if rows and _is_header(rows[0]):
        return table_lines(io.BytesIO("\n".join(rows).encode("utf-8", "replace")))
    _refuse_long(len(rows))
    return [_loose_line(number, row) for number, row in enumerate(rows, start=1)]


def table_lines(file: BinaryIO) -> list[Line]:
    """The lines of a table, CSV or XLSX, that has a column with names or with ids. Raises `TableError`."""
    table = Table(file, required=(), optional=COLUMNS, aliases=ALIASES)
    if not {"name", "bw_id", "os_hub_id"} & set(table.index):
        raise TableError(
            _("The table needs a column name, bw_id or os_hub_id. It has: %s.") % ", ".join(table.headers)[:500]
        )
    lines: list[Line] = []
    for row, cells in table.records():
        _refuse_long(len(lines) + 1)
        lines.append(Line(row, **{name: cells.get(name, "")[:300] for name in COLUMNS}))
    return lines


def _refuse_long(count: int) -> None:
    if count > MOST_LINES:
        raise TableError(_("A list may have %s lines; split this one.") % MOST_LINES)


def _is_header(row: str) -> bool:
    cells = {re.sub(r"[\s._\"]+", "", cell).casefold() for cell in re.split(r"[,;\t]", row)}
    return bool(cells & {"name", "bwid", "oshubid", "facilityname", "factoryname"})


def _loose_line(number: int, row: str) -> Line:
    """A line without columns: its first cell may be an id or a name, a later one may name the country."""
    cells = [cell.strip().strip('"')[:300] for cell in row.split("\t") if cell.strip()] or [""]
    country = next((cell for cell in cells[1:] if country_code(cell)), "")
    return Line(number, name=cells[0], bw_id=cells[0], os_hub_id=cells[0], country=country)


def match_lines(user: Visitor, lines: Iterable[Line]) -> list[Match]:
    """Each line with the factories that it may mean: one query, whatever the number of lines."""
    register = _Register(factories_to_ask(user).order_by("name", "pk"))
    return [register.match(line) for line in lines]


class _Register:
    """The factories to ask, by id and by name."""

    def __init__(self, factories: Iterable[Factory]) -> None:
        self.by_id: dict[str, list[Factory]] = defaultdict(list)
        self.by_name: dict[str, list[Factory]] = defaultdict(list)
        self.by_word: dict[str, set[str]] = defaultdict(set)
        for factory in factories:
            for key in {factory.bw_id.casefold(), factory.os_hub_id.casefold()} - {""}:
                self.by_id[key].append(factory)
            for name in {plain(factory.name), plain(factory.local_name)} - {""}:
                self.by_name[name].append(factory)
                for word in name.split():
                    self.by_word[word].add(name)

    def match(self, line: Line) -> Match:
        """What one line may mean. Two ids that name two factories are a choice, not a match."""
        ids = [key.casefold() for key in (line.bw_id, line.os_hub_id) if key]
        found = list(dict.fromkeys(factory for key in ids for factory in self.by_id.get(key, ())))
        if found:
            return Match(line, "id" if len(found) == 1 else "similar", found[:MOST_CANDIDATES])
        name, country = plain(line.name), country_code(line.country)
        same = [factory for factory in self.by_name.get(name, ()) if _is_in(factory, country)]
        if same:
            return Match(line, "name" if len(same) == 1 else "similar", same[:MOST_CANDIDATES])
        alike = list(self._alike(name, country))
        return Match(line, "similar" if alike else "none", alike)

    def _alike(self, name: str, country: str) -> Iterator[Factory]:
        """Factories whose names are nearly this one, the likeliest first; rare words are looked at first."""
        words = sorted(
            (word for word in name.split() if word in self.by_word), key=lambda word: len(self.by_word[word])
        )
        near = list(dict.fromkeys(other for word in words for other in sorted(self.by_word[word])))[:MOST_COMPARED]
        scores = {other: score for other in near if (score := _likeness(name, other)) >= ALIKE}
        likely = sorted(scores, key=lambda other: -scores[other])
        found = [factory for other in likely for factory in self.by_name[other] if _is_in(factory, country)]
        yield from list(dict.fromkeys(found))[:MOST_CANDIDATES]


def _likeness(name: str, other: str) -> float:
    """Return how alike two names are, from 0 to 1; 0 where a cheap upper bound says already that it is too little."""
    matcher = SequenceMatcher(None, name, other)
    bounds = (matcher.real_quick_ratio, matcher.quick_ratio)
    return matcher.ratio() if all(bound() >= ALIKE for bound in bounds) else 0.0


def _is_in(factory: Factory, country: str) -> bool:
    """Whether a factory may be the one meant: a line that names another country means another factory."""
    return not country or factory.programme.country == country


def plain(name: str) -> str:
    """A name as it is compared: without case, accents, punctuation, what stands in brackets, and legal forms."""
    letters = unicodedata.normalize("NFKD", re.sub(r"\([^)]*\)", " ", name).casefold())
    words = re.sub(r"[^\w]+|_+", " ", "".join(c for c in letters if unicodedata.category(c) != "Mn")).split()
    return " ".join(word for word in words if word not in FILLERS) or " ".join(words)
