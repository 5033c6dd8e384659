"""Answers that hold events, as types."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict


class FeedItemAnswer(TypedDict):
    """One event. `occurred_at` only where it differs from `recorded_at`; `sensitive` where it is
    about a sensitive order or product."""

    position: int
    stream: str
    version: int
    type: str
    recorded_at: str
    occurred_at: NotRequired[str]
    actor: str
    command: str
    command_id: str
    correlation_id: str
    causation_id: str
    sensitive: NotRequired[bool]
    data: dict[str, object]


class EventsAnswer(TypedDict):
    items: list[FeedItemAnswer]
