"""Fields that events were given after their golden files were written."""

from __future__ import annotations

from oms_ledger.domain.customers.events import CustomerForgotten
from oms_ledger.domain.fulfilment.events import Package, ShipmentLine
from oms_ledger.domain.orders.events import BackordersAllocated
from oms_ledger.kernel import Event
from oms_ledger.testing import replace
from tests.golden.drafts import DRAFT_WITHOUT_UNIT
from tests.golden.literals import (
    ADDED_LINE,
    ALLOCATIONS,
    CHANGE,
    FIRST_BACKORDERS,
    FIRST_TERMS,
    WITHOUT_KITS,
    WITHOUT_UNITS,
)
from tests.golden.returns import FIRST_REPLACEMENT, REPLACEMENT_WITHOUT_UNIT

ADDED: dict[str, dict[str, object]] = {
    "order.placed.v1": {
        "sensitive": False,
        "terms": FIRST_TERMS,
        "replacement_for": None,
        "postal_area": None,
        "untracked": (),
        "imported": None,
        "backorders": FIRST_BACKORDERS,
    },
    "draft.saved.v1": {"postal_area": None},
    "order.cancelled.v1": {"untracked_released": (), "backorders_released": FIRST_BACKORDERS},
    "order.resumed.v1": {"backorders": FIRST_BACKORDERS},
    "order.units_packed.v1": {"untracked": False},
    "order.units_unpacked.v1": {"untracked": False},
    "order.fulfilment_released.v1": {"fulfilment_id": None},
    "shipment.created.v1": {
        "sensitive": False,
        "force": None,
        "overridden": (),
        "untracked": False,
        "packages": (Package(900, 300, 200, 100),),
        "fulfilment_id": None,
        "lots": (),
    },
    "fulfilment.merged.v1": {"lots": ()},
    "fulfilment.absorbed.v1": {"lots": ()},
    "fulfilment.put_back.v1": {"lots": ()},
    "shipment.dispatched.v1": {"dispatched_at": None, "force": None, "overridden": ()},
    "payment.requested.v1": {"account": None},
    "return.requested.v1": {
        "account": None,
        "replacement": FIRST_REPLACEMENT,
        "account_number": None,
        "account_ending": None,
    },
    "store_credit.issued.v1": {"account_number": None, "account_ending": None},
    "order.received.v1": {"terms": WITHOUT_KITS, "postal_area": None},
    "order.edited.v1": {
        "added": (replace(ADDED_LINE, components=(), unit=None),),
        "changed": (replace(CHANGE, line=replace(CHANGE.line, components=(), unit=None)),),
        "postal_area": None,
        "untracked_released": (),
        "rescheduled": (),
        "backorders": FIRST_BACKORDERS,
        "backorders_released": FIRST_BACKORDERS,
    },
    "channel_settings.defined.v1": {"messages": False, "locale": None},
    "order.held.v1": {"lines": (), "rule": None, "inputs": ()},
    "location.defined.v1": {"point": None, "closed": False},
    "order.backorders_allocated.v1": {
        "released": (),
        "backorders": (),
        "backorders_released": FIRST_BACKORDERS,
    },
    "product.defined.v2": {
        "sensitive": False,
        "product_category": None,
        "safety_stock_at": (),
        "preorder": None,
        "unit": None,
    },
    "stock.backordered.v1": {"preorder": None},
    "stock.backorder_released.v1": {"preorder": None},
}
"""Fields that an event was given later, and what their absence means. Its golden file stays as it
is; one beside it, `<type>+<field>.json`, has the field."""

NESTED: dict[str, dict[str, dict[str, object]]] = {
    "order.placed.v1": {"unit": {"terms": WITHOUT_UNITS}},
    "order.received.v1": {"unit": {"terms": WITHOUT_UNITS}},
    "order.edited.v1": {
        "unit": {
            "added": (replace(ADDED_LINE, unit=None),),
            "changed": (replace(CHANGE, line=replace(CHANGE.line, unit=None)),),
        }
    },
    "draft.saved.v1": {"unit": {"content": DRAFT_WITHOUT_UNIT}},
    "shipment.created.v1": {"unit": {"lines": (ShipmentLine("1", "85123A", 2),)}},
    "return.requested.v1": {"unit": {"replacement": REPLACEMENT_WITHOUT_UNIT}},
}
"""Fields that something in an event was given later, and what the fields of the event were without
them. The golden file that has them is named after them too."""

OLDER: dict[str, Event] = {
    "customer.forgotten.v1": CustomerForgotten("17850", "erasure request", "ticket 7"),
    "order.backorders_allocated.v1+released+backorders": BackordersAllocated(
        "o1", ALLOCATIONS, FIRST_BACKORDERS, ALLOCATIONS, FIRST_BACKORDERS
    ),
}
"""What old golden files mean that say less than today's events do, by the name of the file, which
is the stored name where no field was added."""
