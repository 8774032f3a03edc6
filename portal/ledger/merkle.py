"""Full Merkle trees with the hashes of RFC 6962: leaves and nodes are hashed differently; a power of two of leaves."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
# One step of a path: on which side the other hash is, and that hash in hexadecimal.
Step = tuple[str, str]
NO_PATH = "A path is a list of steps: left or right, and a hash in hexadecimal."


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf that contains `data`."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two hashes."""
    return sha256(b"\x01" + left + right).digest()


def root_of(level: Sequence[bytes]) -> bytes:
    """Return the root over the hashes of the leaves, in their order: one, two, four, eight, ... of them."""
    while len(level) > 1:
        level = _level_above(level)
    return level[0]


def path_to(level: Sequence[bytes], place: int) -> list[Step]:
    """Return the steps from the leaf at `place` to the root."""
    steps: list[Step] = []
    while len(level) > 1:
        steps.append(("left" if place % 2 else "right", level[place ^ 1].hex()))
        level, place = _level_above(level), place // 2
    return steps


def climb(start: bytes, steps: Iterable[Sequence[str]]) -> bytes:
    """Return the hash at the end of a path. Raises `ValueError` for an invalid path."""
    reached = start
    for step in steps:
        try:
            side, other = step[0], bytes.fromhex(step[1])
        except (ValueError, TypeError, IndexError) as error:
            raise ValueError(NO_PATH) from error
        if len(step) != 2 or len(other) != HASH_BYTES or other.hex() != step[1] or side not in {"left", "right"}:
            raise ValueError(NO_PATH)
        reached = node_hash(other, reached) if side == "left" else node_hash(reached, other)
    return reached


def _level_above(level: Sequence[bytes]) -> list[bytes]:
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=True)]


def pieces(hashes: bytes) -> list[bytes]:
    """Return the hashes that `hashes` contains, one after the other."""
    return [hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES)]
