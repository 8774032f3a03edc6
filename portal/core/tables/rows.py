"""Numbered rows of text, whatever kind of file they come from."""

from collections.abc import Iterator
from typing import BinaryIO


class Rows:
    """The rows of a file, numbered from 1, of the `sheet` that is read. `other_sheets` are visible, and not read."""

    sheet = ""
    other_sheets: tuple[str, ...] = ()

    def __init__(self, file: BinaryIO, rows: Iterator[tuple[int, list[str]]]) -> None:
        self._file, self._rows = file, rows

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        return self._rows

    def position(self) -> int:
        """Return how many bytes were taken from the file so far; of an archive it is approximate."""
        return 0 if self._file.closed else self._file.tell()
