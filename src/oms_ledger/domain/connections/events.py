"""Events of a connection's stream. None of them holds a secret."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.text_kinds import Harmless
from oms_ledger.kernel import Event, Record


class VendorCode(Record, frozen=True):
    """A `code` of the ledger, and the `vendor_code` of the same thing."""

    code: Harmless
    vendor_code: Harmless


class ConnectionOption(Record, frozen=True):
    """A setting that the vendor's adapter knows by `name`."""

    name: Harmless
    value: str


class ConnectionStreamEvent(Event, frozen=True):
    """An event of a connection's stream."""

    category: ClassVar[str] = "connection"
    connection: Harmless

    @property
    def key(self) -> str:
        return self.connection


class ConnectionDefined(ConnectionStreamEvent, frozen=True):
    """An account at `vendor`, whole. `base_url` is where its API is; None: where the vendor's is by
    default. `channel` is the sales channel that it belongs to. `locations` and `services` are the
    ledger's codes with the vendor's."""

    type: ClassVar[str] = "connection.defined.v1"
    connection: Harmless
    vendor: Harmless
    base_url: Harmless | None = None
    channel: Harmless | None = None
    locations: tuple[VendorCode, ...] = ()
    services: tuple[VendorCode, ...] = ()
    options: tuple[ConnectionOption, ...] = ()


class ConnectionPaused(ConnectionStreamEvent, frozen=True):
    """The vendor is not called until the connection is resumed; what it sends waits."""

    type: ClassVar[str] = "connection.paused.v1"
    connection: Harmless
    reason: str | None = None


class ConnectionResumed(ConnectionStreamEvent, frozen=True):
    type: ClassVar[str] = "connection.resumed.v1"
    connection: Harmless


ConnectionEvent: TypeAlias = ConnectionDefined | ConnectionPaused | ConnectionResumed
CONNECTION_EVENTS: tuple[type[ConnectionEvent], ...] = get_args(ConnectionEvent)
