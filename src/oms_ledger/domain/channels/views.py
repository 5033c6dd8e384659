"""Channels as the API answers them."""

from __future__ import annotations

from oms_ledger.domain.channels.state import ChannelSettings
from oms_ledger.kernel import Json


def channel_view(settings: ChannelSettings) -> dict[str, Json]:
    defined = settings.defined
    if defined is None:
        raise ValueError("the first event of a channel's settings is ChannelDefined")
    return {
        "channel": defined.channel,
        "name": defined.name,
        "locations": list(defined.locations),
        "capture_on": defined.capture_on,
        "ship_unpaid": defined.ship_unpaid,
        "messages": defined.messages,
        "locale": defined.locale,
        "version": settings.version,
    }
