"""Histories for tests: events as a ledger would have recorded them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from oms_ledger.kernel import Event, Meta, Recorded

START = datetime(2026, 1, 1, tzinfo=UTC)
"""The time at which the first event of a history is recorded; each next one is a second later."""


def recorded(events: Iterable[Event], occurred_at: datetime | None = None) -> list[Recorded]:
    """A history of these events: positions from 1, versions by stream, one event a second."""
    versions: dict[str, int] = {}
    history = []
    for position, event in enumerate(events, start=1):
        stream = event.stream
        versions[stream] = versions.get(stream, 0) + 1
        at = START + timedelta(seconds=position - 1)
        meta = Meta(at, "tester", "Test", f"c{position}", "c1", "c1", occurred_at)
        history.append(Recorded(position, stream, versions[stream], event, meta))
    return history
