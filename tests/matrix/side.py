"""The pages that the people of a factory get, from the access matrix: a new one is looked at without being named."""

from tests.matrix.stage import Stage
from tests.matrix.table import ROWS, Row

FACTORY_PEOPLE = ("manager_a", "member_a", "representative_a")
# What is answered to them, too, and is no page: files, and answers to programs.
NO_PAGES = frozenset(
    {"grant_document", "health", "health_ready", "jwks", "ledger_roots", "receipt_json", "receipt_pdf"}
)


def pages_of(persona: str) -> list[Row]:
    """Return the rows of the pages that one of a factory's people gets."""
    found = [row for row in ROWS if row.method == "GET" and row.cells[persona] == "+"]
    return [row for row in found if not row.name.startswith("api") and row.name not in NO_PAGES]


def addresses_of(stage: Stage, persona: str) -> dict[str, str]:
    """Return the addresses of these pages, by name and place."""
    return {f"{row.name} {row.place}": stage.address(row.name, row.place) for row in pages_of(persona)}
