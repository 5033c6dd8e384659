"""Answers about inbound deliveries, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import Harmless, Sku


class InboundLineAnswer(TypedDict):
    """Units. `awaited` are still to come, `over` came beyond those `ordered`. `unit_cost` is
    decimal text in `currency`."""

    sku: Sku
    ordered: int
    received: int
    damaged: int
    awaited: int
    over: int
    unit_cost: str | None
    currency: Harmless | None


class InboundAnswer(TypedDict):
    """`status` is expected, partially_received, received, closed or cancelled."""

    inbound_id: Harmless
    version: int
    status: Harmless
    location: Harmless
    expected_at: Harmless
    supplier: str | None
    reference: str | None
    lines: list[InboundLineAnswer]


class InboundDetailAnswer(InboundAnswer):
    created_at: Harmless
    received_at: Harmless | None
    updated_at: Harmless


class InboundListAnswer(TypedDict):
    items: list[InboundDetailAnswer]
    next_cursor: Harmless | None


class IncomingUnitsAnswer(TypedDict):
    """Units of a SKU that are expected at a location. `source` is the id of an inbound delivery or
    a transfer."""

    sku: Sku
    location: Harmless
    source: Harmless
    quantity: int
    expected_at: Harmless | None


class IncomingAnswer(TypedDict):
    items: list[IncomingUnitsAnswer]
    next_cursor: Harmless | None
