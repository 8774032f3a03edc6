"""The matching of a brand's own list with the programme's factories: each line with what it may mean, for review.

An id of a factory (Better Work's or OS Hub's) decides; so does a name that only one factory has; similar names
are offered as candidates, and nothing is chosen automatically. The list of factories is the same for every brand
(`factories_to_ask`), so a match says that a factory is enrolled and nothing more.
"""

import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import nlargest
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from rapidfuzz import fuzz, process

from factories.models import Factory
from portal.accounts.roles import Visitor
from portal.core.country_names import country_code
from portal.core.names import one_line, unmarked
from portal.core.tables import Group, Problems, Table, TableError
from portal.core.tables.texts import Sentence
from sharing.requests.queries import factories_to_ask

MOST_LINES = 1_000  # matched while the sender waits
MOST_LETTERS = 300  # in a cell
MOST_TOLD = 10  # kinds of errors listed in one message
# A cell as spreadsheets copy it: in double quotes where it holds a line break, a tab or a quote.
_QUOTED = re.compile(r'[ ]*"((?:[^"]|""){0,1000})"[ ]*(?=[\t\r\n]|\Z)')
_WRITTEN = re.compile(r"([^\t\r\n]*)")
MOST_CANDIDATES = 5
ALIKE = 72  # how similar a name must be to be offered, in per cent
MOST_OF_A_WORD = 300  # names looked at because they share a word
MOST_COMPARED = 50  # names compared letter by letter with one line
COLUMNS = ("name", "country", "bw_id", "os_hub_id")
ALIASES = {
    "facility name": "name",
    "factory name": "name",
    "factory": "name",
    "supplier": "name",
    "id": "bw_id",
    "Better Work ID": "bw_id",
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
    """One line of the list: its number, and its cells by column."""

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
    """The match of a line: `how` is id, name, similar or none; `found` are the factories, the likeliest first."""

    line: Line
    how: str = "none"
    found: list[Factory] = field(default_factory=list)


@dataclass
class Lines:
    """The lines of a list; `read_from` names the sheet of a workbook."""

    lines: list[Line]
    read_from: str = ""


def pasted_lines(text: str) -> Lines:
    """Return the lines of a pasted text: a table with a header, or one id or name per line, cells separated by tabs.

    A cell that holds a line break is in double quotes, as spreadsheets copy it. Raises `TableError` for too many lines
    or a table that cannot be read, `ValidationError` for cells that cannot.
    """
    text = text.strip("\r\n")
    if _is_header(text.partition("\n")[0]):
        return table_lines(io.BytesIO(text.encode("utf-8", "replace")))
    rows = [row for row in _pasted_rows(text) if any(row)]
    _refuse_long(len(rows))
    return Lines([_loose_line(number, row) for number, row in enumerate(rows, start=1)])


def _pasted_rows(text: str) -> Iterator[list[str]]:
    """Yield rows of cells. A double quote that does not enclose a whole cell is an ordinary character."""
    row: list[str] = []
    at = 0
    while at <= len(text):
        quoted, written = _QUOTED.match(text, at), _WRITTEN.match(text, at)
        cell = quoted or written
        if cell is None:
            return
        row.append(one_line(cell[1].replace('""', '"') if quoted else cell[1])[:MOST_LETTERS])
        at = cell.end()
        if text[at : at + 1] != "\t":
            yield row
            row = []
        at += 2 if text[at : at + 2] == "\r\n" else 1


def table_lines(file: BinaryIO) -> Lines:
    """Return the lines of a table, CSV or XLSX, that has a column with names or with ids.

    Raises `TableError` if it is no such table, `ValidationError` for cells that cannot be read.
    """
    table, problems = Table(file, required=(), optional=COLUMNS, aliases=ALIASES, most_rows=MOST_LINES), Problems()
    if not {"name", "bw_id", "os_hub_id"} & set(table.index):
        raise table.without_columns(
            Sentence(
                _("None of the columns in the table (%s) is name, bw_id or os_hub_id. Add one of these.")
                % ", ".join(table.headers)[:500]
            )
        )
    lines = [
        Line(row, **{name: cells.get(name, "")[:MOST_LETTERS] for name in COLUMNS})
        for row, cells in table.records(problems)
    ]
    if problems:
        raise ValidationError([_told(group) for group in problems.groups()[:MOST_TOLD]])
    return Lines(lines, table.read_from)


def _told(group: Group) -> str:
    where = _("Row %(rows)s, column %(column)s") % {
        "rows": ", ".join(map(str, group.rows)) + (" …" if group.count > len(group.rows) else ""),
        "column": group.column,
    }
    return f"{where}: {group.message} ({group.value[:60]})"


def _refuse_long(count: int) -> None:
    if count > MOST_LINES:
        raise TableError(_("A list can have at most %s rows. Split this one.") % MOST_LINES)


def _is_header(row: str) -> bool:
    cells = {re.sub(r"[\s._\"]+", "", cell).casefold() for cell in re.split(r"[,;\t]", row)}
    return bool(cells & {"name", "bwid", "oshubid", "facilityname", "factoryname"})


def _loose_line(number: int, row: list[str]) -> Line:
    """Return a line without columns: its first cell may be an id or a name, a later one may name the country."""
    first, *others = [cell for cell in row if cell]
    country = next((cell for cell in others if country_code(cell)), "")
    return Line(number, name=first, bw_id=first, os_hub_id=first, country=country)


def match_lines(user: Visitor, lines: Iterable[Line]) -> list[Match]:
    """Return each line with the factories that it may mean: one query, whatever the number of lines."""
    register = _Register(factories_to_ask(user).order_by("name", "pk"))
    return [register.match(line) for line in lines]


class _Register:
    """The factories to ask, by id and by name."""

    def __init__(self, factories: Iterable[Factory]) -> None:
        self.by_id: dict[str, list[Factory]] = defaultdict(list)
        self.by_name: dict[str, list[Factory]] = defaultdict(list)
        self.by_word: dict[str, list[str]] = defaultdict(list)
        for factory in factories:
            for key in {factory.bw_id.casefold(), factory.os_hub_id.casefold()} - {""}:
                self.by_id[key].append(factory)
            for name in {plain(factory.name), plain(factory.local_name)} - {""}:
                self.by_name[name].append(factory)
        for name in sorted(self.by_name):
            for word in dict.fromkeys(name.split()):
                self.by_word[word].append(name)

    def match(self, line: Line) -> Match:
        """Return what one line may mean. Two ids that name two factories are a choice, not a match."""
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
        """Yield the factories whose names are similar to this one, in whatever order of words, the likeliest first."""
        names = self._sharing_words(name)
        likely = process.extract(name, names, scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE, limit=None)
        found = [factory for other, *_rest in likely for factory in self.by_name[other] if _is_in(factory, country)]
        yield from list(dict.fromkeys(found))[:MOST_CANDIDATES]

    def _sharing_words(self, name: str) -> list[str]:
        """Return the names that share most words with this one; a rare word counts for more than a common one.

        Their number is limited, so that a list costs the same whatever the number of factories.
        """
        shared: dict[str, float] = defaultdict(float)
        for word in dict.fromkeys(name.split()):
            names = self.by_word.get(word, ())
            for other in names[:MOST_OF_A_WORD]:
                shared[other] += 1 / len(names)
        return nlargest(MOST_COMPARED, shared, key=shared.__getitem__)


def _is_in(factory: Factory, country: str) -> bool:
    """Return whether a factory may be the one meant: a line that names another country means another factory."""
    return not country or factory.programme.country == country


def plain(name: str) -> str:
    """Return a name as it is compared: without case, accents, punctuation, text in brackets, and legal forms."""
    letters = unicodedata.normalize("NFKD", unmarked(re.sub(r"\([^)]*\)", " ", name)).casefold())
    words = re.sub(r"[^\w]+|_+", " ", "".join(c for c in letters if unicodedata.category(c) != "Mn")).split()
    return " ".join(word for word in words if word not in FILLERS) or " ".join(words)
