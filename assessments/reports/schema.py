"""The JSON export, and the JSON Schema that it follows (`report.schema.json`, draft 2020-12).

The schema is a promise to those who read our files with a program: within one `schema_version` fields are
added, never renamed or removed.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import json
from pathlib import Path
from typing import Any

from assessments.reports.document import SCOPES, ReaderStamp, ReportDocument

SCHEMA_PATH = Path(__file__).parent / "report.schema.json"
SCHEMA_VERSION = "1.0"


def render_json(document: ReportDocument, stamp: ReaderStamp) -> bytes:
    """Return the document and the reader of this copy, as UTF-8 JSON; dates are ISO 8601, rates 0 to 1 or null."""
    content = {"schema_version": SCHEMA_VERSION, "copy": dataclasses.asdict(stamp), **dataclasses.asdict(document)}
    return json.dumps(content, ensure_ascii=False, indent=1, default=_iso).encode()


@functools.cache
def report_schema() -> dict[str, Any]:
    """Return the published JSON Schema; a scope that is added widens it."""
    schema: dict[str, Any] = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    schema["properties"]["scope"]["enum"] = list(SCOPES)
    return schema


def _iso(value: object) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"A report cannot hold {type(value).__name__}.")
