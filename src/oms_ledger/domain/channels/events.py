"""Events of a channel's settings."""

from __future__ import annotations

from typing import ClassVar

from oms_ledger.domain.text_kinds import Harmless
from oms_ledger.kernel import Event


class ChannelDefined(Event, frozen=True):
    """The settings of a channel, whole. `channel` is in lower case. Its orders get stock of
    `locations`, or of all where it is empty. `capture_on` is when what is authorised is captured:
    placement, confirm, dispatch or manual. `ship_unpaid` False: a shipment waits until what is due
    is paid or authorised; None, as True: it does not. `messages`: customers get messages about
    their orders, in the language `locale`, a BCP 47 tag, or in the sender's own."""

    type: ClassVar[str] = "channel_settings.defined.v1"
    category: ClassVar[str] = "channel_settings"
    channel: Harmless
    name: Harmless | None = None
    locations: tuple[Harmless, ...] = ()
    capture_on: str = "manual"
    ship_unpaid: bool | None = None
    messages: bool = False
    locale: Harmless | None = None

    @property
    def key(self) -> str:
        return self.channel
