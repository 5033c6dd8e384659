"""The log in memory, for quick trials of rules. As the store in PostgreSQL, but not durable."""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import UTC, datetime

from oms_ledger.engine.log.store import (
    Batch,
    BatchRejected,
    EventRow,
    Head,
    LoadedRows,
    LoadRequest,
    Receipt,
)


class MemoryLog:
    """The log that several stores share, as processes share a database."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.events: list[EventRow] = []
        self.streams: dict[str, list[EventRow]] = defaultdict(list)
        self.receipts: dict[tuple[str, str], Receipt] = {}
        self.recorded_at = datetime(2000, 1, 1, tzinfo=UTC)

    def head(self) -> Head:
        return Head(len(self.events), self.recorded_at)


class MemoryStore:
    def __init__(self, log: MemoryLog | None = None) -> None:
        self.log = log or MemoryLog()
        self._holds_lock = False

    def begin(self, request: LoadRequest) -> tuple[Head, LoadedRows]:
        self.log.lock.acquire()
        self._holds_lock = True
        return self.log.head(), self.load(request)

    def load(self, request: LoadRequest) -> LoadedRows:
        versions = dict(request.streams)
        for stream in list(self.log.streams):
            if stream.split("-", 1)[0] in request.categories:
                versions.setdefault(stream, 0)
        return LoadedRows(
            events=[e for s, version in versions.items() for e in self._after(s, version)],
            receipts=[self.log.receipts[k] for k in request.receipts if k in self.log.receipts],
            names=self._names(tuple(request.prefixes)) if request.prefixes else (),
        )

    def _names(self, prefixes: tuple[str, ...]) -> list[str]:
        return [stream for stream in self.log.streams if stream.startswith(prefixes)]

    def _after(self, stream: str, version: int) -> list[EventRow]:
        return self.log.streams[stream][version:] if stream in self.log.streams else []

    def commit(self, head: Head, batch: Batch) -> None:
        try:
            self._check(head, batch)
            for row in batch.events:
                self.log.events.append(row)
                self.log.streams[row.stream].append(row)
            for receipt in batch.receipts:
                self.log.receipts[receipt.scope, receipt.key] = receipt
            self.log.recorded_at = batch.recorded_at
        finally:
            self.rollback()

    def _check(self, head: Head, batch: Batch) -> None:
        if head.position != len(self.log.events):
            raise BatchRejected("the head moved under the lock")
        versions: dict[str, int] = {}
        for offset, row in enumerate(batch.events, start=1):
            expected = versions.get(row.stream, len(self.log.streams.get(row.stream, ()))) + 1
            if row.version != expected or row.position != head.position + offset:
                raise BatchRejected(f"version {row.version} of {row.stream} is not next")
            versions[row.stream] = row.version

    def rollback(self) -> None:
        if self._holds_lock:
            self._holds_lock = False
            self.log.lock.release()

    def contains(self, row: EventRow) -> bool:
        with self.log.lock:
            at = row.position - 1
            return at < len(self.log.events) and self.log.events[at] == row

    def close(self) -> None:
        """Nothing to close."""
