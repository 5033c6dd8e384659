"""The state of a channel's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.routing.events import RoutingRule, RoutingRulesDefined
from oms_ledger.kernel import Event, Given, State


@dataclass(slots=True)
class ChannelSettings(State):
    """`routing` are the rules by which its orders are routed, in order; `routing_note` why."""

    category: ClassVar[str] = "channel_settings"
    all_cached: ClassVar[bool] = True
    version: int = 0
    defined: ChannelDefined | None = None
    routing: tuple[RoutingRule, ...] = ()
    routing_note: str | None = None

    def apply(self, event: Event) -> None:
        match event:
            case ChannelDefined():
                self.defined = event
            case RoutingRulesDefined():
                self.routing = event.rules
                self.routing_note = event.note
            case _:
                raise TypeError(f"{event.type} does not belong to a channel's settings")


def settings_of(channel: str, given: Given) -> ChannelDefined | None:
    """The settings of a channel; None where it has none."""
    return given.state(ChannelSettings, channel_key(channel)).defined
