"""The padded tree over the hashes of one seal or one day, which does not reveal how many they are.

Each hash is paired with a random one (its salt), so that a person who sees the hash of a neighbour in a proof cannot
find out by trial what it represents. Random leaves fill the tree up to the next power of four, at least 1,024. The
leaves are in the order of their own hashes, which are all random: a real one is as likely in any place as padding.

All of the randomness is derived from the 32 random bytes that are stored with the seal or day (SHAKE-256), so the same
tree can be built again.
"""

from hashlib import shake_256

from portal.ledger.merkle import HASH_BYTES, Step, node_hash, path_to, pieces, root_of

FEWEST_LEAVES = 1024
NONCE_BYTES = 32


def padded_size(count: int) -> int:
    """Return how many leaves the tree over `count` hashes has."""
    size = FEWEST_LEAVES
    while size < count:
        size *= 4
    return size


def padded_root(hashes: bytes, nonce: bytes) -> bytes:
    """Return the root of the padded tree over `hashes` (one after the other)."""
    return root_of(_leaves(hashes, nonce))


def padded_path(hashes: bytes, nonce: bytes, place: int) -> list[Step]:
    """Return the steps from the hash at `place` in `hashes` to the root of their padded tree."""
    start = place * HASH_BYTES
    own, salt = hashes[start : start + HASH_BYTES], _noise(hashes, nonce)[start : start + HASH_BYTES]
    leaves = _leaves(hashes, nonce)
    return [("right", salt.hex()), *path_to(leaves, leaves.index(node_hash(own, salt)))]


def _leaves(hashes: bytes, nonce: bytes) -> list[bytes]:
    noise = _noise(hashes, nonce)
    salts, padding = noise[: len(hashes)], noise[len(hashes) :]
    salted = [node_hash(own, salt) for own, salt in zip(pieces(hashes), pieces(salts), strict=True)]
    return sorted(salted + pieces(padding))


def _noise(hashes: bytes, nonce: bytes) -> bytes:
    """Return random bytes for the whole tree: the salts of its hashes, then the leaves of the padding."""
    size = padded_size(len(hashes) // HASH_BYTES)
    return shake_256(b"portal.ledger.noise," + nonce).digest(size * HASH_BYTES)
