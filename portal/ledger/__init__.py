"""A ledger that cannot be quietly edited.

The append-only tables (sources) are sealed every few minutes: the hashes of the rows that are new become the leaves
of a Merkle tree, its root is signed together with the hash of the seal before (`sealing`). Once a day one root over
the day's seals is published (`days`, `roots`). The trees are padded, so nothing published counts anything (`padding`).
`proving` shows a row's holder the path to those roots. `verifying` recomputes all of it and names what was altered,
removed or slipped in; apps above add what they compare (`checks`). What was sealed last is also kept outside the
database (`remembering`). Whoever holds a copy of the published roots can prove that even somebody with every right on
this machine rewrote nothing that was sealed by then.

Why rows are listed and not counted, and what that proves: docs/decisions/0021. Why trees are padded and days are
published: docs/decisions/0033.
"""

from portal.ledger.sources import Source, register_source, source_of, sources

__all__ = ["Source", "register_source", "source_of", "sources"]
