"""One answer of one world: what was said, and the statements that were run to say it."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.test import Client

from tests.matrix.asking import send
from tests.worlds.masks import Mask, masked

SAVEPOINT = re.compile(r'"s\d+_x\d+"')  # a thread and a counter of Django's
READS = ("SELECT", "WITH", "EXECUTE")


@dataclass
class Answer:
    """What one person got at one address, part by part; each part is the lines that are compared."""

    status: int
    parts: dict[str, list[str]]
    content: bytes = b""  # as it came: of pages of lists, nothing masked


@dataclass
class Statements:
    """The statements run, without their values, and what each reading one read."""

    is_counting_blocks: bool
    texts: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Note a statement, and run it."""
        text = SAVEPOINT.sub("<savepoint>", str(sql))
        self.texts.append(text)
        if self.is_counting_blocks and text.lstrip("( ").startswith(READS):
            self.blocks.append(f"{_blocks_of(sql, params)} <- {text}")
        return execute(sql, params, many, context)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note what the app role runs."""
        with connection.execute_wrapper(self):
            yield


def _blocks_of(sql: Any, params: Any) -> str:
    """The blocks that a statement reads, and the shape of its plan; planning, and time, are left out."""
    with connection.connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT JSON) {sql}", params)
        plan = cursor.fetchone()[0][0]["Plan"]
    return f"{plan['Shared Hit Blocks'] + plan['Shared Read Blocks']} blocks, {' '.join(_shape(plan))}"


def _shape(plan: dict[str, Any]) -> Iterator[str]:
    yield plan["Node Type"]
    for inner in plan.get("Plans", ()):
        yield from _shape(inner)


def record(client: Client, url: str, masks: tuple[Mask, ...] = (), *, counts_blocks: bool = False) -> Answer:
    """Ask, and keep everything that the answer says."""
    statements = Statements(counts_blocks)
    with statements.noted():
        response, content = send(client, "GET", url, {})
    headers = [f"{name}: {value}" for name, value in sorted(response.headers.items())]
    headers += [f"Set-Cookie: {morsel.OutputString()}" for _name, morsel in sorted(response.cookies.items())]
    parts = {
        "status": [str(response.status_code)],
        "headers": headers,
        "body": lines_of(response.headers.get("Content-Type", ""), content),
        "statements": statements.texts,
        "blocks": statements.blocks,
    }
    return Answer(response.status_code, {name: _masked(lines, masks) for name, lines in parts.items()}, content)


def _masked(lines: list[str], masks: tuple[Mask, ...]) -> list[str]:
    """Return the lines, masked; without blank ones where a mask erases, since a template leaves some around a mark."""
    found = [masked(line, masks) for line in lines]
    return [line for line in found if line.strip()] if any(mask.erases for mask in masks) else found


def lines_of(kind: str, content: bytes) -> list[str]:
    """Return a body as lines: JSON with a line for each value, a PDF as its text, anything else byte for byte.

    Where pdftotext is not installed a PDF is compared byte for byte, too: the same data makes the same file.
    """
    if "json" in kind:
        with suppress(json.JSONDecodeError):  # one document a line, as the ledger's roots, is compared as text
            return json.dumps(json.loads(content or b"null"), indent=1, ensure_ascii=False).splitlines()
    if kind == "application/pdf":
        if shutil.which("pdftotext") is None:
            return [content.hex()]
        text = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=False)
        return text.stdout.decode().splitlines() if text.returncode == 0 else [content.hex()]
    return content.decode("utf-8", errors="backslashreplace").splitlines()
