"""Imports of past orders, made short to write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from oms_commands.orders.import_order import ImportOrder
from oms_ledger.domain.identifiers import order_id_for
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, Decision, given
from tests.commands.shop import SHELF

PLACED = CONTEXT.now - timedelta(days=400)
OWN = order_id_for("web", "old-1", "")


def day(n: int) -> datetime:
    return PLACED + timedelta(days=n)


def past(**more: object) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "channel": "web",
        "external_id": "old-1",
        "currency": "GBP",
        "placed_at": PLACED,
        "lines": [{"sku": "A", "quantity": 6, "unit_price": "2.55"}],
    }
    return fields | more


def imported(*before: Event, **more: object) -> Decision:
    return given(*(before or SHELF)).when(ImportOrder, **past(**more))


SHIPPED: dict[str, Any] = {"location": "LON", "dispatched_at": day(1), "delivered_at": day(3)}


def kinds(decision: Decision) -> list[type[Event]]:
    return [type(event) for event in decision.events]


def only(decision: Decision, *kind: type[Event]) -> list[Event]:
    return [event for event in decision.events if isinstance(event, kind)]


def line(decision: Decision) -> Mapping[str, Any]:
    """The first line of the answer."""
    lines: Any = decision.answer["lines"]
    first: Mapping[str, Any] = lines[0]
    return first


def status(decision: Decision) -> str:
    statuses: Any = decision.answer["status"]
    return str(statuses["order"])


def bank(**more: object) -> list[dict[str, object]]:
    return [{"provider": "bank", "reference": "17", "amount": "15.30", **more}]
