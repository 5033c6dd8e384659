"""Orders that were edited, as lists, answers and timelines show them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from oms_ledger.domain.describe import describe
from oms_ledger.domain.orders.events import OrderCancelled, OrderConfirmed, OrderEdited
from oms_ledger.domain.orders.lines import Allocation, LineEdit, LineQuantity, OrderLine
from oms_ledger.domain.orders.terms import Address, Customer, ShippingCharge
from oms_ledger.domain.personal import SEALED, Personal
from oms_ledger.domain.prepared_text import plain_json
from oms_ledger.kernel import Event
from oms_ledger.testing import Folded, given, recorded, replace
from oms_projections.order_status.fold import READ_MODEL
from oms_projections.order_status.queries import skus_of
from oms_projections.order_status.rows import LineRow, OrderDocumentRow, OrderRow
from oms_projections.order_status.views import detail, document_of
from oms_projections.values import text_of
from tests.projections.histories import DELIVER_BY, PLACED_AT, placed

HEART = OrderLine("1", "A", 6, 255, title="Heart")
BELL = OrderLine("2", "B", 2, 100, 7)
SOON = PLACED_AT + timedelta(hours=5)
FEWER = OrderEdited(
    "o1",
    "e1",
    "GBP",
    2025,
    1722,
    -303,
    added=(BELL,),
    changed=(LineEdit(replace(HEART, quantity=4), 6),),
    allocations=(Allocation("2", "B", "MAN", 2),),
    released=(Allocation("1", "A", "LON", 2),),
)
"""Four instead of six of line 1, and a new line."""


def folded(*events: Event, page: int | None = None) -> Folded:
    return given(placed(), *events).folded_into(READ_MODEL, page=page)


def test_lists_and_lines_show_what_is_ordered_now() -> None:
    for page in (1, 10):
        rows = folded(FEWER, page=page)
        (row,) = rows.of(OrderRow)
        assert (row.total, row.units, row.line_count, row.locations) == (1722, 6, 2, ["LON", "MAN"])
        lines = [(n.line_id, n.sku, n.ordered, n.allocated) for n in rows.of(LineRow)]
        assert lines == [("1", "A", 4, 4), ("2", "B", 2, 2)]


def test_a_line_that_was_taken_away_counts_no_more() -> None:
    gone = replace(
        FEWER,
        changed=(LineEdit(replace(HEART, quantity=0), 6),),
        released=(Allocation("1", "A", "LON", 6),),
    )
    (row,) = folded(gone).of(OrderRow)
    assert (row.units, row.line_count) == (2, 1)


def test_filters_follow_customer_country_and_promise() -> None:
    bob = Customer("c2", Personal(f"{SEALED}k2:x"))
    address = Address(Personal(f"{SEALED}k2:y"), city="Lyon", country="FR")
    change = replace(FEWER, customer=bob, shipping_address=address, ship_by=SOON)
    for page in (1, 10):
        (row,) = folded(change, OrderConfirmed("o1"), page=page).of(OrderRow)
        assert (row.customer_id, row.person, row.country) == ("c2", "k2", "FR")
        assert "country:FR" in row.facets
        assert "country:GB" not in row.facets
        assert (row.ship_by, row.deliver_by) == (SOON, DELIVER_BY)


def test_the_stored_answer_is_that_of_the_log() -> None:
    address = Address(city="Lyon", country="FR")
    change = replace(
        FEWER, billing_address=address, shipping=ShippingCharge("express", 995), ship_by=SOON
    )
    freed = (Allocation("1", "A", "LON", 1),)
    cancelled = OrderCancelled("o1", "customer", None, (LineQuantity("1", 1),), freed)
    (row,) = folded(change, cancelled, page=1).of(OrderDocumentRow)
    body: Any = detail(document_of(recorded((placed(), change, cancelled))))
    assert plain_json(row.answer) == text_of(body)
    assert (body["shipping"]["service"], body["shipping"]["price"]) == ("express", "9.95")
    assert (body["billing_address"]["city"], body["shipping_address"]["city"]) == ("Lyon", "Leeds")
    assert (body["total"], body["cancelled_total"]) == ("22.22", "2.55")
    assert body["timestamps"]["ship_by"] == "2026-01-01T14:00:00Z"


def test_the_timeline_names_what_changed_and_nothing_personal() -> None:
    change = replace(
        FEWER,
        customer=Customer("c2", Personal("Bob Builder")),
        shipping_address=Address(Personal("Bob Builder")),
        shipping=ShippingCharge("express", 995),
        deliver_by=SOON,
        note="by telephone",
        notify_customer=True,
    )
    skus = skus_of(recorded((placed(), change)))
    assert skus == {"1": "A", "2": "B"}
    first, *others = describe(change, skus)
    assert first.startswith("Order edited: the total is 17.22 GBP instead of 20.25; the customer")
    assert first.endswith("(by telephone)")
    assert others == [
        "2 x B added",
        "4 x A instead of 6",
        "Customer changed",
        "Shipping address changed",
        "Shipping is express for 9.95 GBP now",
        "Promised to be delivered by 2026-01-01T14:00:00Z",
        "2 x A released at LON",
        "2 x B allocated at MAN",
    ]
