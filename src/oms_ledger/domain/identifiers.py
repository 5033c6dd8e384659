"""How things are named. Pure; chance comes in with the command's id."""

from __future__ import annotations

import uuid
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

ORDERS = uuid.UUID("0d7f6e0e-6c1b-5a51-9d0e-6f1f3a1b7c11")
"""Namespace of the ids of orders that have an external id. Never to be changed."""


def order_id_for(channel: str, external_id: str | None, command_id: str) -> str:
    """The id of an order: fixed by (channel in lower case, external id), so that the same order
    sent twice is one order; the placing command's own id where there is no external id."""
    if external_id is None:
        return command_id
    return order_id_of_spelling(channel_key(channel), external_id)


def order_id_of_spelling(channel: str, external_id: str) -> str:
    """The id of an order of before channels were compared without regard to case: fixed by the
    channel as it was written then."""
    return str(uuid.uuid5(ORDERS, f"{channel}\x1f{external_id}"))


def derived_command_id(at: datetime, *names: str) -> str:
    """The id of a command that follows from an event or a deadline: a UUIDv7 of the time `at` whose
    other bits are a hash of `names`, so that the same names give the same id."""
    digest = sha256("\x1f".join(names).encode()).digest()
    milliseconds = int(at.timestamp() * 1000)
    bits = int.from_bytes(digest[:10], "big")
    value = (milliseconds & (2**48 - 1)) << 80 | bits
    value = value & ~(0xF << 76) | 0x7 << 76  # the version
    value = value & ~(0x3 << 62) | 0x2 << 62  # the variant of RFC 9562
    return str(uuid.UUID(int=value))


def stock_key(sku: str, location: str) -> str:
    """Key of the stock of a SKU at a location. Location codes have no `@`, so the last one
    parts the two even where a marketplace's SKU has one."""
    return f"{sku}@{location}"


def stock_group(sku: str) -> str:
    """What the keys of a SKU's stock at all locations have in common."""
    return f"{sku}@"


def fulfilment_id_of(order_id: str, location: str, part: int = 1) -> str:
    """The id of a fulfilment order: fixed by order, location and the number of its part, which is 1
    for all units that were not split off. Location codes have no `@` and no `~`."""
    first = f"{order_id}@{location}"
    return first if part == 1 else f"{first}~{part}"


def fulfilment_group(order_id: str) -> str:
    """What the ids of an order's fulfilment orders have in common."""
    return f"{order_id}@"


def message_id_of(order_id: str, command_id: str) -> str:
    """The id of a message about an order, requested by a command."""
    return f"{message_group(order_id)}{command_id}"


def message_group(order_id: str) -> str:
    """What the ids of the messages about an order have in common. Older messages have
    the id of their command as their own."""
    return f"{order_id}@"


class FulfilmentName(NamedTuple):
    """What the id of a fulfilment order is made of."""

    order_id: str
    location: str
    part: int


def fulfilment_name(fulfilment_id: str) -> FulfilmentName | None:
    """What an id of `fulfilment_id_of` is made of; None for any other text."""
    order_id, _, place = fulfilment_id.rpartition("@")
    location, _, number = place.partition("~")
    if not order_id or not location:
        return None
    if not number:
        return FulfilmentName(order_id, location, 1) if "~" not in place else None
    is_part = number.isascii() and number.isdecimal() and len(number) < 10 and number[0] != "0"
    return FulfilmentName(order_id, location, int(number)) if is_part and number != "1" else None


def case_id_of(shipment_id: str, number: int) -> str:
    """The id of a shipment's case with this number, from 1."""
    return f"{shipment_id}@{number}"


def case_group(shipment_id: str) -> str:
    """What the ids of a shipment's cases have in common."""
    return f"{shipment_id}@"


def lot_key(sku: str, name: str) -> str:
    """Key of a lot of a SKU, or of a unit of it with a serial number. These names have no `@`, so
    the last one parts the two."""
    return f"{sku}@{name}"


def channel_key(channel: str) -> str:
    """Key of a channel's stream. `Web` and `web` are one channel."""
    return channel.lower()


def number_key(number: str) -> str:
    """Key of the stream of an order's own number. `SO-1` and `so-1` are one number."""
    return number.casefold()


SHIPMENTS = uuid.UUID("2c6f1b7e-0d4a-5e93-b8a1-5f7d3c9e6a10")
"""Namespace of the ids of imported shipments. Never to be changed."""


def imported_shipment_id(order_id: str, number: int) -> str:
    """The id of the shipment of an imported order with this number, from 1."""
    return str(uuid.uuid5(SHIPMENTS, f"{order_id}\x1f{number}"))


PAYMENTS = uuid.UUID("5c0f9b3a-3b0e-5d0c-8f57-2a4c6e8d1b90")
"""Namespace of the ids of payments that were taken elsewhere. Never to be changed."""


def recorded_payment_id(order_id: str, provider: str, reference: str) -> str:
    """The id of a payment that was taken elsewhere: fixed by order, provider and reference, so that
    the same one recorded twice is one payment."""
    return str(uuid.uuid5(PAYMENTS, f"{order_id}\x1f{provider}\x1f{reference}"))


RETURNS = uuid.UUID("9b8a4c52-7d0e-5f6a-a1c3-3e5d7f9b1c24")
"""Namespace of the ids of orders that replace returned goods. Never to be changed."""


def replacement_order_id(return_id: str, command_id: str) -> str:
    """The id of the order that replaces the goods of a return, placed by a command."""
    return str(uuid.uuid5(RETURNS, f"{return_id}\x1f{command_id}"))
