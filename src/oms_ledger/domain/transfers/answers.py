"""Answers about transfers, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import Harmless, Sku


class TransferLineAnswer(TypedDict):
    """Units. Those `in_transit` were shipped and have not arrived. Of those `received`, `damaged`
    arrived damaged and `surplus` are more than were shipped."""

    sku: Sku
    requested: int
    shipped: int
    in_transit: int
    received: int
    damaged: int
    surplus: int
    lost: int
    reason: str | None


class TransferAnswer(TypedDict):
    """`status` is draft, in_transit, partially_received, received, closed or cancelled."""

    transfer_id: Harmless
    version: int
    status: Harmless
    from_location: Harmless
    to_location: Harmless
    expected_at: Harmless | None
    reference: str | None
    lines: list[TransferLineAnswer]


class TransferDetailAnswer(TransferAnswer):
    created_at: Harmless
    shipped_at: Harmless | None
    received_at: Harmless | None
    updated_at: Harmless


class TransfersAnswer(TypedDict):
    items: list[TransferDetailAnswer]
    next_cursor: Harmless | None
