"""Connections as the API answers them."""

from __future__ import annotations

from oms_ledger.domain.connections.state import VendorConnection
from oms_ledger.kernel import Json


def connection_view(connection: VendorConnection) -> dict[str, Json]:
    defined = connection.defined
    if defined is None:
        raise ValueError("the first event of a connection is ConnectionDefined")
    return {
        "name": defined.connection,
        "vendor": defined.vendor,
        "base_url": defined.base_url,
        "channel": defined.channel,
        "locations": {each.code: each.vendor_code for each in defined.locations},
        "services": {each.code: each.vendor_code for each in defined.services},
        "options": {each.name: each.value for each in defined.options},
        "paused": connection.paused,
        "version": connection.version,
    }
