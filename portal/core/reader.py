"""The reader: on whose behalf the database is read, decided in this one place (docs/decisions/0039).

`reading_as` names the reader for a block of code: an account (`account_reader`) or a named reader, such as a task or
somebody who is not signed in. The database connection (`portal.core.postgres`) passes it to PostgreSQL in the same
round trip as the first statement of each transaction, as `portal.reader`, for that transaction alone: nothing is left
on the connection for its next user. Without a reader nothing is set. Rights do not depend on it yet.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SETTING = "portal.reader"
ANONYMOUS = "anonymous"  # nobody is signed in
SIGN_IN = "sign-in"  # while it is determined who asks
_WORD = re.compile(r"[a-z0-9_.-]+(:[A-Za-z0-9_.-]+)?")  # nothing that SQL or a placeholder would interpret

Reader = Callable[[], str]
_current: ContextVar[Reader | None] = ContextVar("reader", default=None)


def account_reader(pk: int) -> str:
    """Return the reader for the account with this key."""
    return f"account:{pk}"


def named_reader(kind: str, name: str) -> str:
    """Return a reader that is no person: `kind` is "task" or "command"."""
    return f"{kind}:{name}"


def current_reader() -> str:
    """Return on whose behalf the next statement is run, "" for nobody's. Raises `ValueError` for a malformed word."""
    find = _current.get()
    word = find() if find else ""
    if word and not _WORD.fullmatch(word):
        raise ValueError(f"{word!r} cannot name a reader.")
    return word


@contextmanager
def reading_as(reader: str | Reader) -> Iterator[None]:
    """Read the database on behalf of `reader` in this block.

    A function is called before each statement: in a request it only becomes known on the way who asks.
    """
    token = _current.set(reader if callable(reader) else lambda: reader)
    try:
        yield
    finally:
        _current.reset(token)


def streamed_as(reader: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what is made on behalf of `reader`, long after the block that began it: each chunk is asked for anew."""
    remaining = iter(chunks)
    while True:
        with reading_as(reader):
            chunk = next(remaining, None)
        if chunk is None:
            return
        yield chunk
