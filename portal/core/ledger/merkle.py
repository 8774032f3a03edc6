"""Merkle trees as in RFC 6962: leaves and nodes hashed apart, any number of leaves, in the memory of one path."""

from collections.abc import Iterable
from hashlib import sha256

HASH_BYTES = 32


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf that says `data`."""
    return sha256(b"\x00" + data).digest()


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over the hashes of the leaves, in their order."""
    waiting: list[tuple[int, bytes]] = []  # full subtrees not yet joined: (how many leaves, root)
    for leaf in leaves:
        size, node = 1, leaf
        while waiting and waiting[-1][0] == size:
            node = sha256(b"\x01" + waiting.pop()[1] + node).digest()
            size *= 2
        waiting.append((size, node))
    if not waiting:
        return sha256(b"").digest()
    _size, root = waiting.pop()
    while waiting:
        root = sha256(b"\x01" + waiting.pop()[1] + root).digest()
    return root


def pieces(hashes: bytes) -> Iterable[bytes]:
    """The hashes that stand in `hashes`, one behind the other."""
    return (hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES))
