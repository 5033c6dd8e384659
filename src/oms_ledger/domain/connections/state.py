"""The state of a connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms_ledger.domain.connections.events import (
    ConnectionDefined,
    ConnectionPaused,
    ConnectionResumed,
)
from oms_ledger.kernel import Event, State


@dataclass(slots=True)
class VendorConnection(State):
    """An account at a vendor. `paused`: the vendor is not called."""

    category: ClassVar[str] = "connection"
    all_cached: ClassVar[bool] = True
    version: int = 0
    defined: ConnectionDefined | None = None
    paused: bool = False

    def apply(self, event: Event) -> None:
        match event:
            case ConnectionDefined():
                self.defined = event
            case ConnectionPaused():
                self.paused = True
            case ConnectionResumed():
                self.paused = False
            case _:
                raise TypeError(f"{event.type} does not belong to a connection")
