"""Queries about the settings of channels."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.channels.answers import ChannelsAnswer, ChannelSettingsAnswer
from oms_ledger.domain.channels.state import ChannelSettings
from oms_ledger.domain.channels.views import channel_view
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.kernel import Json, Log, Query

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetChannel:
    channel: str


def get_channel(params: GetChannel, log: Log) -> Mapping[str, Json]:
    settings = log.fold(ChannelSettings, channel_key(params.channel))
    if settings.defined is None:
        raise NotFound(
            f"Channel {params.channel!r} has no settings. Define them with PUT"
            " /v1/channels/{channel}."
        )
    return channel_view(settings)


@dataclass(frozen=True, slots=True, config=STRICT)
class ListChannels:
    """All channels that have settings, by name."""


def list_channels(params: ListChannels, log: Log) -> Mapping[str, Json]:
    settings = [log.fold(ChannelSettings, key) for key in log.keys(ChannelSettings)]
    return {"items": [channel_view(each) for each in settings if each.defined]}


QUERIES = (
    Query(
        "get_channel",
        "/v1/channels/{channel}",
        "orders:read",
        None,
        GetChannel,
        get_channel,
        "The settings of one channel",
        get_channel,
        within_channels=True,
        answer_type=ChannelSettingsAnswer,
    ),
    Query(
        "list_channels",
        "/v1/channels",
        "orders:read",
        None,
        ListChannels,
        list_channels,
        "Channels and their settings",
        list_channels,
        within_channels=True,
        answer_type=ChannelsAnswer,
    ),
)
