"""Events of connections as sentences."""

from __future__ import annotations

from typing import assert_never

from oms_ledger.domain.connections.events import (
    ConnectionDefined,
    ConnectionEvent,
    ConnectionPaused,
    ConnectionResumed,
)


def describe_connection(event: ConnectionEvent) -> str:
    match event:
        case ConnectionDefined():
            where = "" if event.base_url is None else f" at {event.base_url}"
            return f"Connection {event.connection} defined: {event.vendor}{where}"
        case ConnectionPaused():
            why = "" if event.reason is None else f"; reason: {event.reason}"
            return f"Connection {event.connection} paused{why}"
        case ConnectionResumed():
            return f"Connection {event.connection} resumed"
        case _:
            assert_never(event)
