"""Back-tests: past orders routed again, beside what was done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from oms_commands.catalogue.put_channel import PutChannel
from oms_commands.catalogue.put_location import PutLocation
from oms_commands.catalogue.put_product import PutProduct
from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.edit import EditOrder
from oms_commands.orders.import_order import ImportOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.orders.resume import ResumeOrder
from oms_commands.routing.put_postal_areas import PutPostalAreas
from oms_commands.routing.put_rules import PutRoutingRules
from oms_commands.stock.adjust import AdjustStock
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.routing.backtest import Backtest, BacktestScope, backtest
from oms_ledger.domain.routing.events import LocationCost, RoutingRule
from oms_ledger.domain.routing.views import backtest_view
from oms_ledger.kernel import Command, Log
from oms_ledger.testing import MemoryLedger
from oms_ledger.testing.log import LogUntil, Records

NEAREST = (RoutingRule("nearest"),)
FEWEST = (RoutingRule("fewest_splits"),)
PRIORITY = (RoutingRule("priority"),)
COST = (RoutingRule("cost", currency="GBP", costs=(LocationCost("", 400, 10),)),)
WEB = BacktestScope(channel="web")


class Shop:
    """Two places, of which `A` is used first and `B` is near Leeds."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger
        self.do(PutLocation(code="A", name="A", priority=1, latitude=51.5, longitude=-0.1))  # type: ignore[call-arg]  # an alias
        self.do(
            PutLocation(  # type: ignore[call-arg]  # an alias
                code="B", name="B", priority=2, latitude=53.5, longitude=-2.2, daily_capacity=3
            )
        )
        area = {"prefix": "", "latitude": 53.8, "longitude": -1.55}
        self.do(PutPostalAreas(country="GB", areas=(area,)))  # type: ignore[arg-type]  # validated
        for sku in ("X", "Y"):
            self.do(PutProduct(sku=sku, title=sku))

    def do(self, command: Command) -> dict[str, Any]:
        self.ledger.now += timedelta(minutes=1)
        return dict(self.ledger.execute(command).answer)

    def receive(self, location: str, sku: str, quantity: int) -> None:
        self.do(ReceiveStock(sku=sku, location=location, quantity=quantity))

    def place(
        self,
        number: int,
        units: Mapping[str, int] | None = None,
        *,
        channel: str = "web",
        **more: int,
    ) -> str:
        wanted = {**(units or {}), **more}
        lines = [{"sku": sku, "quantity": n, "unit_price": "1.00"} for sku, n in wanted.items()]
        order = PlaceOrder(
            channel=channel,
            external_id=str(number),
            currency="GBP",
            lines=lines,  # type: ignore[arg-type]  # validated
            shipping_address={"country": "GB"},  # type: ignore[arg-type]  # validated
            backorder="allow",
        )
        return str(self.do(order)["order_id"])

    @property
    def log(self) -> Log:
        records = Records(self.ledger.history())
        return LogUntil(records, len(records.all))

    def test(self, scope: BacktestScope = WEB, **rules: tuple[RoutingRule, ...]) -> Backtest:
        return backtest(self.log, rules, scope)


@pytest.fixture
def shop() -> Any:
    with MemoryLedger() as ledger:
        yield Shop(ledger)


def test_figures_stand_beside_what_was_done(shop: Shop) -> None:
    shop.receive("A", "X", 2)
    shop.receive("B", "X", 9)
    shop.place(1, X=4)
    tested = shop.test(nearest=NEAREST, cost=COST)
    done, nearest = tested.done, tested.by_rules["nearest"]
    assert (done.orders, done.parcels, done.split_orders, done.units) == (1, 2, 1, 4)
    assert (nearest.parcels, nearest.split_orders, nearest.units) == (1, 0, 4)
    assert done.by_location == {"A": [1, 2], "B": [1, 2]}
    assert nearest.by_location == {"B": [1, 4]}
    assert (done.metres > 250_000, 50_000 < nearest.metres < 60_000) == (True, True)
    assert (done.cost, nearest.cost) == (400 + 20 + 400 + 20, 400 + 40)
    assert (done.over_capacity, nearest.over_capacity) == (0, 1)


def test_what_one_order_takes_is_gone_for_the_next(shop: Shop) -> None:
    shop.receive("A", "X", 5)
    shop.receive("B", "X", 5)
    for number in range(4):
        shop.place(number, X=3)
    nearest = shop.test(nearest=NEAREST).by_rules["nearest"]
    assert nearest.by_location == {"B": [2, 5], "A": [3, 5]}
    assert (nearest.short_orders, nearest.short_units) == (1, 2)
    done = shop.test(nearest=NEAREST).done
    assert (done.short_orders, done.short_units) == (1, 2)


def test_orders_of_another_channel_or_time_keep_what_they_had(shop: Shop) -> None:
    shop.receive("A", "X", 4)
    shop.receive("B", "X", 4)
    shop.place(1, channel="store", X=3)
    began = shop.ledger.now + timedelta(seconds=1)
    shop.place(2, X=3)
    tested = shop.test(nearest=NEAREST)
    assert tested.done.orders == 1
    assert tested.by_rules["nearest"].by_location == {"B": [1, 3]}
    assert tested.done.by_location == {"A": [1, 1], "B": [1, 2]}
    late = shop.test(BacktestScope(placed_from=began), nearest=NEAREST)
    early = shop.test(BacktestScope(placed_to=began), nearest=NEAREST)
    assert (late.done.orders, early.done.orders) == (1, 1)
    assert early.by_rules["nearest"].by_location == {"B": [1, 3]}


def test_units_that_were_freed_are_there_again(shop: Shop) -> None:
    shop.receive("A", "X", 5)
    shop.receive("B", "X", 5)
    first = shop.place(1, X=5)
    shop.do(CancelOrder(order_id=first, reason="customer"))
    shop.place(2, X=5)
    assert shop.test(nearest=NEAREST).by_rules["nearest"].by_location == {"B": [2, 10]}


def test_edits_backorders_and_resumed_orders_are_followed(shop: Shop) -> None:
    shop.receive("B", "X", 5)
    first = shop.place(1, X=6)
    shop.receive("B", "X", 3)
    shop.do(AllocateBackorders(first))
    fewer = {"type": "set_quantity", "line_id": "1", "quantity": 2}
    more = {"type": "add_line", "line": {"sku": "X", "quantity": 1, "unit_price": "1.00"}}
    shop.do(EditOrder(order_id=first, changes=(fewer, more)))  # type: ignore[arg-type]  # validated
    second = shop.place(2, X=1)
    shop.do(CancelOrder(order_id=second, reason="customer"))
    shop.do(ResumeOrder(second))
    shop.place(3, X=4)
    nearest = shop.test(nearest=NEAREST).by_rules["nearest"]
    assert nearest.short_units == 1, "of the first order; the third has all of its four"
    shop.place(4, X=1)
    assert shop.test(nearest=NEAREST).by_rules["nearest"].short_units == 2


def test_orders_that_were_imported_without_stock_are_left_out(shop: Shop) -> None:
    """Units without stock that an order was imported with are not routed, and those that an edit
    gives it since are booked where they are."""
    shop.receive("A", "X", 18)
    line = {"sku": "X", "quantity": 6, "unit_price": "1.00"}
    past: Any = {"channel": "web", "currency": "GBP", "lines": [line], "placed_at": shop.ledger.now}
    skipped = shop.do(ImportOrder(**past, external_id="old", confirm=True))
    shop.place(1, X=9)
    tested = shop.test(nearest=NEAREST)
    assert (tested.untracked_orders, tested.done.orders) == (1, 1)
    assert tested.by_rules["nearest"].by_location == {"A": [1, 9]}
    more = {"type": "set_quantity", "line_id": "1", "quantity": 8}
    shop.do(EditOrder(order_id=str(skipped["order_id"]), changes=(more,)))  # type: ignore[arg-type]  # validated
    shop.place(2, X=8)
    assert shop.test(nearest=NEAREST).by_rules["nearest"].short_units == 1
    assert backtest_view(tested, None)["untracked_orders"] == 1


def test_units_that_never_got_stock_are_not_routed(shop: Shop) -> None:
    shop.receive("A", "X", 9)
    shop.receive("B", "X", 9)
    line = {"sku": "X", "quantity": 6, "unit_price": "1.00"}
    sent = {"location": "A", "lines": [{"line_id": "1", "quantity": 2}]}
    now = shop.ledger.now
    shop.do(
        ImportOrder(
            channel="web",
            external_id="old",
            currency="GBP",
            lines=(line,),  # type: ignore[arg-type]  # validated
            shipping_address={"country": "GB"},  # type: ignore[arg-type]  # validated
            placed_at=now,
            cancelled_at=now,
            shipments=({**sent, "dispatched_at": now},),  # type: ignore[arg-type]  # validated
            stock="update",
        )
    )
    tested = shop.test(nearest=NEAREST)
    assert (tested.untracked_orders, tested.done.units) == (0, 2)
    assert tested.by_rules["nearest"].by_location == {"B": [1, 2]}


def test_the_places_of_a_channel_and_closed_ones_are_respected(shop: Shop) -> None:
    shop.receive("A", "X", 5)
    shop.receive("B", "X", 5)
    shop.place(1, X=1)
    shop.do(PutChannel(channel="web", locations=("A",)))
    assert shop.test(nearest=NEAREST).by_rules["nearest"].by_location == {"A": [1, 1]}
    shop.do(PutChannel(channel="web"))
    shop.do(PutLocation(code="B", name="B", closed=True))  # type: ignore[call-arg]  # an alias
    assert shop.test(nearest=NEAREST).by_rules["nearest"].by_location == {"A": [1, 1]}


def test_several_sets_do_not_disturb_each_other(shop: Shop) -> None:
    shop.receive("A", "X", 5)
    shop.receive("B", "X", 5)
    for number in range(4):
        shop.place(number, X=2)
    both = shop.test(nearest=NEAREST, fewest=FEWEST)
    alone = shop.test(nearest=NEAREST).by_rules, shop.test(fewest=FEWEST).by_rules
    assert both.by_rules == {**alone[0], **alone[1]}


def test_the_view_has_rates_and_money(shop: Shop) -> None:
    shop.receive("A", "X", 5)
    shop.place(1, X=2)
    view = backtest_view(shop.test(cost=COST), "GBP")
    done: Any = view["done"]
    assert (done["cost"], done["split_rate"], done["km_per_parcel"] > 200) == ("4.20", 0.0, True)
    nothing: Any = backtest_view(shop.test(BacktestScope(channel="none"), cost=COST), "GBP")["done"]
    assert (nothing["split_rate"], nothing["cost"], nothing["km_per_parcel"]) == (None, None, None)


def test_progress_reaches_the_end(shop: Shop) -> None:
    shop.place(1, X=2)
    reached: list[int] = []
    backtest(shop.log, {"nearest": NEAREST}, WEB, reached.append)
    assert reached[-1] == shop.log.position
    assert reached == sorted(reached)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["receive", "adjust", "place", "cancel", "resume", "fill", "edit"]),
        st.sampled_from("AB"),
        st.sampled_from("XY"),
        st.integers(1, 4),
    ),
    max_size=25,
)


@drawn(STEPS, st.booleans())
def test_the_rules_that_were_in_force_would_do_what_was_done(
    steps: list[tuple[str, str, str, int]], by_rules: bool
) -> None:
    """A shop's whole life, and its own rules tried on it: the same parcels, units and shortages."""
    with MemoryLedger(now=datetime(2026, 1, 1, tzinfo=UTC)) as ledger:
        shop = Shop(ledger)
        if by_rules:
            rule = {"type": "priority"}
            shop.do(PutRoutingRules(channel="web", rules=(rule,)))  # type: ignore[arg-type]  # validated
        orders: list[str] = []
        for number, (step, location, sku, units) in enumerate(steps):
            try:
                run(shop, orders, number, step, location, sku, units)
            except Refused:
                continue
        tested = shop.test(priority=PRIORITY)
    done, again = tested.done, tested.by_rules["priority"]
    assert done.by_location == again.by_location
    assert (done.short_orders, done.short_units) == (again.short_orders, again.short_units)


def run(
    shop: Shop, orders: list[str], number: int, step: str, location: str, sku: str, units: int
) -> None:
    order_id = orders[units % len(orders)] if orders else "none"
    match step:
        case "receive":
            shop.receive(location, sku, units)
        case "adjust":
            shop.do(AdjustStock(sku=sku, location=location, change=-1, reason="damage"))
        case "place":
            wanted = {sku: units, "Y": 1}
            orders.append(shop.place(number, wanted))
        case _ if not orders:
            return
        case "cancel":
            shop.do(CancelOrder(order_id=order_id, reason="customer"))
        case "resume":
            shop.do(ResumeOrder(order_id))
        case "fill":
            shop.do(AllocateBackorders(order_id))
        case "edit":
            change = {"type": "set_quantity", "line_id": "1", "quantity": units}
            shop.do(EditOrder(order_id=order_id, changes=(change,)))  # type: ignore[arg-type]  # validated
