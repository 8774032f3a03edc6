"""The access decision: the one package that turns people and grants into "readable".

A person may read an assessment's data when one of these holds, and nothing else opens it (docs/rules.md):

1. they are a member of its factory, and it has been released to the factory;
2. they read for a brand that has a live grant from that factory, for that scope, covering that cycle, and the report
   of that cycle is published, past the grant's hold and not withheld by the factory (R6: where the country says so, a
   participant also needs a subscription). The unit of consent is the report of a cycle: a correction is visible to
   whoever can see the corrected version, and a replaced version becomes visible to nobody new (R51);
3. they are staff with a role in that country's programme, or an advisor assigned to that factory.

Three directions, one rule: `rows` (user -> rows, as a condition on any table that has the columns of `Subject`),
`decisions` (user + row -> yes or no, with the reason) and `readers` (row -> who). All three build on
the conditions of `grants.py`. Tests check what cannot build on them (`positions.py` in Python, the index in PostgreSQL)
against them; docs/architecture.md, "A condition of the decision", has the list.

Each takes a moment (`at`) and decides with the grants, settings, publications and people of that moment. For a future
moment, nothing is assumed to change until then. No history of role permissions is kept: those of today count.
"""

from sharing.access.conditions import Version, brands_reading_of, grants_opening, scopes_open_to_brand
from sharing.access.decisions import decide, decide_for_brand, explain_to_brand, explain_to_reader, openings
from sharing.access.people import AsBrand, AsBrandAfter, brands_read_for, factories_worked_on, own_factories
from sharing.access.publication import OPEN_TO_BRANDS, RELEASED_TO_FACTORY, Subject
from sharing.access.readers import readers, reading_memberships
from sharing.access.rows import (
    known_to,
    opened_after,
    opened_for_brand,
    proposed_to,
    readable_as_brand,
    readable_as_own,
    readable_as_staff,
    readable_by,
    readable_by_brand,
    scopes_readable,
    scopes_shared,
)
from sharing.scopes import ASSESSMENT_SCOPES

__all__ = [
    "ASSESSMENT_SCOPES",
    "OPEN_TO_BRANDS",
    "RELEASED_TO_FACTORY",
    "AsBrand",
    "AsBrandAfter",
    "Subject",
    "Version",
    "brands_read_for",
    "brands_reading_of",
    "decide",
    "decide_for_brand",
    "explain_to_brand",
    "explain_to_reader",
    "factories_worked_on",
    "grants_opening",
    "known_to",
    "opened_after",
    "opened_for_brand",
    "openings",
    "own_factories",
    "proposed_to",
    "readable_as_brand",
    "readable_as_own",
    "readable_as_staff",
    "readable_by",
    "readable_by_brand",
    "readers",
    "reading_memberships",
    "scopes_open_to_brand",
    "scopes_readable",
    "scopes_shared",
]
