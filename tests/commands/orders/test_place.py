"""Placing an order: what is written, who gets which stock, and every no."""

from __future__ import annotations

from datetime import timedelta

import pytest

from oms_commands.orders.place import PlaceOrder
from oms_ledger.domain.catalogue.events import OrderNumbered
from oms_ledger.domain.identifiers import order_id_for, order_id_of_spelling
from oms_ledger.domain.orders.events import OrderCancelled, OrderConfirmed, OrderPlaced
from oms_ledger.domain.orders.lines import Allocation, Backorder, LineQuantity, OrderLine
from oms_ledger.domain.orders.terms import Address, Customer, OrderTerms, ShippingCharge
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.stock.events import StockAllocated, StockBackordered
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, Decision, given, replace
from oms_ledger.testing.decision import StrictStates
from tests.commands.shop import AT, SHELF, goods, place, service, six, stock

OWN = CONTEXT.command_id
STATUSES = {"payment": "none", "fulfilment": "unfulfilled", "return": "none"}


def line(units: int = 1, sku: str = "A", **more: object) -> dict[str, object]:
    return {"sku": sku, "quantity": units, "unit_price": "2.55", **more}


def fields(*lines: dict[str, object], **more: object) -> dict[str, object]:
    return {"channel": "web", "currency": "GBP", "lines": lines or (line(),), **more}


def order(*lines: dict[str, object], **more: object) -> PlaceOrder:
    return PlaceOrder(**fields(*lines, **more))  # type: ignore[arg-type]  # fields of several types


def placed(decision: Decision) -> OrderPlaced:
    (event,) = [e for e in decision.events if isinstance(e, OrderPlaced)]
    return event


def test_one_command_freezes_prices_allocates_stock_and_creates_the_order() -> None:
    decision = given(*SHELF).when(order(line(6, tax="0.10", discount="0.30", title="Heart")))
    agreed = OrderLine("1", "A", 6, 255, 10, 30, "Heart")
    now = CONTEXT.now
    decision.then(
        OrderNumbered("web", 1, OWN),
        OrderPlaced(
            OWN,
            "WEB-000001",
            OrderTerms("web", "GBP", (agreed,)),
            now,
            now + timedelta(hours=48),
            now + timedelta(days=7),
            (Allocation("1", "A", "LON", 6),),
        ),
        StockAllocated("A", "LON", 6, OWN, "1"),
    )
    assert (decision.answer["total"], decision.answer["order_id"]) == ("15.10", OWN)
    assert decision.answer["status"] == {
        "order": "pending",
        "payment": "none",
        "fulfilment": "unfulfilled",
        "return": "none",
    }


def test_on_shortage_nothing_is_written_and_every_short_line_is_named() -> None:
    past = (*SHELF, goods("B"), goods("C"), stock(1, "C"))
    given(*past).when(order(line(11), line(2, "B"), line(1, "C"))).then_refused(
        "insufficient_stock",
        {"line": "1", "sku": "A", "requested": 11, "available": 10},
        {"line": "2", "sku": "B", "requested": 2, "available": 0},
    )


def test_demand_is_summed_over_lines_of_one_sku() -> None:
    given(*SHELF).when(order(line(6), line(5))).then_refused(
        "insufficient_stock", {"line": "2", "sku": "A", "requested": 5, "available": 4}
    )


def test_locations_are_used_in_order_of_priority() -> None:
    past = (place("BER", 2), place("LON", 1), goods(), stock(5, location="BER"), stock(5))
    assert placed(given(*past).when(order(line(5)))).allocations == (
        Allocation("1", "A", "LON", 5),
    )


def test_one_line_is_split_over_several_locations() -> None:
    past = (place("LON", 1), place("BER", 2), goods(), stock(1), stock(1, location="BER"))
    decision = given(*past).when(order(line(2)))
    assert decision.events[2:] == (
        StockAllocated("A", "LON", 1, OWN, "1"),
        StockAllocated("A", "BER", 1, OWN, "1"),
    )
    given(*past).when(order(line(3))).then_refused(
        "insufficient_stock", {"line": "1", "sku": "A", "requested": 3, "available": 2}
    )


def test_safety_stock_and_what_others_were_promised_is_not_available() -> None:
    given(place(), goods(safety_stock=8), stock(10)).when(order(line(3))).then_refused(
        "insufficient_stock", {"line": "1", "sku": "A", "requested": 3, "available": 2}
    )
    given(*six()).when(order(line(5))).then_refused(
        "insufficient_stock", {"line": "1", "sku": "A", "requested": 5, "available": 4}
    )


def test_what_is_short_is_backordered_where_the_buyer_allows_it() -> None:
    decision = given(*SHELF).when(order(line(12), backorder="allow"))
    assert placed(decision).backorders == (Backorder("1", "A", "LON", 2),)
    assert decision.events[2:] == (
        StockAllocated("A", "LON", 10, OWN, "1"),
        StockBackordered("A", "LON", 2, OWN, "1"),
    )


def test_no_more_is_backordered_than_the_products_limit() -> None:
    past = (place(), place("MAN", 2), goods(backorder_limit=3))
    waiting = StockBackordered("A", "MAN", 1, "o0", "1")
    assert given(*past, waiting).when(order(line(2), backorder="allow")).events
    given(*past, waiting).when(order(line(2), line(1), backorder="allow")).then_refused(
        "insufficient_stock",
        {"line": "1", "sku": "A", "requested": 2, "available": 0},
        {"line": "2", "sku": "A", "requested": 1, "available": 0},
    )


def test_a_repeat_of_channel_and_external_id_is_the_first_order() -> None:
    first = given(*SHELF).when(order(line(2), external_id="1001"))
    assert placed(first).order_id == order_id_for("web", "1001", "whatever")
    again = given(*SHELF, *first.events).when(order(line(2), external_id="1001"))
    again.then()
    assert again.answer["order_number"] == "WEB-000001"


def test_the_same_id_of_another_channel_is_another_order() -> None:
    first = given(*SHELF).when(order(external_id="1001"))
    other = given(*SHELF, *first.events).when(order(external_id="1001", channel="shop"))
    assert placed(other).order_id != placed(first).order_id


def test_a_repeat_with_confirm_confirms_the_order_that_is_there_once() -> None:
    first = given(*SHELF).when(order(line(2), external_id="1001"))
    repeat = order(line(2), external_id="1001", confirm=True)
    again = given(*SHELF, *first.events).when(repeat)
    order_id = str(first.answer["order_id"])
    again.then(OrderConfirmed(order_id))
    assert again.answer["status"] == {**STATUSES, "order": "confirmed"}
    given(*SHELF, *first.events, *again.events).when(repeat).then()


def test_a_repeat_with_confirm_of_a_cancelled_order_changes_nothing() -> None:
    first = given(*SHELF).when(order(line(2), external_id="1001"))
    order_id = str(first.answer["order_id"])
    cancelled = OrderCancelled(
        order_id,
        "customer",
        None,
        (LineQuantity("1", 2),),
        (Allocation("1", "A", "LON", 2),),
    )
    again = given(*SHELF, *first.events, cancelled).when(
        order(line(2), external_id="1001", confirm=True)
    )
    again.then()
    assert again.answer["status"] == {**STATUSES, "order": "cancelled", "fulfilment": "cancelled"}


def test_a_repeat_with_confirm_and_other_content_confirms_nothing() -> None:
    first = given(*SHELF).when(order(line(2), external_id="1001"))
    given(*SHELF, *first.events).when(
        order(line(3), external_id="1001", confirm=True)
    ).then_refused("external_id_reused")


def test_an_external_id_with_other_content_is_refused() -> None:
    first = given(*SHELF).when(order(line(2), external_id="1001"))
    given(*SHELF, *first.events).when(order(line(3), external_id="1001")).then_refused(
        "external_id_reused"
    )


def test_a_repeat_is_recognised_though_its_product_has_become_a_service() -> None:
    first = given(*SHELF).when(order(external_id="1001"))
    given(*SHELF, *first.events, service("A")).when(order(external_id="1001")).then()


def test_prices_taxes_and_discounts_are_kept_as_they_were_at_placement() -> None:
    decision = given(*SHELF).when(order(line(1, tax="0.51", discount="0.05"), shipping=POSTAGE))
    terms = placed(decision).terms
    assert (terms.lines[0].unit_price, terms.lines[0].tax, terms.lines[0].discount) == (255, 51, 5)
    assert terms.total == 255 + 51 - 5 + 495


def test_each_channel_numbers_its_orders_without_gaps() -> None:
    past = (*SHELF, OrderNumbered("web", 41, "o0"), OrderNumbered("shop", 7, "o7"))
    assert placed(given(*past).when(order())).number == "WEB-000042"
    assert placed(given(*past).when(order(channel="shop"))).number == "SHOP-000008"
    assert placed(given(*past).when(order(channel="new"))).number == "NEW-000001"


def test_a_channel_is_one_channel_in_any_case() -> None:
    first = given(*SHELF).when(order(external_id="1", channel="Web"))
    assert (placed(first).number, placed(first).terms.channel) == ("WEB-000001", "Web")
    assert first.events[0] == OrderNumbered("web", 1, placed(first).order_id)
    for channel in ("web", "WEB", "Web"):
        again = given(*SHELF, *first.events).when(order(channel=channel, external_id="1"))
        again.then()
        assert again.answer["order_id"] == first.answer["order_id"]
        other = given(*SHELF, *first.events).when(order(line(2), channel=channel, external_id="1"))
        other.then_refused("external_id_reused")
    second = given(*SHELF, *first.events).when(order(channel="WEB", external_id="2"))
    assert (placed(second).number, placed(second).terms.channel) == ("WEB-000002", "WEB")


def older(channel: str, external_id: str, sequence: int) -> tuple[Event, ...]:
    """An order of before channels were one in any case: its id is of the channel as written."""
    order_id = order_id_of_spelling(channel, external_id)
    decision = given(*SHELF).when(order(channel=channel, external_id=external_id))
    event = replace(placed(decision), order_id=order_id, number=f"WEB-{sequence:06d}")
    return (OrderNumbered(channel, sequence, order_id), event)


@pytest.mark.parametrize("channel", ["Web", "web", "WEB", "wEb"])
def test_an_older_order_is_matched_for_any_case_of_its_channel(channel: str) -> None:
    past = (*SHELF, *older("Web", "1", 1), *older("WEB", "2", 2))
    for external_id, spelling in (("1", "Web"), ("2", "WEB")):
        again = given(*past).when(order(channel=channel, external_id=external_id, confirm=True))
        again.then(OrderConfirmed(order_id_of_spelling(spelling, external_id)))
    fresh = placed(given(*past).when(order(channel=channel, external_id="3")))
    assert fresh.order_id == order_id_for("web", "3", "")
    assert fresh.number == "WEB-000003"


def test_ids_of_orders_of_channels_in_lower_case_are_what_they_were() -> None:
    assert order_id_for("web", "1001", "") == "bc712d9d-41f8-5a77-8876-b1884316f383"
    assert order_id_for("Web", "1001", "") == order_id_for("web", "1001", "")
    assert order_id_of_spelling("Web", "1001") != order_id_for("web", "1001", "")


def test_services_are_lines_that_take_no_stock() -> None:
    decision = given(*SHELF, service()).when(order(line(1), line(2, "POST")))
    assert [e for e in decision.events if isinstance(e, StockAllocated)] == [
        StockAllocated("A", "LON", 1, OWN, "1")
    ]
    assert not placed(decision).terms.lines[1].stocked


def test_an_order_of_services_alone_needs_no_location() -> None:
    decision = given(service()).when(order(line(1, "POST"), confirm=True))
    assert decision.answer["status"] == {
        "order": "completed",
        "payment": "none",
        "fulfilment": "not_required",
        "return": "none",
    }


def test_with_confirm_it_can_be_fulfilled_at_once() -> None:
    assert given(*SHELF).when(order(confirm=True)).events[-1] == OrderConfirmed(OWN)


def test_an_old_order_keeps_its_own_date_and_promise() -> None:
    then = AT - timedelta(days=30)
    shipped, arrived = then + timedelta(hours=1), then + timedelta(hours=9)
    decision = given(*SHELF).when(
        order(placed_at=then, promised_ship_at=shipped, promised_delivery_at=arrived, confirm=True)
    )
    event = placed(decision)
    assert (event.placed_at, event.ship_by, event.deliver_by) == (then, shipped, arrived)
    dates = {type(c.event).__name__: c.occurred_at for c in decision.changes}
    of_the_order = dict.fromkeys(("OrderPlaced", "StockAllocated", "OrderConfirmed"), then)
    assert dates == {**of_the_order, "OrderNumbered": None}


def test_what_would_lead_to_somebodys_door_is_personal() -> None:
    person = {"id": "c1", "name": "Ada", "email": "ada@example.org", "phone": "1"}
    there = {"name": "Ada", "line1": "1 St", "city": "Leeds", "postal_code": "L1", "country": "GB"}
    terms = placed(
        given(*SHELF).when(order(customer=person, shipping_address=there, shipping=POSTAGE))
    ).terms
    name = Personal("Ada")
    assert terms.customer == Customer("c1", name, Personal("ada@example.org"), Personal("1"))
    assert terms.shipping_address == Address(
        name, Personal("1 St"), None, "Leeds", None, Personal("L1"), "GB"
    )
    assert terms.shipping == ShippingCharge("standard", 495)


def test_undefined_products_are_refused_by_line() -> None:
    decision = given(*SHELF).when(order(line(1, "X"), line(1), line(1, "Y")))
    refused = decision.then_refused(
        "unknown_sku", {"line": "1", "sku": "X"}, {"line": "3", "sku": "Y"}
    )
    assert "X, Y" in refused.detail


def test_goods_need_a_location_to_ship_from() -> None:
    given(goods()).when(order()).then_refused("unknown_location")


POSTAGE = {"service": "standard", "price": "4.95"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (fields(channel="a b"), "channel"),
        (fields(currency="gbp"), "currency"),
        (fields(currency="XXX"), "currency"),
        ({"channel": "web", "currency": "GBP", "lines": ()}, "lines"),
        ({"channel": "web", "currency": "GBP"}, "lines"),
        (fields(line(1_000_000_000, unit_price="10000000")), "lines"),
        (fields(line(0)), "lines.0.quantity"),
        (fields(line(), line(unit_price="2.555")), "lines.1.unit_price"),
        (fields(line(unit_price=2.55)), "lines.0.unit_price"),
        (fields(line(unit_price="-1")), "lines.0.unit_price"),
        (fields(line(tax="0.001")), "lines.0.tax"),
        (fields(line(discount="0.001")), "lines.0.discount"),
        (fields(line(tax="0.10", discount="2.66")), "lines.0.discount"),
        (fields(currency="JPY"), "lines.0.unit_price"),
        (fields(line(colour="red")), "lines.0.colour"),
        (fields(shipping={"service": "standard", "price": "0.001"}), "shipping.price"),
        (fields(placed_at="2026-01-01T00:00:00"), "placed_at"),
        (fields(shipping_address={"country": "Britain"}), "shipping_address.country"),
        (fields(backorder="perhaps"), "backorder"),
    ],
)
def test_what_cannot_be_names_its_field(wrong: dict[str, object], field: str) -> None:
    given(*SHELF).when(PlaceOrder, **wrong).then_invalid(field)


def test_money_is_exact_to_the_currencys_minor_unit() -> None:
    decision = given(*SHELF).when(order(line(3, unit_price="1.2500"), currency="KWD"))
    assert placed(decision).terms.lines[0].unit_price == 1250
    assert decision.answer["total"] == "3.750"


def test_units_that_backorders_wait_for_are_not_sold_to_newer_orders() -> None:
    waiting = given(*SHELF).when(order(line(15), backorder="allow", external_id="w"))
    past = (*SHELF, *waiting.events, place("MAN", 2), stock(3, location="MAN"))
    none_left = given(*past).when(order(line(1)))
    none_left.then_refused("insufficient_stock")
    assert [e["available"] for e in none_left.refusal.errors] == [0]  # type: ignore[union-attr]  # refused
    more = (*past, stock(4))
    bought = placed(given(*more).when(order(line(2))))
    assert bought.allocations == (Allocation("1", "A", "MAN", 2),)
    too_many = given(*more).when(order(line(3)))
    too_many.then_refused("insufficient_stock")
    assert [e["available"] for e in too_many.refusal.errors] == [2]  # type: ignore[union-attr]  # refused


def test_only_places_that_have_or_had_stock_of_the_sku_are_read() -> None:
    many = [place(f"L{n}", n) for n in range(1, 200)]
    command = order(line(1))
    decision = given(*many, goods(), stock(1, location="L150")).when(command)
    assert placed(decision).allocations == (Allocation("1", "A", "L150", 1),)
    refs = list(command.reads(CONTEXT, StrictStates([*many, goods(), stock(1, location="L150")])))
    assert len(refs) == 3
