"""A ledger that cannot be quietly edited.

The append-only tables (sources) are sealed every few minutes: the hashes of the rows that are new become the leaves
of a Merkle tree, its root is signed together with the hash of the seal before (`sealing`). `verifying` recomputes all
of it and names what was altered, removed or slipped in. Whoever holds a copy of the signed roots (`roots`) can prove
that even somebody with every right on this machine rewrote nothing that was sealed by then.

Why rows are listed and not counted, and what that proves: docs/decisions/0021.
"""

from portal.core.ledger.sources import Source, register_source, sources

__all__ = ["Source", "register_source", "sources"]
