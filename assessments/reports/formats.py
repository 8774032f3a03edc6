"""The formats of reports, and the file that every renderer returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Format = Literal["pdf", "xlsx", "json", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)

CONTENT_TYPES: dict[Format, str] = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A finished report file."""

    content: bytes
    filename: str
    content_type: str
