"""Answers about reservations, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import Harmless, OrderId, ReservationId, Sku


class ReservationLineAnswer(TypedDict):
    sku: Sku
    quantity: int
    location: Harmless | None


class HeldUnitsAnswer(TypedDict):
    sku: Sku
    location: Harmless
    quantity: int


class ReservationStatusAnswer(TypedDict):
    """`status` is active, released, expired or used; `order_id` the order that was placed with it.
    `held` are the units that are held now, of kits those of their components."""

    reservation_id: ReservationId
    version: int
    status: Harmless
    sensitive: bool
    expires_at: Harmless
    channel: Harmless | None
    reference: str | None
    order_id: OrderId | None
    lines: list[ReservationLineAnswer]
    held: list[HeldUnitsAnswer]


class ReservationAnswer(ReservationStatusAnswer):
    created_at: Harmless
    updated_at: Harmless


class ReservationsAnswer(TypedDict):
    items: list[ReservationAnswer]
    next_cursor: Harmless | None
