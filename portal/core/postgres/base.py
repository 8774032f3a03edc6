"""The connection of the web and the worker: the first statement of each transaction carries its reader.

The SQL that sets the reader precedes the statement, in the same message. PostgreSQL runs one message as one
transaction where none was begun, so this applies to single statements, too, and costs no round trip. The setting ends
with its transaction; what is known of it on this side is stored in `_InForce`.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self
from weakref import WeakKeyDictionary

from django.db.backends.postgresql import base, operations
from psycopg import ClientCursor, Connection, Copy, ServerCursor
from psycopg.abc import Params, Query, QueryNoTemplate
from psycopg.client_cursor import ClientCursorMixin
from psycopg.copy import Writer
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Composable

from portal.core.reader import SETTING, current_reader


class _InForce:
    """The reader that PostgreSQL knows in the transaction that runs on a connection; None: it may be any."""

    def __init__(self) -> None:
        self.reader: str | None = ""

    def missing(self, connection: Connection) -> str | None:
        """Return the reader that must be set before the next statement, None where none need be set."""
        status = connection.pgconn.transaction_status
        if status == TransactionStatus.INERROR:
            return None  # only a rollback is accepted
        if status == TransactionStatus.IDLE:
            self.reader = ""  # a transaction begins with nobody
        reader = current_reader()
        return None if reader == self.reader else reader

    def note(self, connection: Connection, reader: str) -> None:
        """Remember what was set, for as long as the transaction goes on."""
        self.reader = reader if connection.pgconn.transaction_status == TransactionStatus.INTRANS else ""


_known: "WeakKeyDictionary[Connection, _InForce]" = WeakKeyDictionary()


def _in_force(connection: Connection) -> _InForce:
    return _known.setdefault(connection, _InForce())


_WORDS = "SELECT set_config('%s', '%s', true); "
_WORDS_BEFORE = re.compile(re.escape(_WORDS) % (re.escape(SETTING), "[^']*"))


def _before(query: QueryNoTemplate, reader: str) -> QueryNoTemplate:
    """Return the query after the SQL that sets the reader; a reader is harmless in SQL."""
    words = _WORDS % (SETTING, reader)
    if isinstance(query, Composable):
        return SQL(words) + query
    return words.encode() + query if isinstance(query, bytes) else words + query


@contextmanager
def _with_reader(connection: Connection) -> Iterator[None]:
    """Provide a transaction that has its reader: the running one, or a new one where each statement is one."""
    missing = _in_force(connection).missing(connection)
    begins = bool(missing) and connection.autocommit and connection.pgconn.transaction_status == TransactionStatus.IDLE
    if missing is not None:
        connection.execute("BEGIN" if begins else "SELECT 1")  # any statement carries its reader
    try:
        yield
    except BaseException:
        if begins:
            connection.rollback()
        raise
    if begins:
        connection.commit()


class Cursor(base.CursorMixin, ClientCursor[TupleRow]):
    """A cursor whose statements carry their reader where the transaction does not have it yet."""

    def execute(self, query: Any, params: Params | None = None, **options: bool | None) -> Self:
        """Run a statement; the rows and counts are its own."""
        in_force = _in_force(self.connection)
        reader = in_force.missing(self.connection)
        if reader is None:
            return super().execute(query, params, **options)
        super().execute(_before(query, reader), params, **options)
        self.nextset()  # past the result of setting the reader
        in_force.note(self.connection, reader)
        return self

    def executemany(self, query: Query, params_seq: Iterable[Params], **options: bool) -> None:
        """Run a statement with each of many values."""
        with _with_reader(self.connection):
            super().executemany(query, params_seq, **options)

    @contextmanager
    def copy(self, statement: Query, params: Params | None = None, *, writer: Writer | None = None) -> Iterator[Copy]:
        """Stream rows into a table, or out of one."""
        with _with_reader(self.connection), super().copy(statement, params, writer=writer) as copy:
            yield copy


class ServerSideCursor(base.CursorMixin, ClientCursorMixin[Connection, TupleRow], ServerCursor[TupleRow]):
    """A cursor that the server keeps. One that outlives its transaction is filled before that ends."""

    def execute(self, query: Query, params: Params | None = None, **options: Any) -> Self:
        """Declare the cursor, which is a message of its own."""
        with _with_reader(self.connection):
            return super().execute(query, params, **options)


class DatabaseOperations(operations.DatabaseOperations):
    """Django's operations, which show a statement without the SQL that sets the reader."""

    def last_executed_query(self, cursor: object, sql: object, params: object) -> Any:
        """Return the statement without that SQL, for code that counts, logs or explains it."""
        sent = super().last_executed_query(cursor, sql, params)
        return sent and _WORDS_BEFORE.sub("", sent, count=1)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection with these cursors."""

    ops_class = DatabaseOperations

    def get_connection_params(self) -> dict[str, object]:
        """Return how to connect."""
        return super().get_connection_params() | {"cursor_factory": Cursor}

    def create_cursor(self, name: str | None = None) -> Cursor | ServerSideCursor:
        """Return a cursor, one that the server keeps if it has a name."""
        if not name:
            return super().create_cursor()
        withhold = self.connection.autocommit
        return ServerSideCursor(self.connection, name=name, scrollable=False, withhold=withhold)

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        _in_force(self.connection).reader = None  # what was set since the savepoint is undone
