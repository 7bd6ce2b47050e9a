"""The Merkle tree of RFC 6962 over a log's entries: heads, and proofs that anybody can check without the log.

Source: RFC 6962 section 2.1 (https://www.rfc-editor.org/rfc/rfc6962#section-2.1); the ways to check proofs are those of
RFC 9162 sections 2.1.3.2 and 2.1.4.2. Hashes are SHA-256, 32 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()
"""The head of a log without entries."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry; it cannot be taken for the hash of a branch."""
    return sha256(b"\x00" + entry).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The head over these leaf hashes, in order."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


class Tree:
    """A tree that grows leaf by leaf and keeps only the heads of its complete subtrees: log2(size) hashes at most.

    With `heads` and `size` it goes on where another one was.
    """

    __slots__ = ("heads", "size")

    def __init__(self, heads: Iterable[bytes] = (), *, size: int = 0) -> None:
        self.size = size
        self.heads = list(heads)  # of complete subtrees, the largest and leftmost first
        if len(self.heads) != size.bit_count():
            raise ValueError("a tree of this size has another number of complete subtrees")

    def add(self, leaf: bytes) -> None:
        """Append a leaf hash."""
        heads = self.heads
        bits = self.size
        while bits & 1:  # every complete subtree as large as the new one becomes one with it
            leaf = sha256(b"\x01" + heads.pop() + leaf).digest()
            bits >>= 1
        heads.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The head over everything added so far."""
        if not self.heads:
            return EMPTY
        found = self.heads[-1]
        for head in reversed(self.heads[:-1]):
            found = _branch(head, found)
        return found


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from the leaf at `index` to the head over all leaves, from the bottom up.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"the log has {len(leaves)} entries, and none with index {index}")
    proof: list[bytes] = []
    first, end = 0, len(leaves)
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            proof.append(root(leaves[middle:end]))
            end = middle
        else:
            proof.append(root(leaves[first:middle]))
            first = middle
    return proof[::-1]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """The hashes that show the head over all leaves to be a continuation of the head over the first `old_size`.

    Raises:
        IndexError: the old size is 0 or larger than the log.
    """
    if not 0 < old_size <= len(leaves):
        raise IndexError(f"the log has {len(leaves)} entries, and its head at {old_size} cannot be shown")
    proof: list[bytes] = []
    first, end, whole = 0, len(leaves), True
    while old_size != end:
        middle = first + _split(end - first)
        if old_size <= middle:
            proof.append(root(leaves[middle:end]))
            end = middle
        else:
            proof.append(root(leaves[first:middle]))
            first, whole = middle, False
    if not whole:
        proof.append(root(leaves[first:end]))
    return proof[::-1]


def included(leaf: bytes, index: int, *, size: int, head: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that the leaf hash stands at `index` in the log of `size` entries with this head."""
    if not 0 <= index < size:
        return False
    found, node, last = leaf, index, size - 1
    for step in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = _branch(step, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = _branch(found, step)
        node, last = node >> 1, last >> 1
    return last == 0 and found == head


def _branch(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1
