"""Lines and past orders at random, for lives of orders."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

SKUS = ("A", "B")
PRICES = ("3.33", "0.10", "7.00")


def line(chance: random.Random) -> dict[str, object]:
    return {
        "sku": chance.choice((*SKUS, *SKUS, "WRAP")),
        "quantity": chance.randrange(1, 5),
        "unit_price": chance.choice(PRICES),
        "tax": "0.09",
        "discount": chance.choice(("0.00", "0.05")),
    }


def pounds(pence: int) -> str:
    return f"{pence // 100}.{pence % 100:02d}"


def past_order(chance: random.Random, now: datetime, places: Sequence[str]) -> dict[str, object]:
    """The fields of an import: an order of last year, shipped in part or whole, paid, refunded in
    part, or cancelled."""
    left = now - timedelta(days=300)
    shipment: dict[str, object] = {"location": chance.choice(places)}
    if chance.random() < 0.7:
        shipment["lines"] = [{"line_id": "1", "quantity": chance.randrange(1, 4)}]
    if chance.random() < 0.8:
        shipment["dispatched_at"] = left
        if chance.random() < 0.6:
            shipment["delivered_at"] = left + timedelta(days=chance.randrange(1, 5))
    amount = chance.randrange(1, 2000)
    payment = {"provider": "bank", "reference": "1", "amount": pounds(amount)}
    if chance.random() < 0.5:
        payment["refunded"] = pounds(chance.randrange(1, amount + 1))
    more: dict[str, object] = {}
    if chance.random() < 0.3:
        more["cancelled_at"] = left + timedelta(days=9)
    if chance.random() < 0.3:
        more["number"] = f"OLD-{chance.randrange(9):06d}"
    return {
        "channel": chance.choice(("web", "old")),
        "currency": "GBP",
        "placed_at": left - timedelta(days=1),
        "lines": [line(chance) for _ in range(chance.randrange(1, 3))],
        "confirm": chance.random() < 0.7,
        "shipments": [shipment] * chance.choice((0, 1, 1, 2)),
        "payments": [payment],
        "stock": chance.choice(("skip", "update", "force")),
        "backorder": chance.choice(("refuse", "allow")),
        **more,
    }
