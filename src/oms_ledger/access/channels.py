"""Channels that API keys are bound to, and queries limited to the orders of these."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TypeVar

from oms_ledger.access.roles import ADMIN, scopes_of
from oms_ledger.domain.errors import Forbidden, Invalid
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.patterns import CODE
from oms_ledger.domain.personal import with_fields
from oms_ledger.kernel import Query

T = TypeVar("T")


def channel_keys(
    channels: Collection[str], role: str | None, scopes: Collection[str]
) -> tuple[str, ...] | None:
    """The keys of the channels that a new API key is bound to; None where there are none. `Invalid`
    for what is no channel, and for an administrator's key, which cannot be bound."""
    for channel in channels:
        if not re.fullmatch(CODE, channel):
            raise _invalid(f"{channel[:100]!r} is no channel. Write it as orders have it: web.")
    if channels and ADMIN in scopes_of(role, scopes):
        raise _invalid("An administrator's key cannot be bound to channels. Give another role.")
    return tuple(sorted({channel_key(channel) for channel in channels})) or None


def within_channels(query: Query, params: T, channels: Collection[str] | None) -> T:
    """The parameters of a query, limited to the orders of these channels (None: of all).
    `Forbidden` where the query cannot be limited."""
    if channels is None or query.within_channels is True:
        return params
    if query.within_channels is False:
        raise Forbidden("A key that is bound to channels may not ask this: use another.")
    return with_fields(params, **{str(query.within_channels): tuple(sorted(channels))})


def _invalid(message: str) -> Invalid:
    return Invalid(f"channel: {message}", errors=[{"field": "channel", "message": message}])
