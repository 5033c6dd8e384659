"""Exports as JSON Lines: events with their stored bytes, proofs, and a checkpoint.

Lines are written as events are read, so that memory does not grow with the export. The format is
described in docs/audit.md; `standalone/exports.py` verifies it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from oms_ledger.audit.standalone.exports import FORMAT
from oms_ledger.audit.standalone.hashes import b64
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.audit.tree.store import StoredCheckpoint, StoredEvent, TreeStore, event_pages
from oms_ledger.domain.errors import Invalid, NotFound
from oms_ledger.kernel import Json

PAGE_STREAMS = 2000

_ORDER_ID = re.compile(rb'"order_id":"([^"\\]+)"')


@dataclass(frozen=True, slots=True)
class ExportAnchor:
    """The signed checkpoint that an export is proven against, and the notes of key rotations."""

    checkpoint: StoredCheckpoint
    rotations: tuple[str, ...]


def checkpoint_for(store: TreeStore, tree_size: int | None = None) -> ExportAnchor:
    """The newest checkpoint, or the one of exactly `tree_size`. `NotFound` where there is none."""
    newest = store.newest_checkpoint(tree_size)
    if newest is None or (tree_size is not None and newest.size != tree_size):
        wanted = "yet" if tree_size is None else f"of {tree_size} events"
        raise NotFound(f"There is no checkpoint {wanted}. Leave tree_size out for the newest.")
    rotations = tuple(key.rotation for key in store.signing_keys() if key.rotation)
    return ExportAnchor(newest, rotations)


def export_range(
    store: TreeStore, first: int, last: int, tree_size: int | None = None
) -> Iterator[str]:
    """The lines of an export of the events from `first` to `last`, with one proof for all."""
    anchor, prover = checkpoint_for(store, tree_size), Prover(store)
    check_range(first, last, anchor.checkpoint.size)
    yield _header(anchor, {"range": [first, last]}, left=prover.parts(0, first - 1))
    for event in event_pages(store, first - 1, last):
        yield _line(_fields(event))
    right = prover.parts(last, anchor.checkpoint.size)
    yield _line({"right": [b64(h) for h in right]})
    yield _line({"end": {"events": last - first + 1}})


def check_range(first: int, last: int, size: int) -> None:
    """`Invalid` unless the events from `first` to `last` are among the first `size`."""
    if not 1 <= first <= last <= size:
        raise Invalid(
            f"The events {first} to {last} are not all among the {size} that are sealed."
            " Choose others, or wait a second for the sealer.",
            errors=[{"field": "range", "message": f"must lie within 1 to {size}"}],
        )


def export_order(store: TreeStore, order_id: str, tree_size: int | None = None) -> Iterator[str]:
    """The lines of an export of an order: its events, those of its shipments, and those of stock
    that name it. `NotFound` for an order without a sealed event."""
    return _export(store, {"order": order_id}, {order_id}, tree_size)


def export_customer(
    store: TreeStore, customer_id: str, tree_size: int | None = None
) -> Iterator[str]:
    """The lines of an export of all orders that were placed for a customer id."""
    orders = {
        start.stream.removeprefix("order-")
        for start in _starts(store, "order")
        if _customer_of(start) == customer_id
    }
    return _export(store, {"customer": customer_id}, orders, tree_size)


def _export(
    store: TreeStore, of: dict[str, Json], orders: set[str], tree_size: int | None
) -> Iterator[str]:
    anchor, prover = checkpoint_for(store, tree_size), Prover(store)
    size = anchor.checkpoint.size
    streams, first = _streams(store, orders)
    if not orders or not 1 <= first <= size:
        raise NotFound(f"Nothing that is sealed is of {json.dumps(of)}. Check the id.")
    yield _header(anchor, of)
    events = 0
    for event in event_pages(store, first - 1, size):
        if event.stream in streams or (
            event.stream.startswith("stock-") and order_ids(event.state) & orders
        ):
            proof = prover.inclusion_hashes(event.position - 1, size)
            yield _line(_fields(event) | {"proof": [b64(h) for h in proof]})
            events += 1
    yield _line({"end": {"events": events}})


def order_ids(state: bytes) -> set[str]:
    """The order ids in the bytes of an event."""
    return {each.decode("utf-8", "replace") for each in _ORDER_ID.findall(state)}


def _streams(store: TreeStore, orders: set[str]) -> tuple[set[str], int]:
    """The streams of these orders and their shipments, and the first position to read: that of the
    first order, less SAME_COMMAND for stock allocated by the command that placed it. 0 where none
    of the orders exists."""
    own = {f"order-{order}" for order in orders}
    starts = [s for s in _starts(store, "order") if s.stream in own]
    shipments = {s.stream for s in _starts(store, "shipment") if order_ids(s.state) & orders}
    first = min((s.position for s in starts), default=0)
    return own | shipments, max(1, first - SAME_COMMAND) if first else 0


SAME_COMMAND = 10_000
"""More than the events of any one command."""


def _starts(store: TreeStore, category: str) -> Iterator[StoredEvent]:
    after = ""
    while page := store.stream_starts(category, after, PAGE_STREAMS):
        yield from page
        after = page[-1].stream


def _customer_of(event: StoredEvent) -> str | None:
    """The customer id in the first event of an order; None without one in clear text."""
    try:
        customer = json.loads(event.state)["data"]["terms"]["customer"]
        customer_id = customer["id"]
    except (ValueError, KeyError, TypeError):
        return None
    if isinstance(customer_id, dict):
        customer_id = customer_id.get("personal")
    return customer_id if isinstance(customer_id, str) else None


def _header(anchor: ExportAnchor, of: dict[str, Json], left: list[bytes] | None = None) -> str:
    header: dict[str, Json] = {
        "export": FORMAT,
        "of": of,
        "checkpoint": anchor.checkpoint.note,
        "rotations": list(anchor.rotations),
    }
    if left is not None:
        header["left"] = [b64(h) for h in left]
    return _line(header)


def _fields(event: StoredEvent) -> dict[str, Json]:
    return {
        "position": event.position,
        "stream": event.stream,
        "version": event.version,
        "type": event.type,
        "state": b64(event.state),
    }


def _line(row: dict[str, Json]) -> str:
    return json.dumps(row, separators=(",", ":")) + "\n"
