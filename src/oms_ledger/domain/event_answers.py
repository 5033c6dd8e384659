"""Answers that hold events, as types."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import EventData, Harmless, LinkNumber, LinkText, StreamName


class FeedItemAnswer(TypedDict):
    """One event. `occurred_at` only where it differs from `recorded_at`; `sensitive` where it is
    about a sensitive order or product."""

    position: LinkNumber
    stream: StreamName
    version: int
    type: Harmless
    recorded_at: LinkText
    occurred_at: NotRequired[LinkText]
    actor: Harmless
    command: Harmless
    command_id: Harmless
    correlation_id: Harmless
    causation_id: Harmless
    sensitive: NotRequired[bool]
    data: EventData


class EventsAnswer(TypedDict):
    items: list[FeedItemAnswer]
