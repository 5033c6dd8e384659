"""Made-up histories: events as a ledger would have recorded them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from oms_ledger.domain.catalogue.state import channel_key
from oms_ledger.domain.customers.retention import POLICY
from oms_ledger.domain.registry import STATES
from oms_ledger.kernel import Event, Meta, Recorded

START = datetime(2026, 1, 1, tzinfo=UTC)
"""When the first event of a made-up history is recorded; one more second for each further."""

KEYS: dict[str, Callable[[Event], str]] = {
    "order": lambda e: _said(e, "order_id"),
    "stock": lambda e: f"{_said(e, 'sku')}@{_said(e, 'location')}",
    "shipment": lambda e: _said(e, "shipment_id"),
    "location": lambda e: _said(e, "code"),
    "product": lambda e: _said(e, "sku"),
    "customer": lambda e: _said(e, "customer_id"),
    "channel": lambda e: channel_key(_said(e, "channel")),
    "retention": lambda _: POLICY,
}


def _said(event: Event, name: str) -> str:
    return str(getattr(event, name))


def stream_of(event: Event) -> str:
    """The stream an event belongs to, told from its name and its fields."""
    category = event.type.split(".")[0]
    if category not in STATES:
        raise ValueError(f"{event.type} names no kind of stream; known are {sorted(STATES)}")
    return f"{category}-{KEYS[category](event)}"


def recorded(events: Iterable[Event], occurred_at: datetime | None = None) -> list[Recorded]:
    """A history of these events: positions from 1, versions by stream, one event a second."""
    versions: dict[str, int] = {}
    history = []
    for position, event in enumerate(events, start=1):
        stream = stream_of(event)
        versions[stream] = versions.get(stream, 0) + 1
        at = START + timedelta(seconds=position - 1)
        meta = Meta(at, "tester", "Test", f"c{position}", "c1", "c1", occurred_at)
        history.append(Recorded(position, stream, versions[stream], event, meta))
    return history
