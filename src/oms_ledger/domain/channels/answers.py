"""Answers about channels, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import Harmless


class ChannelSettingsAnswer(TypedDict):
    """`locations` is empty where its orders get stock of all. `ship_unpaid` is null where it was
    not set, which is as true."""

    channel: Harmless
    name: Harmless | None
    locations: list[Harmless]
    capture_on: str
    ship_unpaid: bool | None
    messages: bool
    locale: Harmless | None
    version: int


class ChannelsAnswer(TypedDict):
    items: list[ChannelSettingsAnswer]
