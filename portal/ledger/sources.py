"""The tables that are sealed, and the one text from which each of their rows is hashed.

The text of a row is made in SQL and depends on neither time zone, locale nor the driver: the words `portal.ledger`,
table and form, then each column as a netstring (`5:words,`; `-,` for NULL). Moments are whole microseconds since 1970
in UTC, truth values 0 or 1, everything else is PostgreSQL's text. A new column of a source makes a new form, at the
end of `forms`; rows sealed before keep theirs. A column that a form names is never dropped, renamed or retyped.

A source may name columns that are shown to the holder of what the row is about (a receipt's number and JWS).
They have a hash of their own, and the row's hash is the node above it and the hash of all other columns: so a holder
can prove that the row is in the ledger without learning the rest of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import BooleanField, DateTimeField, Field, Model
from psycopg import sql

from portal.ledger.merkle import leaf_hash

_registered: dict[str, "Source"] = {}


@dataclass(frozen=True)
class Source:
    """One append-only table with a whole number as its key.

    `forms` are the columns of each form, `moment` the column that says when a row was written, `shown` the columns
    (texts) that a holder is shown.
    """

    model: type[Model]
    forms: tuple[tuple[str, ...], ...]
    moment: str = "at"
    shown: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The table's name in the database."""
        return self.model._meta.db_table

    @property
    def newest_form(self) -> int:
        """The form in which new rows are sealed; forms count from 1."""
        return len(self.forms)

    def leaf(self, form: int) -> sql.Composable:
        """Return the SQL expression for the hash of row `r` in one form."""
        if not self.shown:
            return self.hidden_leaf(form)
        shown = self._hash(f"portal.ledger,{self.table},shown,", self.shown)
        return sql.SQL(r"sha256('\x01'::bytea || {} || {})").format(shown, self.hidden_leaf(form))

    def hidden_leaf(self, form: int) -> sql.Composable:
        """Return the SQL expression for the hash of the columns of row `r` that are not shown."""
        hidden = [name for name in self.forms[form - 1] if name not in self.shown]
        return self._hash(f"portal.ledger,{self.table},{form},", hidden)

    def shown_leaf(self, values: Iterable[str]) -> bytes:
        """Return the hash of the shown columns, given their values."""
        texts = [f"{len(value.encode())}:{value}," for value in values]
        return leaf_hash(f"portal.ledger,{self.table},shown,{''.join(texts)}".encode())

    def leaf_in_its_form(self) -> sql.Composable:
        """Return the SQL expression for the hash of row `r` in the form that leaf `l` names; NULL if it is unknown."""
        cases = [
            sql.SQL("WHEN {} THEN {}").format(sql.Literal(form), self.leaf(form))
            for form in range(1, self.newest_form + 1)
        ]
        return sql.SQL("CASE l.form {} END").format(sql.SQL(" ").join(cases))

    def _hash(self, head: str, names: Iterable[str]) -> sql.Composable:
        fields = {field.column: field for field in self.model._meta.concrete_fields}
        text = sql.SQL(" || ").join([sql.Literal(head), *(_netstring(fields[name]) for name in names)])
        return sql.SQL(r"sha256('\x00'::bytea || convert_to({}, 'UTF8'))").format(text)


def _netstring(field: "Field[object, object]") -> sql.Composable:
    column = sql.Identifier("r", str(field.column))
    if isinstance(field, DateTimeField):
        text = sql.SQL("(extract(epoch FROM {}) * 1000000)::bigint::text").format(column)
    elif isinstance(field, BooleanField):
        text = sql.SQL("{}::int::text").format(column)
    else:
        text = sql.SQL("{}::text").format(column)
    return sql.SQL("coalesce(octet_length({0}) || ':' || {0}, '-') || ','").format(text)


def register_source(source: Source) -> None:
    """Have a table sealed from now on."""
    _registered[source.model._meta.label] = source


def source_of(model: type[Model]) -> Source:
    """Return the registered source of a model."""
    return _registered[model._meta.label]


def sources() -> list[Source]:
    """Return the registered tables, by name."""
    return sorted(_registered.values(), key=lambda source: source.table)
