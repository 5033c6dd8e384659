"""The state of a channel's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.kernel import Event, Given, State


@dataclass(slots=True)
class ChannelSettings(State):
    category: ClassVar[str] = "channel_settings"
    all_cached: ClassVar[bool] = True
    version: int = 0
    defined: ChannelDefined | None = None

    def apply(self, event: Event) -> None:
        if not isinstance(event, ChannelDefined):
            raise TypeError(f"{event.type} does not belong to a channel's settings")
        self.defined = event


def settings_of(channel: str, given: Given) -> ChannelDefined | None:
    """The settings of a channel; None where it has none."""
    return given.state(ChannelSettings, channel_key(channel)).defined
