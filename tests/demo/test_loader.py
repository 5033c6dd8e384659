"""The shop in a ledger: everything happens in it, and it happens once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, get_args

import pytest
from rich.console import Console

from oms_ledger.app import Oms
from oms_ledger.demo import LoadResult, load
from oms_ledger.demo.loader import load_days
from oms_ledger.demo.shop import CHANNELS, LOCATIONS, ORDERS
from oms_ledger.demo.summary import run_query
from oms_ledger.demo.warehouse import REROUTED
from oms_ledger.domain.fulfilment.events import ShipmentScanned
from oms_ledger.domain.fulfilment.state import EXCEPTIONS, PROGRESS
from oms_ledger.domain.fulfilments.events import (
    FulfilmentAccepted,
    FulfilmentPicked,
    FulfilmentRejected,
)
from oms_ledger.domain.orders.events import (
    BackordersAllocated,
    HoldReleased,
    OrderCancelled,
    OrderEdited,
    OrderPlaced,
)
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import Statuses
from oms_ledger.engine.project.tables import Table
from oms_ledger.kernel import Event, Recorded
from oms_ledger.testing import folded
from oms_projections import PROJECTIONS
from oms_projections.order_status.lists import FulfilmentStatus, OrderStatus, ReturnStatus
from tests.demo.conftest import NOW, UNTIL, Shop, empty_shop, whole_log
from tests.engine.log.audit import assert_dense, assert_never_oversold


def items(shop: Shop, name: str, **params: object) -> list[Any]:
    body = run_query(shop.oms, name, {"limit": 500, **params}, shop.result.position)
    assert body["next_cursor"] is None
    items = body["items"]
    assert isinstance(items, list)
    return items


def orders(shop: Shop) -> list[Order]:
    """Every order, folded by the domain from the log."""
    orders: dict[str, Order] = {}
    for r in shop.log:
        if r.stream.startswith("order-"):
            orders.setdefault(r.stream, Order()).apply(r.event)
    return list(orders.values())


def happened(shop: Shop, kind: type[Event]) -> list[Any]:
    return [r.event for r in shop.log if isinstance(r.event, kind)]


def test_the_ledger_refuses_no_command_of_the_shop(shop: Shop) -> None:
    assert not shop.result.refused
    assert shop.result.events == shop.result.position == len(shop.log)
    assert not shop.result.already
    assert f"{shop.result.events:,} events" in shop.output


def test_orders_are_in_every_state_there_is(shop: Shop) -> None:
    states: list[Statuses] = [order.statuses for order in orders(shop)]
    replacements = [order for order in orders(shop) if order.first_event.replacement_for]
    placed = [order for order in orders(shop) if not order.course.unplaced]
    assert len(placed) == ORDERS + len(replacements)
    assert {s.order for s in states} == set(get_args(OrderStatus))
    assert {s.fulfilment for s in states} == set(get_args(FulfilmentStatus)) - {"not_required"}
    assert {s.returned for s in states} == set(get_args(ReturnStatus))


def test_shipments_are_in_every_state_there_is(shop: Shop) -> None:
    statuses = {each["status"] for each in items(shop, "list_shipments")}
    assert statuses == {*PROGRESS, "cancelled"}


def test_three_places_ship_for_two_channels(shop: Shop) -> None:
    shipments = items(shop, "list_shipments")
    assert {each["location"] for each in shipments} == {place.code for place in LOCATIONS}
    assert {each["channel"] for each in shipments} == set(CHANNELS)


def test_some_orders_go_wrong_in_each_way(shop: Shop) -> None:
    """Late, held, split over places, short, cancelled in part."""
    late = items(shop, "list_orders", late=True, now=UNTIL.isoformat())
    assert any(order["shipped_at"] is None for order in late)
    assert any(order["shipped_at"] is not None for order in late)
    assert items(shop, "list_orders", on_hold=True)
    assert any(len(order["locations"]) > 1 for order in items(shop, "list_orders"))
    assert any(event.backorders for event in happened(shop, OrderPlaced))
    partly = [o for o in orders(shop) if sum(p.cancelled for p in o.lines.values()) > 0]
    assert any(order.statuses.order != "cancelled" for order in partly)
    assert happened(shop, OrderCancelled)


def test_some_of_what_goes_wrong_is_put_right(shop: Shop) -> None:
    """Holds are released; of the backordered some got their units and left, others wait."""
    assert happened(shop, HoldReleased)
    served = {event.order_id for event in happened(shop, BackordersAllocated)}
    by_id = {order["order_id"]: order for order in items(shop, "list_orders")}
    assert any(by_id[order_id]["shipped_at"] for order_id in served)
    assert items(shop, "list_orders", fulfilment="backordered")
    troubles = [e for e in happened(shop, ShipmentScanned) if e.code in EXCEPTIONS]
    assert troubles
    delivered = {s["shipment_id"] for s in items(shop, "list_shipments", status="delivered")}
    assert any(scan.shipment_id in delivered for scan in troubles)


def test_a_warehouse_works_through_its_queue(shop: Shop) -> None:
    """Accepted, picked, once short and once rejected, packed and sent; what was not there is sent
    from elsewhere."""
    picked = happened(shop, FulfilmentPicked)
    (short,) = [event for event in picked if event.short]
    (rejected,) = happened(shop, FulfilmentRejected)
    worked = {event.fulfilment_id.partition("@")[0] for event in picked}
    assert len(worked) == len(happened(shop, FulfilmentAccepted)) > 3
    by_id = {order.first_event.order_id: order for order in orders(shop)}
    for order_id in worked:
        assert not any(line.allocated for line in by_id[order_id].lines.values()), order_id
    for event in (short, rejected):
        order_id = event.fulfilment_id.partition("@")[0]
        sent = items(shop, "list_shipments", order_id=order_id)
        assert "BRISTOL" in {each["location"] for each in sent if each["dispatched_at"]}
    tagged = items(shop, "list_orders", tag=REROUTED)
    assert len(tagged) == 2


def test_exceptions_have_cases_most_of_which_are_resolved(shop: Shop) -> None:
    cases = items(shop, "list_cases")
    assert {case["resolution"] for case in cases} == {"arrived", "carrier_claim", None}
    (waiting,) = items(shop, "list_cases", status="open")
    assert (waiting["kind"], waiting["scan"]) == ("lost", None)


def test_money_goes_every_way(shop: Shop) -> None:
    """Most orders are paid; some not, some partly, some too much, and some got something back."""
    statuses = Counter(order.statuses.payment for order in orders(shop))
    assert statuses["paid"] > ORDERS / 2
    assert {"none", "partially_paid", "credit_owed", "partially_refunded"} <= statuses.keys()
    assert happened(shop, OrderEdited)
    assert any(order.statuses.order == "expired" for order in orders(shop))


def test_goods_come_back_every_way(shop: Shop) -> None:
    """Returns and exchanges, requested and received; what replaces goods was sent."""
    returns = items(shop, "list_returns")
    stages = {(each["kind"], each["status"]) for each in returns}
    assert {stage for kind, stage in stages if kind == "return"} == {
        "requested",
        "approved",
        "received",
    }
    assert {stage for kind, stage in stages if kind == "exchange"} >= {"requested", "received"}
    replacements = [order for order in orders(shop) if order.first_event.replacement_for]
    assert any(order.statuses.order == "fulfilled" for order in replacements)


def test_nothing_is_dated_after_the_days(shop: Shop) -> None:
    assert shop.result.until == UNTIL
    dated = [r.meta.occurred_at for r in shop.log if r.meta.occurred_at is not None]
    assert dated
    assert max(dated) < UNTIL


def test_nothing_is_oversold_at_any_position(shop: Shop) -> None:
    assert_dense(shop.log)
    assert_never_oversold(shop.log)


def test_the_read_models_equal_a_fold_of_the_log(shop: Shop) -> None:
    with shop.database.connect() as connection:
        for model in PROJECTIONS:
            expected = folded(model, shop.log)
            for kind in model.rows:
                table = Table(kind, model.version)
                rows = connection.execute(f"TABLE {table.name}".encode()).fetchall()
                stored = {table.key_of(row): row for row in map(table.row, rows)}
                assert stored == {table.key_of(row): row for row in expected.of(kind)}
                assert stored, f"{kind.table}: what the demo does not show"


def test_the_figures_are_those_of_a_realistic_shop(shop: Shop) -> None:
    """Mostly good, never perfect, in every channel."""
    params = {"group_by": "channel", "now": UNTIL.isoformat()}
    body = run_query(shop.oms, "shipping_performance", params, shop.result.position)
    rows: Sequence[Mapping[str, Any]] = body["rows"]  # type: ignore[assignment]  # known shape
    assert {row["group"] for row in rows} == set(CHANNELS)
    for row in rows:
        assert row["late"] > 0
        assert 0.8 < row["on_time_ship_rate"] < 1  # of all orders, shipped or not
        assert 0.85 < row["on_time_delivery_rate"] < 1
        assert 0 < row["split_rate"] < 0.25
        assert 0 < row["exception_rate"] < 0.1
        for hours in (row["order_to_ship_hours"], row["ship_to_deliver_hours"]):
            assert 5 < hours["p50"] < hours["p90"] < hours["p95"] < 200


@pytest.mark.parametrize("later", [timedelta(), timedelta(days=1), timedelta(days=40)])
def test_loading_again_changes_nothing_whenever_that_is(shop: Shop, later: timedelta) -> None:
    again = load(shop.oms, Console(quiet=True), NOW + later)
    assert again.already
    assert (again.events, again.until) == (0, UNTIL)
    assert again.position == shop.oms.readers.head() == shop.result.position


def test_a_load_that_was_cut_off_is_finished_on_another_day(
    shop: Shop, server: str, ready_template: str
) -> None:
    """And leads to the same history as one that was not."""
    with empty_shop(server, ready_template) as (oms, _):
        cut_off = LoadResult(UNTIL)
        list(islice(load_days(oms, cut_off), 35))
        assert 0 < oms.readers.head() < shop.result.position
        finished = load(oms, Console(quiet=True), NOW + timedelta(days=2))
        assert not finished.refused
        assert finished.until == UNTIL
        assert cut_off.events > 0
        assert story_of(oms) == [outline(r) for r in shop.log]


def story_of(oms: Oms) -> list[tuple[object, ...]]:
    return [outline(r) for r in whole_log(oms)]


def outline(r: Recorded) -> tuple[object, ...]:
    """What is the same in every ledger: not the ids that commands bring, nor the clock."""
    return type(r.event).type, r.meta.actor, r.meta.command, r.version, r.meta.occurred_at
