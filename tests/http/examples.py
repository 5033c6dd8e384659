"""A small shop, and orders for it."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

STOCKED: list[tuple[str, str, Json]] = [
    ("PUT", "/v1/locations/LON", {"name": "London", "priority": 1}),
    ("PUT", "/v1/locations/MAN", {"name": "Manchester", "type": "store", "priority": 2}),
    (
        "POST",
        "/v1/stock/receipts",
        {
            "items": [
                {"sku": sku, "location": location, "quantity": quantity}
                for sku in ("85123A", "A", "B/1")
                for location, quantity in (("LON", 60), ("MAN", 40))
            ]
        },
    ),
]


def order(quantity: int = 1, sku: str = "A", **fields: Any) -> Json:
    line = {"sku": sku, "quantity": quantity, "unit_price": "2.55"}
    return {"channel": "web", "currency": "GBP", "lines": [line], **fields}
