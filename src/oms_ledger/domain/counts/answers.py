"""Answers about counts, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import Harmless, Sku


class CountLineAnswer(TypedDict):
    """`on_hand` are the recorded units at the moment of counting, `variance` the counted units less
    these. Both are null before the SKU was counted: the count is blind."""

    sku: Sku
    counted: int | None
    on_hand: int | None
    variance: int | None


class CountAnswer(TypedDict):
    """`status` is requested, counting, counted, approved or cancelled."""

    count_id: Harmless
    version: int
    status: Harmless
    location: Harmless
    reference: str | None
    lines: list[CountLineAnswer]


class CountDetailAnswer(CountAnswer):
    created_at: Harmless
    closed_at: Harmless | None
    updated_at: Harmless


class CountsAnswer(TypedDict):
    items: list[CountDetailAnswer]
    next_cursor: Harmless | None
