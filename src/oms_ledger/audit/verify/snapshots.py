"""Compares each snapshot of a stream with the fold of the stream's events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import msgspec

from oms_ledger.audit.verify.findings import Finding, shortened
from oms_ledger.audit.verify.report import Check
from oms_ledger.engine.log.snapshots import fault_in
from oms_ledger.engine.log.store import SnapshotRow
from oms_ledger.engine.read.reader import Readers
from oms_ledger.kernel import Log, State

KIND = "snapshot_differs"

EVENTS_PAGE = 1000


def check_snapshots(readers: Readers) -> Check:
    """The snapshots that this program reads. A stream is folded once for all of its snapshots; one
    whose events cannot be folded has a finding of the log instead."""
    count, findings, log = 0, list[Finding](), readers.log()
    for stream, rows in groupby(readers.snapshots(), key=lambda row: row.stream):
        of_stream = [row for row in rows if row.position <= log.position]
        count += len(of_stream)
        findings += _differences(log, stream, of_stream)
    about = "snapshots: each is the fold of its stream's events, and has its checksum"
    return Check("snapshots", about, count, tuple(shortened(KIND, findings)))


def _differences(log: Log, stream: str, rows: Iterable[SnapshotRow]) -> Iterator[Finding]:
    folded: State | None = None
    for row in rows:
        stored = fault_in(row)
        if isinstance(stored, str):
            yield _finding(row, stored)
            continue
        folded = folded or type(stored)()
        try:
            _fold(log, stream, folded, row.version)
        except (msgspec.MsgspecError, LookupError, ValueError, TypeError):
            return
        if stored != folded:
            yield _finding(row, "its state is another than that of the events")


def _fold(log: Log, stream: str, state: State, until: int) -> None:
    """Fold the events of a stream up to a version into a state."""
    while state.version < until:
        limit = min(EVENTS_PAGE, until - state.version)
        page = log.history(stream, state.version, limit)
        if not page:
            return
        for recorded in page:
            state.apply(recorded.event)
            state.version = recorded.version


def _finding(row: SnapshotRow, fault: str) -> Finding:
    text = f"the snapshot of {row.stream} at version {row.version}: {fault}"
    return Finding(
        KIND,
        text,
        stream=row.stream,
        expected=f"the fold of the stream's {row.version} first events",
        actual=fault,
    )
