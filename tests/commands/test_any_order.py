"""Any commands in any order, on a ledger in memory: the books balance after each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import timedelta
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.catalogue.put_product import PutProduct
from oms_commands.fulfilment import cancel_shipment
from oms_commands.fulfilment._fields import ScanCode, ShippedLine
from oms_commands.fulfilment.cancel_shipment import CancelShipment
from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.fulfilment.deliver_shipment import DeliverShipment
from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_commands.fulfilment.label_shipment import LabelShipment
from oms_commands.fulfilment.record_tracking_event import RecordTrackingEvent
from oms_commands.orders._fields import CancelledLine, LineFields
from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.confirm import ConfirmOrder
from oms_commands.orders.hold import HoldOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.orders.release_hold import ReleaseHold
from oms_commands.stock import adjust, take_back
from oms_commands.stock.adjust import AdjustStock
from oms_commands.stock.count import CountStock
from oms_commands.stock.receive import ReceiveStock
from oms_commands.stock.take_back import ReturnStock
from oms_commands.stock.transfer import TransferStock
from oms_ledger.domain.errors import OmsError
from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.orders.rules import cancellation
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.routing import source as source_module
from oms_ledger.domain.stock import state as stock_state
from oms_ledger.domain.stock.events import StockEvent, StockReleased
from oms_ledger.domain.stock.rules import Available, Kits, Plan, allocate
from oms_ledger.domain.stock.state import Balances, StockLevel, book
from oms_ledger.engine.write.writer import Outcome
from oms_ledger.kernel import Change, Command
from oms_ledger.testing import START, MemoryLedger
from tests.commands.checks import Books, folded_anew
from tests.tiers import others_long

SKUS = st.sampled_from(["A", "B"])
PLACES = st.sampled_from(["LON", "MAN"])
FEW = st.integers(min_value=1, max_value=4)
LINE_IDS = st.sampled_from(["1", "2", "3"])
LINES = st.lists(st.tuples(st.sampled_from(["A", "A", "B", "POST"]), FEW), min_size=2, max_size=3)
STOCK: st.SearchStrategy[Command] = st.one_of(
    st.builds(ReceiveStock, sku=SKUS, location=PLACES, quantity=FEW),
    st.builds(
        AdjustStock,
        sku=SKUS,
        location=PLACES,
        change=st.integers(-3, 3),
        reason=st.just("broken"),
    ),
    st.builds(CountStock, sku=SKUS, location=PLACES, counted=st.integers(0, 6)),
    st.builds(
        lambda sku, places, units: TransferStock(sku, places[0], places[1], units),
        SKUS,
        st.permutations(["LON", "MAN"]),
        FEW,
    ),
)
Lines = Sequence[tuple[str, int]]
Backorder = Literal["refuse", "allow"]
BACKORDER: st.SearchStrategy[Backorder] = st.sampled_from(["refuse", "allow"])
SCANS: Sequence[ScanCode] = ("in_transit", "out_for_delivery", "delivered", "exception", "lost")


class AnyOrder(RuleBasedStateMachine):
    orders: Bundle[str] = Bundle("orders")
    shipments: Bundle[str] = Bundle("shipments")

    def __init__(self) -> None:
        super().__init__()
        self.ledger = MemoryLedger()
        self.books = Books()

    def teardown(self) -> None:
        self.ledger.close()
        assert folded_anew(self.ledger.history()) == self.books.states

    def execute(self, command: Command) -> Outcome | None:
        """Its outcome, if it was not refused; then nothing was written."""
        try:
            outcome = self.ledger.execute(command)
        except OmsError:
            assert not self.ledger.history(self.books.position), "a refusal left a trace"
            return None
        self.books.take(self.ledger.history(self.books.position))
        assert outcome.position == self.books.position
        self.books.check_answer(outcome.answer)
        return outcome

    @invariant()
    def the_books_balance(self) -> None:
        self.books.check()

    # Places, products and their stock.

    @initialize(target=orders)
    def open_shop(self) -> MultipleResults[str]:
        """Two places, two goods and a service, and two orders to begin with."""
        self.execute(PutLocation("LON", "London", priority=1))
        self.execute(PutLocation("MAN", "Manchester", priority=2))
        self.execute(PutProduct(sku="A", title="Heart"))
        self.execute(PutProduct(sku="B", title="Bell", safety_stock=1, backorder_limit=3))
        self.execute(PutProduct(sku="POST", title="Postage", stocked=False))
        for place in ("LON", "MAN"):
            self.execute(ReceiveStock(sku="A", location=place, quantity=6))
        return multiple(*self._placed([("A", 4)]), *self._placed([("A", 4), ("POST", 1)]))

    @rule(command=STOCK)
    def change_stock(self, command: Command) -> None:
        free = 0
        if isinstance(command, AdjustStock):
            free = self.books.state(StockLevel, stock_key(command.sku, command.location)).free
        taken = self.execute(command) is not None
        if isinstance(command, AdjustStock):
            assert taken == (free + (command.change or 0) >= 0)

    # Orders.

    @rule(target=orders, lines=LINES, backorder=BACKORDER, confirm=st.booleans())
    def place(self, lines: Lines, backorder: Backorder, confirm: bool) -> MultipleResults[str]:
        return multiple(*self._placed(lines, backorder, confirm))

    def _placed(
        self, lines: Lines, backorder: Backorder = "refuse", confirm: bool = True
    ) -> list[str]:
        """The order's id, if it was not refused, and whether it is right that it was not."""
        wanted: Counter[str] = Counter()
        for sku, units in lines:
            wanted[sku] += units if sku != "POST" else 0
        enough = all(units <= self.books.available(sku) for sku, units in wanted.items())
        price = Decimal("2.55")
        fields = tuple(LineFields(sku, units, price) for sku, units in lines)
        order = PlaceOrder("web", "GBP", fields, backorder=backorder, confirm=confirm)
        outcome = self.execute(order)
        assert outcome is not None or not enough, "what there is was not sold"
        assert outcome is None or enough or backorder == "allow", "sold what there is not"
        return [] if outcome is None else [str(outcome.answer["order_id"])]

    @rule(order_id=orders)
    def confirm(self, order_id: str) -> None:
        self.execute(ConfirmOrder(order_id=order_id))

    @rule(order_id=orders)
    def cancel(self, order_id: str) -> None:
        if self.execute(CancelOrder(order_id=order_id, reason="customer")):
            lines = self.books.state(Order, order_id).lines.values()
            assert not any(line.open for line in lines)

    @rule(order_id=orders, line_id=LINE_IDS, units=FEW)
    def cancel_part(self, order_id: str, line_id: str, units: int) -> None:
        some = (CancelledLine(line_id, units),)
        self.execute(CancelOrder(order_id=order_id, reason="inventory", lines=some))

    @rule(order_id=orders)
    def hold(self, order_id: str) -> None:
        self.execute(HoldOrder(order_id=order_id, reason="fraud"))

    @rule(order_id=orders)
    def release(self, order_id: str) -> None:
        for hold_id in list(self.books.state(Order, order_id).holds):
            assert self.execute(ReleaseHold(order_id=order_id, hold_id=hold_id))

    @rule(order_id=orders)
    def allocate_backorders(self, order_id: str) -> None:
        self.execute(AllocateBackorders(order_id=order_id))

    @rule(sku=SKUS, place=PLACES, units=FEW, order_id=orders, line_id=LINE_IDS)
    def give_back(self, sku: str, place: str, units: int, order_id: str, line_id: str) -> None:
        self.execute(
            ReturnStock(sku=sku, location=place, quantity=units, order_id=order_id, line_id=line_id)
        )

    # Shipments.

    @rule(target=shipments, order_id=orders, place=PLACES)
    def ship(self, order_id: str, place: str) -> MultipleResults[str]:
        return self._made(self.execute(CreateShipment(order_id=order_id, location=place)))

    @rule(target=shipments, order_id=orders, place=PLACES, line_id=LINE_IDS, units=FEW)
    def ship_part(
        self, order_id: str, place: str, line_id: str, units: int
    ) -> MultipleResults[str]:
        some = (ShippedLine(line_id, units),)
        return self._made(
            self.execute(CreateShipment(order_id=order_id, location=place, lines=some))
        )

    def _made(self, outcome: Outcome | None) -> MultipleResults[str]:
        return multiple() if outcome is None else multiple(str(outcome.answer["shipment_id"]))

    @rule(shipment_id=shipments)
    def label(self, shipment_id: str) -> None:
        self.execute(LabelShipment(shipment_id=shipment_id))

    @rule(shipment_id=shipments)
    def dispatch(self, shipment_id: str) -> None:
        self.execute(DispatchShipment(shipment_id=shipment_id))

    @rule(shipment_id=shipments, code=st.sampled_from(SCANS), hours=st.integers(0, 9))
    def scan(self, shipment_id: str, code: ScanCode, hours: int) -> None:
        at = START + timedelta(hours=hours)
        self.execute(RecordTrackingEvent(shipment_id=shipment_id, code=code, occurred_at=at))

    @rule(shipment_id=shipments)
    def deliver(self, shipment_id: str) -> None:
        self.execute(DeliverShipment(shipment_id=shipment_id))

    @rule(shipment_id=shipments)
    def cancel_shipment(self, shipment_id: str) -> None:
        created = self.books.state(Shipment, shipment_id).created
        assert created is not None
        before = self._allocated(created)
        levels = repr(self.books.of(StockLevel))
        if self.execute(CancelShipment(shipment_id=shipment_id)):
            for line in created.lines:
                before[line.line_id, created.location] += line.quantity
            assert self._allocated(created) == before
            assert repr(self.books.of(StockLevel)) == levels

    def _allocated(self, created: ShipmentCreated) -> Counter[tuple[str, str]]:
        order = self.books.state(Order, created.order_id)
        return Counter(
            {
                (line_id, place): units
                for line_id, line in order.lines.items()
                for place, units in line.allocated_at.items()
            }
        )


def test_the_books_balance_after_any_commands_in_any_order() -> None:
    examples = settings().max_examples // 2
    run_state_machine_as_test(
        AnyOrder, settings=settings(max_examples=examples, stateful_step_count=40)
    )


# The machine is alive: whoever breaks a rule is caught.

Sabotage = Callable[[pytest.MonkeyPatch], None]


def a_release_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    def forgetful(balances: Balances, event: StockEvent) -> None:
        if not isinstance(event, StockReleased):
            book(balances, event)

    patch.setattr(stock_state, "book", forgetful)


def a_line_takes_what_the_line_before_took(patch: pytest.MonkeyPatch) -> None:
    def greedy(wanted: Sequence[tuple[str, str, int]], available: Available, kits: Kits) -> Plan:
        whole = Plan()
        for line in wanted:
            plan = allocate([line], deepcopy(available), kits)
            whole.allocations += plan.allocations
            whole.shortages += plan.shortages
        return whole

    patch.setattr(source_module, "allocate", greedy)


def a_cancelled_shipment_keeps_its_units(patch: pytest.MonkeyPatch) -> None:
    def half(shipment_id: str, created: ShipmentCreated) -> list[Change]:
        return cancellation.unpack(shipment_id, created)[:1]

    patch.setattr(cancel_shipment, "unpack", half)


def backorders_are_owed_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cancellation, "_backorders", lambda progress: [])


def promised_units_are_written_off(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(adjust, "refuse_if_short", lambda *arguments: None)


def more_comes_back_than_was_sent(patch: pytest.MonkeyPatch) -> None:
    check = take_back._check_line

    def trusting(order: Order, line_id: str, sku: str, quantity: int) -> None:
        if line_id not in order.lines:
            check(order, line_id, sku, quantity)

    patch.setattr(take_back, "_check_line", trusting)


def stock_is_sold_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StockLevel, "available", lambda level, safety_stock: level.on_hand)


@pytest.mark.slow
@pytest.mark.parametrize(
    "sabotage",
    others_long(
        [
            a_release_is_forgotten,
            a_line_takes_what_the_line_before_took,
            a_cancelled_shipment_keeps_its_units,
            backorders_are_owed_for_ever,
            promised_units_are_written_off,
            more_comes_back_than_was_sent,
            stock_is_sold_twice,
        ],
        stock_is_sold_twice,
    ),
)
def test_a_broken_rule_is_detected(sabotage: Sabotage, monkeypatch: pytest.MonkeyPatch) -> None:
    sabotage(monkeypatch)
    once = settings(
        max_examples=500,
        stateful_step_count=40,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(AnyOrder, settings=once)
