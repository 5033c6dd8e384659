"""A valid request body for each command. Tests send them as they are."""

from __future__ import annotations

from oms_ledger.kernel import Json

ORDER: dict[str, Json] = {
    "channel": "web",
    "external_id": "1001",
    "currency": "GBP",
    "placed_at": "2026-01-05T08:26:00Z",
    "customer": {"id": "17850", "name": "Ada Lovelace", "email": "ada@example.com"},
    "shipping_address": {
        "name": "Ada Lovelace",
        "line1": "12 St James's Square",
        "city": "London",
        "postal_code": "SW1Y 4JH",
        "country": "GB",
    },
    "lines": [{"sku": "85123A", "quantity": 6, "unit_price": "2.55", "tax": "0.00"}],
    "shipping": {"service": "standard", "price": "4.95"},
    "backorder": "refuse",
}

BODIES: dict[str, dict[str, Json]] = {
    "PlaceOrder": ORDER,
    "ConfirmOrder": {},
    "CancelOrder": {"reason": "customer", "lines": [{"line_id": "1", "quantity": 2}]},
    "HoldOrder": {"reason": "fraud", "note": "Card and country do not match."},
    "ReleaseHold": {},
    "AllocateBackorders": {},
    "CreateShipment": {"location": "LON", "carrier": "manual", "packages": [{"weight_g": 1200}]},
    "LabelShipment": {},
    "DispatchShipment": {"tracking_number": "JD0002", "occurred_at": "2026-01-06T15:00:00Z"},
    "RecordTrackingEvent": {
        "code": "in_transit",
        "occurred_at": "2026-01-06T21:40:00Z",
        "location": "Hatfield",
    },
    "DeliverShipment": {"occurred_at": "2026-01-07T10:12:00Z"},
    "CancelShipment": {},
    "ReceiveStock": {
        "sku": "85123A",
        "location": "LON",
        "quantity": 100,
        "reference": "PO-7",
        "unit_cost": "1.20",
    },
    "ReturnStock": {"sku": "85123A", "location": "LON", "quantity": 1, "reference": "RMA-3"},
    "AdjustStock": {"sku": "85123A", "location": "LON", "change": -2, "reason": "damaged"},
    "CountStock": {"sku": "85123A", "location": "LON", "counted": 98},
    "TransferStock": {"sku": "85123A", "from": "LON", "to": "MAN", "quantity": 5},
    "PutLocation": {
        "name": "London",
        "type": "warehouse",
        "address": {"line1": "1 Dock Road", "city": "London", "country": "GB"},
        "priority": 1,
        "daily_capacity": 500,
    },
    "PutProduct": {
        "title": "White hanging heart t-light holder",
        "weight_g": 250,
        "dimensions_mm": {"length": 120, "width": 80, "height": 60},
        "unit_cost": "1.20",
        "safety_stock": 2,
    },
    "ForgetCustomer": {"reason": "erasure request", "note": "ticket 7"},
    "ForgetOrder": {"reason": "erasure request"},
    "HoldCustomer": {"reason": "litigation", "reference": "case 12"},
    "ReleaseCustomerHold": {"reason": "case closed"},
    "SetRetention": {"kind": "customers", "country": "DE", "keep": "10y", "reference": "AO 147"},
}
