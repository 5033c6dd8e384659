"""What the texts of answers and events reveal, as types of their fields.

A field whose type is a plain `str` is content: what an order is about, in its own or in people's
words. It is masked for readers without the right to sensitive content. A field that is to be left
readable says so in its type, so that a new field is masked until its author has thought about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, TypeAlias


class TextKind(Enum):
    """`HARMLESS`: reveals nothing about the content of an order. `PERSONAL`: personal data, which
    is sealed; another right decides about it. `LINK`: harmless, but leads from a SKU to the orders
    that contain it. `STREAM`: the name of a stream. `EVENT_DATA`: the fields of the event whose
    type is in the field `type` beside it."""

    HARMLESS = "harmless"
    PERSONAL = "personal"
    LINK = "link"
    STREAM = "stream"
    EVENT_DATA = "event data"


@dataclass(frozen=True, slots=True)
class NamesStream:
    """The text is the key of a stream of this category; the object with the field is about it."""

    category: str


@dataclass(frozen=True, slots=True)
class SealedIn:
    """The personal text was sealed in a field of another name, `field`, to which its ciphertext is
    bound. `given_name`: every reader sees the given name in it, and nobody more than that."""

    field: str
    given_name: bool = False


Harmless: TypeAlias = Annotated[str, TextKind.HARMLESS]
SealedText: TypeAlias = Annotated[str, TextKind.PERSONAL]
SealedRecipient: TypeAlias = Annotated[str, TextKind.PERSONAL, SealedIn("name")]
SealedGivenName: TypeAlias = Annotated[str, TextKind.PERSONAL, SealedIn("name", given_name=True)]
HarmlessTime: TypeAlias = Annotated[datetime, TextKind.HARMLESS]
LinkText: TypeAlias = Annotated[str, TextKind.LINK]
LinkNumber: TypeAlias = Annotated[int, TextKind.LINK]
StreamName: TypeAlias = Annotated[str, TextKind.STREAM]
EventData: TypeAlias = Annotated[dict[str, object], TextKind.EVENT_DATA]

OrderId: TypeAlias = Annotated[str, TextKind.LINK, NamesStream("order")]
ShipmentId: TypeAlias = Annotated[str, TextKind.LINK, NamesStream("shipment")]
FulfilmentId: TypeAlias = Annotated[str, TextKind.LINK, NamesStream("fulfilment")]
CaseId: TypeAlias = Annotated[str, TextKind.LINK, NamesStream("case")]
ReturnId: TypeAlias = Annotated[str, TextKind.LINK, NamesStream("return")]
PaymentId: TypeAlias = Annotated[str, TextKind.LINK, NamesStream("payment")]
MessageId: TypeAlias = Annotated[str, TextKind.LINK, NamesStream("message")]
ReservationId: TypeAlias = Annotated[str, TextKind.LINK, NamesStream("reservation")]
DraftId: TypeAlias = Annotated[str, TextKind.HARMLESS, NamesStream("draft")]
Sku: TypeAlias = Annotated[str, NamesStream("product")]
"""Itself content: it names a product."""
