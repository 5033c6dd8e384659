"""Decisions about connections that several commands share."""

from __future__ import annotations

from oms_ledger.domain.connections.events import ConnectionDefined
from oms_ledger.domain.connections.state import VendorConnection
from oms_ledger.domain.errors import NotFound
from oms_ledger.kernel import Given


def existing_connection(given: Given, name: str) -> tuple[VendorConnection, ConnectionDefined]:
    connection = given.state(VendorConnection, name)
    if connection.defined is None:
        raise unknown_connection(name)
    return connection, connection.defined


def unknown_connection(name: str) -> NotFound:
    return NotFound(
        f"There is no connection {name}. Define it with PUT /v1/connections/{name}, or list them"
        " with GET /v1/connections."
    )
