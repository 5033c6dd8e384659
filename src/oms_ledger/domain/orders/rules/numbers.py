"""The number that an order gets: the next one of its channel, or one that it has already."""

from __future__ import annotations

import re

from oms_ledger.domain.catalogue.events import NumbersPassed, OrderNumberClaimed, OrderNumbered
from oms_ledger.domain.catalogue.state import Channel, OrderNumber, order_number
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.identifiers import channel_key, number_key
from oms_ledger.kernel import Change, Given, Ref

_OF_A_CHANNEL = re.compile(r"(.+)-([0-9]{6,9})")


def next_number(channel: str, order_id: str, given: Given) -> tuple[str, Change]:
    """The next number of a channel, and the event by which it is given."""
    key = channel_key(channel)
    sequence = given.state(Channel, key).next_sequence
    return order_number(channel, sequence), Change(OrderNumbered(key, sequence, order_id))


def number_refs(number: str) -> list[Ref]:
    """What `claim` reads."""
    refs: list[Ref] = [(OrderNumber, number_key(number))]
    given_by = _channel_giving(number)
    return refs if given_by is None else [*refs, (Channel, given_by[0])]


def claim(number: str, order_id: str, given: Given) -> list[Change]:
    """The events by which an order keeps its own number. `Refused` with `number_taken` where
    another order has it, or a channel has given it or later ones."""
    taken = given.state(OrderNumber, number_key(number)).claimed is not None
    changes = [Change(OrderNumberClaimed(number, order_id))]
    given_by = _channel_giving(number)
    if given_by is not None:
        key, sequence = given_by
        channel = given.state(Channel, key)
        taken = taken or sequence <= channel.last_sequence
        if sequence > channel.passed:
            changes.append(Change(NumbersPassed(key, sequence)))
    if taken:
        raise Refused(
            f"Another order has number {number}, or may have it: channel numbers are given in"
            " order. Write another number, or leave the field out to get the next one of the"
            " channel.",
            code="number_taken",
            errors=[{"number": number}],
        )
    return changes


def _channel_giving(number: str) -> tuple[str, int] | None:
    """The key of the channel that could give this number, and its sequence; None where none
    could."""
    match = _OF_A_CHANNEL.fullmatch(number.upper())
    if match is None or not match[1].isascii() or int(match[2]) == 0:
        return None
    key, sequence = match[1].lower(), int(match[2])
    return (key, sequence) if order_number(key, sequence) == number.upper() else None
