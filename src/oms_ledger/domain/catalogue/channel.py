"""Where orders come from. Each channel numbers its orders 1, 2, 3 ... without gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms_ledger.kernel import Event, State


@dataclass(frozen=True, slots=True)
class OrderNumbered(Event):
    type: ClassVar[str] = "channel.order_numbered.v1"
    channel: str
    sequence: int
    order_id: str


@dataclass(slots=True)
class Channel(State):
    category: ClassVar[str] = "channel"
    version: int = 0
    last_sequence: int = 0

    def apply(self, event: Event) -> None:
        if not isinstance(event, OrderNumbered):
            raise TypeError(f"{event.type} does not belong to a channel")
        self.last_sequence = event.sequence


def channel_key(channel: str) -> str:
    """Key of a channel's stream. `Web` and `web` share one: their numbers look the same."""
    return channel.lower()


def order_number(channel: str, sequence: int) -> str:
    """The number people quote: `WEB-000042`."""
    return f"{channel.upper()}-{sequence:06d}"
