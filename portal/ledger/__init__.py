"""A ledger that cannot be quietly edited.

The append-only tables (sources) are sealed every few minutes: the hashes of the new rows become the leaves of a Merkle
tree, and its root is signed together with the hash of the seal before (`sealing`). Once a day one root over the day's
seals is published (`days`, `roots`). The trees are padded, so that nothing published reveals a count (`padding`).
`proving` shows a row's holder the path to those roots. `verifying` recomputes all of it and names what was altered,
removed or inserted; apps above add their own comparisons (`checks`). What was sealed last is also kept outside the
database (`remembering`). Anyone with a copy of the published roots can prove that nobody, not even somebody with every
right on this machine, rewrote anything that was sealed by then.

Why rows are listed and not counted, and what that proves: docs/decisions/0021. Why trees are padded and days are
published: docs/decisions/0033.
"""

from portal.ledger.sources import Source, register_source, source_of, sources

__all__ = ["Source", "register_source", "source_of", "sources"]
