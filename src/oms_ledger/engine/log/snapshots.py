"""Snapshots of streams: a folded state as JSON, with a checksum over all that is stored of it.

A snapshot only saves the folding of events. One that does not have its checksum, or that cannot be
read, is left alone, logged and counted, and the events are folded instead.
"""

from __future__ import annotations

import hashlib
from threading import Lock

import msgspec
import structlog

from oms_ledger.engine.log import codec
from oms_ledger.engine.log.store import FoldedStream, SnapshotRow
from oms_ledger.kernel import Position, State

log = structlog.get_logger(__name__)

NEWEST = 2**63 - 1
"""The bound on the version of the first snapshot to look for."""


def snapshot(stream: str, position: Position, state: State) -> SnapshotRow:
    """The row to store of a state. `position`: of the newest event folded into it."""
    shape, stored = codec.SHAPES[_category(stream)], codec.encode_state(state)
    checksum = _checksum(stream, state.version, position, shape, stored)
    return SnapshotRow(stream, state.version, position, shape, stored, checksum)


def shape_of(stream: str) -> str:
    """The shape of the snapshots of a stream that this program reads; empty for none."""
    return codec.SHAPES.get(_category(stream), "")


class SnapshotDecoder:
    """Decodes the snapshots of one ledger and counts those that are `damaged`. Used by any number
    of threads."""

    def __init__(self) -> None:
        self.damaged = 0
        self._lock = Lock()

    def decode(self, row: SnapshotRow) -> FoldedStream | None:
        """The state in a snapshot; None where the snapshot is damaged. `row.position` is that of
        the event with the snapshot's version, or 0 where the log has none there."""
        fault = fault_in(row)
        if isinstance(fault, State):
            return FoldedStream(row.stream, row.version, fault, len(row.state))
        with self._lock:
            self.damaged += 1
        log.warning(
            "snapshot_damaged",
            category=_category(row.stream),
            version=row.version,
            fault=fault,
            detail="The events are folded instead. Run `oms-ledger verify`.",
        )
        return None


def fault_in(row: SnapshotRow) -> State | str:
    """The state in a snapshot, or what is wrong with the snapshot, in a few words."""
    if row.position == 0:
        return "no event of the log has its version and position"
    expected = _checksum(row.stream, row.version, row.position, row.shape, row.state)
    if row.checksum != expected:
        return "its checksum is another"
    try:
        state = codec.decode_state(_category(row.stream), row.state)
    except (msgspec.MsgspecError, LookupError, UnicodeDecodeError, RecursionError):
        return "it cannot be decoded"
    return state if state.version == row.version else "its state has another version"


def _checksum(stream: str, version: int, position: int, shape: str, state: bytes) -> bytes:
    named = msgspec.json.encode([stream, version, position, shape])
    return hashlib.sha256(named + b"\n" + state).digest()


def _category(stream: str) -> str:
    return stream.split("-", 1)[0]
