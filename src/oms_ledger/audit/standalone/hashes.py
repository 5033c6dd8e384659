"""The hashes of leaves and nodes, and the verification of proofs. RFC 6962 and RFC 9162."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterator, Sequence
from hashlib import sha256


class Unproven(Exception):
    """A proof, signature or format is not valid; the message names the fault."""


# Leaves and nodes.

INLINE_BYTES = 32_768
"""A longer state is represented by its SHA-256: a leaf in a C2SP entry bundle has at most 65,535
bytes."""

EMPTY_ROOT = sha256(b"").digest()

_BIGINT_FIELD = struct.Struct("!iq").pack
_LENGTH = struct.Struct("!i").pack
_SIX_FIELDS = b"\x00\x06"
_ABSENT = _LENGTH(-1)


def leaf(position: int, stream: str, version: int, type: str, state: bytes) -> bytes:
    """The bytes that are hashed for an event: six fields, each behind its length. Of the last two,
    the state and the SHA-256 of a long state, one is absent. This is a row of PostgreSQL's binary
    COPY, so that sealing hashes rows as they are received."""
    if len(state) <= INLINE_BYTES:
        kept = _field(state) + _ABSENT
    else:
        kept = _ABSENT + _field(sha256(state).digest())
    return b"".join(
        (
            _SIX_FIELDS,
            _BIGINT_FIELD(8, position),
            _field(stream.encode()),
            _BIGINT_FIELD(8, version),
            _field(type.encode()),
            kept,
        )
    )


def _field(value: bytes) -> bytes:
    return _LENGTH(len(value)) + value


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


# Proofs. Indexes count from 0: the event at position N is leaf N - 1.


def includes(root: bytes, size: int, index: int, leaf_hash: bytes, hashes: Sequence[bytes]) -> bool:
    """Whether the inclusion proof `hashes` proves the leaf at `index` in the tree of `size` leaves
    with this root. RFC 9162, 2.1.3.2."""
    if not 0 <= index < size or any(len(h) != 32 for h in hashes):
        return False
    node, last, result = index, size - 1, leaf_hash
    for each in hashes:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = node_hash(each, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, each)
        node, last = node >> 1, last >> 1
    return last == 0 and result == root


def extends(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, hashes: Sequence[bytes]
) -> bool:
    """Whether the consistency proof `hashes` proves that the tree of `old_size` leaves is a
    beginning of the tree of `new_size`. RFC 9162, 2.1.4.2; the empty tree is a beginning of any."""
    if not 0 <= old_size <= new_size or any(len(h) != 32 for h in hashes):
        return False
    if old_size == 0:
        return not hashes and old_root == EMPTY_ROOT and (new_size > 0 or new_root == EMPTY_ROOT)
    if old_size == new_size:
        return not hashes and old_root == new_root
    path = [old_root, *hashes] if old_size & (old_size - 1) == 0 else list(hashes)
    if not path:
        return False
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(each, old), node_hash(each, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, each)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def perfect_parts(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The leaves from `start` up to `end` as the fewest perfect subtrees: (start, height)."""
    while start < end:
        height = (end - start).bit_length() - 1
        if start:
            height = min(height, (start & -start).bit_length() - 1)
        yield start, height
        start += 1 << height


def fold(nodes: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees of falling height, left to right."""
    if not nodes:
        return EMPTY_ROOT
    root = nodes[-1]
    for left in reversed(nodes[:-1]):
        root = node_hash(left, root)
    return root


class PartialTree:
    """A tree to which perfect subtrees are appended. It holds one hash for each bit of its size."""

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []

    def add(self, height: int, node: bytes) -> None:
        """Append the root of a perfect subtree of 2^height leaves."""
        while self._peaks and self._peaks[-1][0] == height:
            node = node_hash(self._peaks.pop()[1], node)
            height += 1
        self._peaks.append((height, node))

    def add_parts(self, start: int, end: int, nodes: Sequence[bytes]) -> None:
        """Append the leaves from `start` up to `end` as the roots of their perfect subtrees.
        `Unproven` where the number of nodes is wrong."""
        parts = list(perfect_parts(start, end))
        if len(parts) != len(nodes) or any(len(node) != 32 for node in nodes):
            raise Unproven(f"the proof for leaves {start} to {end} has another number of hashes")
        for (_, height), node in zip(parts, nodes, strict=True):
            self.add(height, node)

    def root(self) -> bytes:
        """The root over all leaves so far."""
        return fold([node for _, node in self._peaks])


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def unb64(text: str) -> bytes:
    """The bytes of a base64 text; `Unproven` where it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Unproven(f"{text[:40]!r} is not base64") from None
