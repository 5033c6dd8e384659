"""Evidence to take away: events with the bytes they are stored as, proofs, and a checkpoint.

JSON Lines, written as they are read, so that any length takes the same memory. What
`oms-ledger-verify` makes of them is in `standalone/exports.py`, the format in docs/audit.md.
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
class Against:
    """What an export is proven against: one signed checkpoint, and how keys were changed."""

    checkpoint: StoredCheckpoint
    rotations: tuple[str, ...]


def checkpoint_for(store: TreeStore, tree_size: int | None = None) -> Against:
    """The newest checkpoint, or the one of exactly this size. `NotFound` where there is none."""
    found = store.newest_checkpoint(tree_size)
    if found is None or (tree_size is not None and found.size != tree_size):
        wanted = "yet" if tree_size is None else f"of {tree_size} events"
        raise NotFound(f"There is no checkpoint {wanted}. Leave tree_size out for the newest.")
    rotations = tuple(key.rotation for key in store.signing_keys() if key.rotation)
    return Against(found, rotations)


def export_range(
    store: TreeStore, first: int, last: int, tree_size: int | None = None
) -> Iterator[str]:
    """The lines for the events from `first` to `last`, with one proof for all of them."""
    against, prover = checkpoint_for(store, tree_size), Prover(store)
    check_range(first, last, against.checkpoint.size)
    yield _header(against, {"range": [first, last]}, left=prover.parts(0, first - 1))
    for event in event_pages(store, first - 1, last):
        yield _line(_fields(event))
    right = prover.parts(last, against.checkpoint.size)
    yield _line({"right": [b64(h) for h in right]})
    yield _line({"end": {"events": last - first + 1}})


def check_range(first: int, last: int, size: int) -> None:
    """`Invalid` unless these events exist and are sealed."""
    if not 1 <= first <= last <= size:
        raise Invalid(
            f"The events {first} to {last} are not all among the {size} that are sealed."
            " Choose others, or wait a second for the sealer.",
            errors=[{"field": "range", "message": f"must lie within 1 to {size}"}],
        )


def export_order(store: TreeStore, order_id: str, tree_size: int | None = None) -> Iterator[str]:
    """The lines for an order: its own events, those of its shipments, and those of stock that
    name it. `NotFound` for an order that has no sealed event."""
    return _export(store, {"order": order_id}, {order_id}, tree_size)


def export_customer(
    store: TreeStore, customer_id: str, tree_size: int | None = None
) -> Iterator[str]:
    """The same for all orders that were placed for a customer's id."""
    orders = {
        start.stream.removeprefix("order-")
        for start in _starts(store, "order")
        if _customer_of(start) == customer_id
    }
    return _export(store, {"customer": customer_id}, orders, tree_size)


def _export(
    store: TreeStore, of: dict[str, Json], orders: set[str], tree_size: int | None
) -> Iterator[str]:
    against, prover = checkpoint_for(store, tree_size), Prover(store)
    size = against.checkpoint.size
    streams, first = _streams(store, orders)
    if not orders or not 1 <= first <= size:
        raise NotFound(f"Nothing that is sealed is of {json.dumps(of)}. Check the id.")
    yield _header(against, of)
    events = 0
    for event in event_pages(store, first - 1, size):
        if event.stream in streams or (
            event.stream.startswith("stock-") and names(event.state) & orders
        ):
            proof = prover.inclusion_hashes(event.position - 1, size)
            yield _line(_fields(event) | {"proof": [b64(h) for h in proof]})
            events += 1
    yield _line({"end": {"events": events}})


def names(state: bytes) -> set[str]:
    """The orders that an event's bytes name."""
    return {found.decode("utf-8", "replace") for found in _ORDER_ID.findall(state)}


def _streams(store: TreeStore, orders: set[str]) -> tuple[set[str], int]:
    """The streams that belong to these orders wholly, and the first position to look at: that
    of the first order, less some for stock that was allocated by the same command."""
    own = {f"order-{order}" for order in orders}
    starts = [s for s in _starts(store, "order") if s.stream in own]
    shipments = {s.stream for s in _starts(store, "shipment") if names(s.state) & orders}
    first = min((s.position for s in starts), default=0)
    return own | shipments, max(1, first - SAME_COMMAND) if first else 0


SAME_COMMAND = 10_000
"""More events than one command writes."""


def _starts(store: TreeStore, category: str) -> Iterator[StoredEvent]:
    after = ""
    while page := store.stream_starts(category, after, PAGE_STREAMS):
        yield from page
        after = page[-1].stream


def _customer_of(event: StoredEvent) -> str | None:
    """Whom an order was placed for; None where its bytes do not say so in clear."""
    try:
        customer = json.loads(event.state)["data"]["terms"]["customer"]
        found = customer["id"]
    except (ValueError, KeyError, TypeError):
        return None
    if isinstance(found, dict):
        found = found.get("personal")
    return found if isinstance(found, str) else None


def _header(against: Against, of: dict[str, Json], left: list[bytes] | None = None) -> str:
    header: dict[str, Json] = {
        "export": FORMAT,
        "of": of,
        "checkpoint": against.checkpoint.note,
        "rotations": list(against.rotations),
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
