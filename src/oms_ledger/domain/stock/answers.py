"""Answers about stock, as types."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict


class CountersAnswer(TypedDict):
    sku: str
    on_hand: int
    allocated: int
    held: int
    available: int
    backordered: int
    incoming: int


class StockAnswer(CountersAnswer):
    location: str
    safety_stock: int
    sensitive: bool
    version: int


class StockLevelAnswer(StockAnswer):
    updated_at: str


class StockLevelsAnswer(TypedDict):
    items: list[StockLevelAnswer]
    next_cursor: str | None


class StockOfSkuAnswer(CountersAnswer):
    sensitive: bool
    locations: list[StockLevelAnswer]


MovedAnswer = TypedDict("MovedAnswer", {"from": StockAnswer, "to": StockAnswer})


class CounterChangeAnswer(TypedDict):
    before: int
    after: int
    change: int


class MovementAnswer(TypedDict):
    """Who may not see what a sensitive order took sees that something was taken, and neither by
    what nor when: `position` is null then, and `sensitive` true."""

    position: int | None
    sku: str
    location: str
    kind: str
    quantity: int
    on_hand: CounterChangeAnswer
    allocated: CounterChangeAnswer
    backordered: CounterChangeAnswer
    cause: dict[str, str]
    actor: str
    recorded_at: str
    occurred_at: str | None
    sensitive: NotRequired[bool]


class MovementsAnswer(TypedDict):
    items: list[MovementAnswer]
    next_cursor: str | None
