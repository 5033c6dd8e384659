"""The number and the money of an imported order, and what is refused of its fate."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from oms_commands.orders.import_order import ImportOrder
from oms_ledger.domain.catalogue.events import (
    NumbersPassed,
    OrderNumberClaimed,
    OrderNumbered,
)
from oms_ledger.domain.fulfilment.events import (
    ShipmentCreated,
    ShipmentDispatched,
)
from oms_ledger.domain.identifiers import recorded_payment_id
from oms_ledger.domain.orders.events import (
    CreditGranted,
    FulfilmentReleased,
    OrderHeld,
    OrderPlaced,
)
from oms_ledger.domain.payments.events import (
    PaymentRefunded,
    RefundRequested,
)
from oms_ledger.domain.risk.events import BuyerBlocked, HoldRuleDefined
from oms_ledger.testing import CONTEXT, given
from tests.commands.orders.past import (
    OWN,
    SHIPPED,
    bank,
    day,
    imported,
    kinds,
    only,
    past,
    status,
)
from tests.commands.shop import SHELF, place, service

# Numbers.


def test_without_a_number_it_gets_the_next_of_its_channel() -> None:
    decision = imported(*SHELF, OrderNumbered("web", 41, "o0"))
    assert decision.events[0] == OrderNumbered("web", 42, OWN)
    assert decision.answer["order_number"] == "WEB-000042"


@pytest.mark.parametrize("number", ["SO-1", "so-1"])
def test_a_number_that_another_order_has_is_refused(number: str) -> None:
    decision = imported(*SHELF, OrderNumberClaimed("SO-1", "o9"), number=number)
    decision.then_refused("number_taken", {"number": number})


def test_a_number_that_a_channel_has_given_is_refused() -> None:
    numbered = OrderNumbered("shop", 7, "o7")
    imported(*SHELF, numbered, number="SHOP-000007").then_refused("number_taken")
    imported(*SHELF, numbered, number="shop-000003").then_refused("number_taken")


def test_a_channel_does_not_give_a_number_that_an_import_has() -> None:
    decision = imported(*SHELF, OrderNumbered("web", 41, "o0"), number="WEB-000050")
    assert decision.events[:2] == (
        OrderNumberClaimed("WEB-000050", OWN),
        NumbersPassed("web", 50),
    )
    before = (*SHELF, OrderNumbered("web", 41, "o0"), *decision.events)
    next_one = given(*before).when(ImportOrder, **past(external_id="old-2", stock="skip"))
    assert next_one.answer["order_number"] == "WEB-000051"
    lower = past(external_id="old-3", number="WEB-000049")
    assert given(*before).when(ImportOrder, **lower).answer["order_number"] == "WEB-000049"


@pytest.mark.parametrize("number", ["WEB-42", "WEB-0000042", "#1001", "WEB-000000", "Ä-000001"])
def test_numbers_that_no_channel_gives_leave_them_alone(number: str) -> None:
    assert kinds(imported(number=number))[:2] == [OrderNumberClaimed, OrderPlaced]


# Money.


def test_a_refund_of_what_the_buyer_owes_was_granted() -> None:
    decision = imported(shipments=[SHIPPED], payments=bank(refunded="5.00", refunded_at=day(20)))
    payment_id = recorded_payment_id(OWN, "bank", "17")
    (intent,) = only(decision, RefundRequested)
    assert isinstance(intent, RefundRequested)
    assert (intent.payment_id, intent.amount.minor) == (payment_id, 500)
    dates = {type(c.event): c.occurred_at for c in decision.changes}
    assert (dates[PaymentRefunded], dates[CreditGranted]) == (day(20), day(20))
    money: Any = decision.answer["money"]
    assert (money["captured"], money["refunded"], money["due"], money["credit"]) == (
        "15.30",
        "5.00",
        "0.00",
        "0.00",
    )


def test_a_refund_of_what_was_cancelled_grants_nothing_more() -> None:
    decision = imported(cancelled_at=day(2), payments=bank(refunded="15.30"))
    assert only(decision, CreditGranted) == []
    money: Any = decision.answer["money"]
    assert (money["due"], money["credit"]) == ("0.00", "0.00")


def test_more_refunded_than_captured_is_refused() -> None:
    imported(payments=bank(refunded="15.31")).then_refused("over_refund")


def test_store_credit_is_not_imported() -> None:
    payments = [{"provider": "store_credit", "reference": "1", "amount": "1.00"}]
    imported(payments=payments).then_refused("unknown_provider")


def test_a_payment_is_written_once() -> None:
    decision = imported(payments=[*bank(), *bank()])
    assert decision.refusal is not None
    assert decision.refusal.errors[0]["field"] == "payments.1.reference"


# What is not of today: holds, rules, expiry.


def test_no_rule_and_no_blocked_list_holds_it() -> None:
    rule = HoldRuleDefined("any", "sku_list", "look", skus=("A",))
    blocked = BuyerBlocked("customer:c1", "charge-backs")
    decision = imported(*SHELF, rule, blocked, customer={"id": "c1"}, stock="update")
    assert only(decision, OrderHeld) == []


def test_a_schedule_that_is_over_holds_nothing_back() -> None:
    decision = imported(fulfil_at=day(5), confirmed_at=day(1), stock="update")
    assert len(only(decision, FulfilmentReleased)) == 1
    later = imported(fulfil_at=CONTEXT.now + timedelta(days=1), confirm=True, stock="update")
    assert status(later) == "scheduled"


# Dates and shipments that cannot be.


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("placed_at", {"placed_at": CONTEXT.now + timedelta(days=1)}),
        ("confirmed_at", {"confirmed_at": CONTEXT.now + timedelta(days=1)}),
        ("confirmed_at", {"confirmed_at": day(-1)}),
        ("cancelled_at", {"cancelled_at": day(-1)}),
        (
            "shipments.0.dispatched_at",
            {"shipments": [SHIPPED | {"dispatched_at": CONTEXT.now + timedelta(days=1)}]},
        ),
        (
            "shipments.0.delivered_at",
            {"shipments": [SHIPPED | {"delivered_at": CONTEXT.now + timedelta(days=1)}]},
        ),
        (
            "payments.0.captured_at",
            {"payments": bank(captured_at=CONTEXT.now + timedelta(days=1))},
        ),
        (
            "shipments.0.dispatched_at",
            {"shipments": [{"location": "LON"}], "cancelled_at": day(9)},
        ),
        ("shipments.1.lines", {"shipments": [SHIPPED, SHIPPED]}),
        ("payments.0.amount", {"payments": bank(amount="0")}),
        ("payments.0.refunded", {"payments": bank(refunded="0.001")}),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(field: str, more: dict[str, object]) -> None:
    decision = imported(**more)
    assert decision.refusal is not None
    assert decision.refusal.code == "invalid_fields"
    assert [each["field"] for each in decision.refusal.errors] == [field]


def test_every_line_of_a_shipment_that_cannot_be_is_named() -> None:
    lines = [
        {"sku": "A", "quantity": 1, "unit_price": "1"},
        {"sku": "POST", "quantity": 1, "unit_price": "1"},
    ]
    shipped = [{"line_id": i, "quantity": 2} for i in ("1", "2", "9")]
    decision = imported(*SHELF, service(), lines=lines, shipments=[SHIPPED | {"lines": shipped}])
    decision.then_refused(
        "unknown_line",
        {"line": "1", "sku": "A", "requested": 2, "available": 1},
        {"line": "2", "sku": "POST", "requested": 2, "available": 0},
        {"line": "9", "sku": None, "requested": 2, "available": 0},
    )


def test_a_location_and_a_product_must_be_there() -> None:
    imported(shipments=[SHIPPED | {"location": "XXX"}]).then_refused("unknown_location")
    imported(place()).then_refused("unknown_sku")


def test_an_arrival_without_a_date_of_dispatch_is_marked_as_simulated() -> None:
    decision = imported(shipments=[{"location": "LON", "delivered_at": day(3)}])
    (left,) = only(decision, ShipmentDispatched)
    assert isinstance(left, ShipmentDispatched)
    assert (left.dispatched_at, left.simulated) == (day(3), True)


def test_each_shipment_has_a_link_of_its_own() -> None:
    some = [{"lines": [{"line_id": "1", "quantity": 3}]}] * 2
    decision = imported(shipments=[SHIPPED | each for each in some])
    created = [e for e in decision.events if isinstance(e, ShipmentCreated)]
    assert len({each.tracking_token for each in created}) == 2
    assert CONTEXT.token not in {each.tracking_token for each in created}
    assert len({each.shipment_id for each in created}) == 2


def test_what_followed_an_order_is_not_before_it_though_its_own_date_is_left_out() -> None:
    for name in ("confirmed_at", "cancelled_at"):
        decision = imported(placed_at=None, **{name: day(1)})
        assert decision.then_refused("invalid_fields").errors[0]["field"] == name
