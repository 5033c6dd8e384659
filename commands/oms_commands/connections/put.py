"""Defining a connection, or defining it anew."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import COMPOSED, STRICT, Code, RequiredText
from oms_commands.connections._connection_command import ConnectionCommand
from oms_ledger.domain.connections.events import (
    ConnectionDefined,
    ConnectionOption,
    VendorCode,
)
from oms_ledger.domain.connections.state import VendorConnection
from oms_ledger.domain.errors import Refused, invalid_field
from oms_ledger.domain.guards import require_location
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.payments.rules import WITHOUT_CONNECTION
from oms_ledger.kernel import Change, Context, Given, Json, Route

_CONNECTIONS_MAX = 200
"""Connections of a ledger: each is looked at by every worker, every second."""

_SECRET_NAME = re.compile(r"secret|password|token|private|credential|api_?key", re.IGNORECASE)


def _base_url(text: str) -> str:
    """An address without user, query and fragment: these may hold secrets, and this is kept."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc or parts.query or parts.fragment or " " in text:
        raise ValueError(
            "write an address such as https://api.vendor.example/v1, without user, query and"
            " fragment"
        )
    return text.rstrip("/")


def _without_secrets(options: dict[str, str]) -> dict[str, str]:
    for name in options:
        if _SECRET_NAME.search(name):
            raise ValueError(
                f"{name}: options are kept in the ledger for ever. Send secrets with PUT"
                " /v1/connections/{name}/secrets"
            )
    return options


_Codes = Annotated[dict[Code, RequiredText], Field(max_length=1000)]


@dataclass(frozen=True, slots=True, config=STRICT)
class PutConnection(ConnectionCommand):
    """Define an account at a vendor, without its secrets.

    `base_url` is where the vendor's API is; left out, the vendor's own. The secrets of a connection
    whose vendor or `base_url` changes must be sent again. `locations` and `services` map the
    ledger's codes to the vendor's; `options` are settings that the vendor's page in
    docs/integrations/ names.
    """

    name: ClassVar[str] = "PutConnection"
    route: ClassVar[Route] = Route("PUT", "/v1/connections/{connection}")
    example: ClassVar[Mapping[str, Json]] = {
        "vendor": "stripe",
        "channel": "web",
        "locations": {"LON": "loc_1"},
    }

    connection: Code
    vendor: Code
    base_url: Annotated[str, Field(max_length=500), AfterValidator(_base_url), COMPOSED] | None = (
        None
    )
    channel: Code | None = None
    locations: _Codes = Field(default_factory=dict)
    services: _Codes = Field(default_factory=dict)
    options: Annotated[
        dict[Code, Annotated[str, Field(max_length=500), COMPOSED]],
        Field(max_length=100),
        AfterValidator(_without_secrets),
    ] = Field(default_factory=dict)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        if self.vendor in WITHOUT_CONNECTION:
            raise invalid_field(
                "vendor",
                f"Payments by {self.vendor} need no connection: request them with that provider."
                " Write a vendor that the ledger calls, such as stripe or paypal.",
            )
        for code in self.locations:
            require_location(given, code)
        event = ConnectionDefined(
            self.connection,
            self.vendor,
            self.base_url,
            None if self.channel is None else channel_key(self.channel),
            _vendor_codes(self.locations),
            _vendor_codes(self.services),
            tuple(ConnectionOption(name, self.options[name]) for name in sorted(self.options)),
        )
        connection = given.state(VendorConnection, self.connection)
        if event == connection.defined:
            return ()
        if not connection.version and len(given.all(VendorConnection)) >= _CONNECTIONS_MAX:
            raise Refused(
                f"There are {_CONNECTIONS_MAX} connections already, which is the most there can be."
                " Define one of them anew.",
                code="too_many_connections",
            )
        return [Change(event)]


def _vendor_codes(codes: Mapping[str, str]) -> tuple[VendorCode, ...]:
    return tuple(VendorCode(code, codes[code]) for code in sorted(codes))
