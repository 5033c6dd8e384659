"""Answers about channels, as types."""

from __future__ import annotations

from typing_extensions import TypedDict


class ChannelSettingsAnswer(TypedDict):
    """`locations` is empty where its orders get stock of all. `ship_unpaid` is null where it was
    not set, which is as true."""

    channel: str
    name: str | None
    locations: list[str]
    capture_on: str
    ship_unpaid: bool | None
    version: int


class ChannelsAnswer(TypedDict):
    items: list[ChannelSettingsAnswer]
