"""Orders of the past as an import gives them: their number, dates, shipments and payments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from oms_ledger.domain.json_values import rfc3339


@dataclass(frozen=True, slots=True)
class PastShipment:
    """A shipment of a past order. `lines` are its units by line id, in pairs; None: all that no
    shipment before it has. Without dates it waits to leave; one that was delivered without a known
    dispatch left when it arrived."""

    location: str
    lines: tuple[tuple[str, int], ...] | None = None
    carrier: str = "manual"
    service: str | None = None
    tracking_number: str | None = None
    dispatched_at: datetime | None = None
    delivered_at: datetime | None = None

    @property
    def left_at(self) -> datetime | None:
        return self.dispatched_at or self.delivered_at


@dataclass(frozen=True, slots=True)
class PastPayment:
    """Money of a past order that was captured, and of it `refunded`; minor units. Without dates it
    was captured when the order was placed, and refunded when it was captured."""

    provider: str
    reference: str
    amount: int
    captured_at: datetime | None = None
    refunded: int = 0
    refunded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PastOrder:
    """What became of a past order beside its terms. `stock` is skip, update or force. `confirmed`:
    it was, at `confirmed_at` or when it was placed. What was not shipped by `cancelled_at` was
    cancelled then."""

    stock: str
    number: str | None = None
    confirmed: bool = False
    confirmed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str = "other"
    shipments: tuple[PastShipment, ...] = ()
    payments: tuple[PastPayment, ...] = ()

    @property
    def was_confirmed(self) -> bool:
        return self.confirmed or self.confirmed_at is not None or bool(self.shipments)

    def dates(self) -> Iterator[tuple[str, datetime | None]]:
        """Every date, with the name of its field."""
        yield "confirmed_at", self.confirmed_at
        yield "cancelled_at", self.cancelled_at
        for n, shipment in enumerate(self.shipments):
            yield f"shipments.{n}.dispatched_at", shipment.dispatched_at
            yield f"shipments.{n}.delivered_at", shipment.delivered_at
        for n, payment in enumerate(self.payments):
            yield f"payments.{n}.captured_at", payment.captured_at
            yield f"payments.{n}.refunded_at", payment.refunded_at

    @property
    def digest(self) -> str:
        """By which the same import is recognised: 128 bits in hexadecimal."""
        content = [
            self.number,
            self.confirmed,
            _text(self.confirmed_at),
            _text(self.cancelled_at),
            self.cancel_reason,
            [
                (
                    *(s.location, s.lines, s.carrier, s.service, s.tracking_number),
                    *(_text(s.dispatched_at), _text(s.delivered_at)),
                )
                for s in self.shipments
            ],
            [
                (
                    *(p.provider, p.reference, p.amount, _text(p.captured_at)),
                    *(p.refunded, _text(p.refunded_at)),
                )
                for p in self.payments
            ],
        ]
        return sha256(json.dumps(content).encode()).hexdigest()[:32]


def _text(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
