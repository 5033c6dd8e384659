"""Defining the settings of a channel, or defining them anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import COMPOSED, STRICT, Code, Locale
from oms_ledger.domain.channels.answers import ChannelSettingsAnswer
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.channels.state import ChannelSettings
from oms_ledger.domain.channels.views import channel_view
from oms_ledger.domain.guards import require_location
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.patterns import PRINTABLE
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PutChannel(Command):
    """Define what a channel sells, captures and ships by itself, and whether it writes messages.

    Its orders get stock of `locations` alone, or of all where it is left out. What is authorised is
    captured with `capture_on`: `placement` (as soon as it is authorised), `confirm`, `dispatch` (by
    the lines dispatched), or `manual`, when a person captures it. With `ship_unpaid` false nothing
    ships until what is due is paid or authorised. With `messages` its customers get messages about
    their orders, in the language `locale`, or in the sender's own. A field that is left out is as
    in a channel without settings. Channels are compared without regard to case.
    """

    name: ClassVar[str] = "PutChannel"
    route: ClassVar[Route] = Route("PUT", "/v1/channels/{channel}")
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = ChannelSettingsAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "name": "Web shop",
        "locations": ["LON"],
        "capture_on": "dispatch",
        "ship_unpaid": False,
        "messages": True,
        "locale": "en-GB",
    }

    channel: Code
    name_: Annotated[
        str | None, Field(alias="name", min_length=1, max_length=200, pattern=PRINTABLE), COMPOSED
    ] = None
    locations: Annotated[tuple[Code, ...], Field(max_length=1000)] = ()
    capture_on: Literal["placement", "confirm", "dispatch", "manual"] = "manual"
    ship_unpaid: bool | None = None
    messages: bool = False
    locale: Locale | None = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(ChannelSettings, channel_key(self.channel))]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        for code in self.locations:
            require_location(given, code)
        event = ChannelDefined(
            channel_key(self.channel),
            self.name_,
            tuple(dict.fromkeys(self.locations)),
            self.capture_on,
            self.ship_unpaid,
            self.messages,
            self.locale,
        )
        if event == given.state(ChannelSettings, event.channel).defined:
            return ()
        return [Change(event)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return channel_view(given.state(ChannelSettings, channel_key(self.channel)))
