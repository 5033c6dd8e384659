"""Figures of single cases: claims, fraud, resumed and sensitive orders, channels, blind returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from oms_commands import COMMANDS
from oms_ledger.testing import MemoryLedger
from tests.projections.conftest import Fill, RunQuery

DAY = timedelta(days=1)


class Shop:
    """A shop whose days are passed by hand."""

    def __init__(self, ledger: MemoryLedger, fill: Fill) -> None:
        self.ledger, self._fill = ledger, fill
        self.do("PutLocation", code="LON", name="London")
        self.do("ReceiveStock", sku="A", location="LON", quantity=99)

    def do(self, command: str, **fields: object) -> Any:
        return self.ledger.execute(COMMANDS[command](**fields)).answer

    def order(self, quantity: int = 2, channel: str = "web", **fields: object) -> str:
        line = {"sku": "A", "quantity": quantity, "unit_price": "10.00"}
        given = {"channel": channel, "currency": "GBP", "lines": [line], "confirm": True, **fields}
        return str(self.do("PlaceOrder", **given)["order_id"])

    def send(self, order_id: str, days: int = 1) -> None:
        made = self.do("CreateShipment", order_id=order_id, location="LON")
        self.do("DispatchShipment", shipment_id=made["shipment_id"])
        self.ledger.now += days * DAY
        self.do("DeliverShipment", shipment_id=made["shipment_id"])

    def query(self) -> RunQuery:
        return self._fill(list(self.ledger.history()))


@pytest.fixture
def shop(fill: Fill) -> Iterator[Shop]:
    with MemoryLedger() as ledger:
        yield Shop(ledger, fill)


def only(query: RunQuery, name: str, **params: str) -> Mapping[str, Any]:
    (row,) = query(name, group_by="none", **params)["rows"]
    figures: Mapping[str, Any] = row
    return figures


def test_a_queued_order_counts_once_it_is_placed_and_not_if_it_is_cancelled_before(
    shop: Shop,
) -> None:
    first, second = (shop.order(intake="queued") for _ in range(2))
    shop.do("CancelOrder", order_id=first, reason="customer")
    shop.do("PlaceReceivedOrder", order_id=second)
    row = only(shop.query(), "order_figures")
    assert (row["orders"], row["cancelled_orders"]) == (1, 0)


def test_an_order_with_a_claim_is_not_perfect_unless_it_was_declined(shop: Shop) -> None:
    claimed, declined, late, _ = (shop.order() for _ in range(4))
    for order_id in (claimed, declined):
        shop.send(order_id)
    shop.send(late, days=40)
    line = {"line_id": "1", "quantity": 1, "reason": "broken"}
    for order_id in (claimed, declined):
        made = shop.do("RequestReturn", order_id=order_id, kind="claim", lines=[line])
        command = "ApproveReturn" if order_id == claimed else "DeclineReturn"
        more = {} if order_id == claimed else {"reason": "no photo"}
        shop.do(command, return_id=made["return_id"], **more)
    query = shop.query()
    row = only(query, "order_figures")
    assert (row["orders"], row["judged"]) == (4, 4), "the time of the one not sent has passed"
    assert (row["in_full"], row["on_time"], row["on_time_in_full"], row["perfect"]) == (3, 2, 2, 1)
    assert (row["on_time_in_full_rate"], row["perfect_order_rate"]) == (0.5, 0.25)
    returns = only(query, "return_figures")
    assert (returns["claims"], returns["declined"], returns["shipped_orders"]) == (2, 1, 3)
    assert returns["claim_rate"] == 0.3333
    assert returns["reasons"] == [{"reason": "broken", "returns": 2, "units": 2}]


def test_a_hold_for_fraud_that_was_none(shop: Shop) -> None:
    good, bad, other = shop.order(), shop.order(), shop.order()
    for order_id, reason in ((good, "fraud"), (bad, "fraud"), (other, "address")):
        hold = shop.do("HoldOrder", order_id=order_id, reason=reason)
        if order_id == good:
            shop.ledger.now += timedelta(hours=6)
            shop.do("ReleaseHold", order_id=order_id, hold_id=hold["hold_id"])
    shop.send(good)
    shop.do("CancelOrder", order_id=bad, reason="fraud")
    row = only(shop.query(), "order_figures")
    assert (row["held_orders"], row["holds"], row["hold_rate"]) == (3, 3, 1.0)
    assert row["hold_hours"] == {"p50": 6.0, "p90": 6.0, "p95": 6.0}
    assert (row["held_for_fraud"], row["fraud_false_positive_rate"]) == (2, 0.5)
    cancelled = {"reason": "fraud", "orders": 1, "units": 2}
    assert [cancelled.items() <= each.items() for each in row["cancellations"]] == [True]
    assert (row["cancelled_orders"], row["cancel_rate"]) == (1, 0.3333)


def test_a_hold_that_is_set_again_by_its_rule_counts_once(shop: Shop) -> None:
    """A risk decision sets its hold anew under the same id: after a release, and for another
    reason."""
    order_id = shop.order()
    for decision in ("review", "deny", "accept", "deny"):
        shop.do("AssessOrderRisk", order_id=order_id, score=9, decision=decision)
        shop.ledger.now += timedelta(hours=1)
    row = only(shop.query(), "order_figures")
    assert (row["held_orders"], row["holds"]) == (1, 1)


def test_a_resumed_order_is_not_cancelled(shop: Shop) -> None:
    order_id = shop.order()
    shop.do("CancelOrder", order_id=order_id, reason="customer")
    shop.do("ResumeOrder", order_id=order_id)
    row = only(shop.query(), "order_figures")
    assert (row["cancelled_orders"], row["cancelled_units"], row["cancellations"]) == (0, 0, [])


def test_backorders_are_counted_and_age_until_there_is_stock(shop: Shop) -> None:
    first, _ = (shop.order(quantity, backorder="allow") for quantity in (100, 1))
    shop.do("ReceiveStock", sku="A", location="LON", quantity=1)
    shop.do("AllocateBackorders", order_id=first)
    row = only(shop.query(), "order_figures")
    assert (row["unit_fill_rate"], row["order_fill_rate"], row["backorder_rate"]) == (
        0.9802,
        0.0,
        1.0,
    )
    assert row["open_backorders"] == 1
    assert row["backorder_age_hours"]["p50"] > 0


def test_amounts_are_those_of_the_formulas(shop: Shop) -> None:
    order_id = shop.order(discount="1.50", shipping={"service": "standard", "price": "4.00"})
    paid = shop.do("RequestPayment", order_id=order_id, provider="manual", amount="22.50",
                   capture="automatic")  # fmt: skip
    shop.do("RefundPayment", order_id=order_id, payment_id=paid["payment_id"], amount="2.25",
            reason="late")  # fmt: skip
    change = {"type": "set_quantity", "line_id": "1", "quantity": 3}
    shop.do("EditOrder", order_id=order_id, changes=[change])
    query = shop.query()
    row = only(query, "order_figures")
    (amounts,) = row["amounts"]
    assert amounts == {
        "currency": "GBP",
        "orders": 1,
        "gross": "24.00",
        "discounts": "1.50",
        "tax": "0.00",
        "refunded": "2.25",
        "net": "20.25",
        "average_order_value": "20.25",
        "edit_difference": amounts["edit_difference"],
    }
    assert amounts["edit_difference"] == "9.25", "tax and discounts follow the quantity"
    assert (row["edited_orders"], row["edits"], row["edit_rate"]) == (1, 1, 1.0)
    payments = only(query, "payment_figures")
    (sums,) = payments["amounts"]
    assert (sums["captured"], sums["refunded"], sums["refund_rate"]) == ("22.50", "2.25", 0.1)
    assert (payments["authorisation_rate"], payments["refund_rate"]) == (1.0, 1.0)
    (by_provider,) = query("payment_figures", group_by="provider")["rows"]
    assert by_provider["group"] == "manual"
    assert only(query, "payment_figures", provider="external")["payments"] == 0


def test_channels_are_one_in_any_case(shop: Shop) -> None:
    shop.order(channel="web")
    shop.order(channel="Web")
    shop.order(channel="store")
    query = shop.query()
    rows = query("order_figures", group_by="channel")["rows"]
    assert [(row["group"], row["orders"]) for row in rows] == [("store", 1), ("web", 2)]
    assert only(query, "order_figures", channel="WEB")["orders"] == 2


def test_a_blind_return_has_no_channel(shop: Shop) -> None:
    shop.do("RequestBlindReturn", lines=[{"sku": "A", "quantity": 1, "reason": "unwanted"}])
    query = shop.query()
    (row,) = query("return_figures", group_by="channel")["rows"]
    assert (row["group"], row["returns"], row["amounts"], row["return_rate"]) == (None, 1, [], None)


def test_few_sensitive_orders_are_not_counted(shop: Shop) -> None:
    for sensitive in (True, True, False):
        order_id = shop.order(sensitive=sensitive)
        shop.do("RequestPayment", order_id=order_id, provider="manual", amount="1.00",
                capture="automatic")  # fmt: skip
        shop.send(order_id, days=0)
        reason = {"line_id": "1", "quantity": 1, "reason": "secret" if sensitive else "size"}
        shop.do("RequestReturn", order_id=order_id, lines=[reason])
    query = shop.query()
    for name, count in (
        ("order_figures", "orders"),
        ("payment_figures", "payments"),
        ("return_figures", "requests"),
    ):
        row = only(query, name, smallest_count="3")
        assert (row[count], row["sensitive_orders"]) == (1, None)
        assert "Fewer than 3 sensitive orders" in row["suppressed"]
        row = only(query, name, smallest_count="2")
        assert (row[count], row["sensitive_orders"], row["suppressed"]) == (3, 2, None)
    reasons = only(query, "return_figures")["reasons"]
    assert reasons == [{"reason": "size", "returns": 1, "units": 1}]


def test_no_orders_make_one_row_of_none(shop: Shop) -> None:
    row = only(shop.query(), "order_figures")
    assert (row["orders"], row["amounts"], row["in_full_rate"]) == (0, [], None)
