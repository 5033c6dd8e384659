"""Answers about connections, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import Harmless


class ConnectionAnswer(TypedDict):
    """`base_url` is null where the vendor's own is used. `locations` and `services` map the
    ledger's codes to the vendor's."""

    name: Harmless
    vendor: Harmless
    base_url: Harmless | None
    channel: Harmless | None
    locations: dict[Harmless, Harmless]
    services: dict[Harmless, Harmless]
    options: dict[Harmless, str]
    paused: bool
    version: int
