"""Orders that are edited, cancelled, shipped and paid in any order: units, stock and money add up
after every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.catalogue.put_product import PutProduct
from oms_commands.fulfilment.cancel_shipment import CancelShipment
from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_commands.orders._fields import CancelledLine, LineFields, ShippingFields
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.edit import EditOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.payments.refund import RefundPayment
from oms_commands.payments.request import RequestPayment
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.domain.errors import OmsError
from oms_ledger.domain.money import to_text
from oms_ledger.domain.orders.events import OrderEdited
from oms_ledger.domain.orders.lines import LineEdit, OrderLine
from oms_ledger.domain.orders.rules import amendment
from oms_ledger.domain.orders.rules.cancellation import FreedUnits
from oms_ledger.domain.orders.state import Order
from oms_ledger.engine.write.writer import Outcome
from oms_ledger.kernel import Command
from oms_ledger.testing import MemoryLedger
from tests.commands.checks import Books
from tests.tiers import others_long

LINE_IDS = st.sampled_from(["1", "2", "3", "4"])
SKUS = st.sampled_from(["A", "B", "POST"])
UNITS = st.integers(0, 7)
PENCE = st.integers(0, 333)


def text(minor: int) -> str:
    return to_text(minor, "GBP")


PRICES = st.fixed_dictionaries(
    {"type": st.just("set_price"), "line_id": LINE_IDS},
    optional={name: PENCE.map(text) for name in ("unit_price", "tax", "discount")},
).filter(lambda change: len(change) > 2)
QUANTITIES = st.fixed_dictionaries(
    {"type": st.just("set_quantity"), "line_id": LINE_IDS, "quantity": UNITS}
)
LINES = st.fixed_dictionaries(
    {"sku": SKUS, "quantity": st.integers(1, 4), "unit_price": PENCE.map(text)},
    optional={"tax": PENCE.map(text), "discount": st.integers(0, 50).map(text)},
)
ADDED = st.fixed_dictionaries({"type": st.just("add_line"), "line": LINES})
SHIPPING = PENCE.map(
    lambda pence: {"type": "set_shipping", "shipping": {"service": "s", "price": text(pence)}}
)


class EditedOrder(RuleBasedStateMachine):
    """One order of several lines, and all that is done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = MemoryLedger()
        self.books = Books()
        self.parcels: list[str] = []
        self.payments: list[str] = []

    def teardown(self) -> None:
        self.ledger.close()

    def run(self, command: Command) -> Outcome | None:
        """The outcome, or None for a refusal, which writes nothing."""
        try:
            outcome = self.ledger.execute(command)
        except OmsError:
            assert not self.ledger.history(self.books.position)
            return None
        self.books.take(self.ledger.history(self.books.position))
        self.books.check_answer(outcome.answer)
        return outcome

    @initialize(backorder=st.sampled_from(["refuse", "allow"]))
    def place(self, backorder: Any) -> None:
        self.run(PutLocation("LON", "London", priority=1))
        self.run(PutLocation("MAN", "Manchester", priority=2))
        self.run(PutProduct(sku="POST", title="Postage", stocked=False))
        self.run(PutProduct(sku="B", title="Bell", safety_stock=1, backorder_limit=3))
        for sku, where, units in (("A", "LON", 3), ("A", "MAN", 6), ("B", "LON", 6)):
            self.run(ReceiveStock(sku=sku, location=where, quantity=units))
        price, tax, discount = Decimal("2.55"), Decimal("1.00"), Decimal("0.07")
        lines = [LineFields(sku, 3, price, tax, discount) for sku in ("A", "B", "POST")]
        shipping = ShippingFields("standard", Decimal("4.95"))
        order = PlaceOrder(
            "web", "GBP", tuple(lines), shipping=shipping, confirm=True, backorder=backorder
        )
        placed = self.run(order)
        assert placed is not None
        self.order_id = str(placed.answer["order_id"])

    @property
    def order(self) -> Order:
        return self.books.state(Order, self.order_id)

    @rule(
        changes=st.lists(
            st.one_of(QUANTITIES, PRICES, ADDED),
            min_size=1,
            max_size=3,
            unique_by=lambda change: (change["type"], change.get("line_id"), str(change)),
        ),
        shipping=st.one_of(st.none(), SHIPPING),
    )
    def edit(
        self, changes: Sequence[Mapping[str, Any]], shipping: Mapping[str, Any] | None
    ) -> None:
        wanted = {(c["type"], c.get("line_id", n)): c for n, c in enumerate(changes)}
        all_changes = [*wanted.values(), *([shipping] if shipping else [])]
        before = self.order.owed, self.order.terms.total, self.order.open_total
        ids = {*self.order.lines}
        done = self.run(EditOrder(order_id=self.order_id, changes=all_changes))  # type: ignore[arg-type]  # validated
        if done is None:
            return
        owed, total, open_total = before
        order = self.order
        assert done.answer["difference"] == text(order.open_total - open_total)
        assert order.owed == max(0, owed + order.open_total - open_total)
        event = self.ledger.history()[-max(done.events, 1)].event
        if done.events:
            assert isinstance(event, OrderEdited)
            assert (event.total_before, event.total_after) == (total, order.terms.total)
            assert not ids & {line.line_id for line in event.added}

    @rule(line_id=LINE_IDS, units=st.sampled_from([-3, -2, -1, 1, 2, 3]))
    def one_edit_and_its_opposite(self, line_id: str, units: int) -> None:
        """However often: the amounts are those of before."""
        if line_id not in self.order.lines:
            return
        before = self.order.lines[line_id].line
        totals = self.order.terms.total, self.order.balance
        for quantity in (max(0, before.quantity + units), before.quantity):
            change = {"type": "set_quantity", "line_id": line_id, "quantity": quantity}
            if self.run(EditOrder(order_id=self.order_id, changes=[change])) is None:  # type: ignore[arg-type]  # validated
                return
        assert self.order.lines[line_id].line == before
        assert (self.order.terms.total, self.order.balance) == totals

    @rule(line_id=LINE_IDS, units=st.integers(1, 3))
    def cancel(self, line_id: str, units: int) -> None:
        some = (CancelledLine(line_id, units),)
        self.run(CancelOrder(order_id=self.order_id, reason="customer", lines=some))

    @rule(where=st.sampled_from(["LON", "MAN"]))
    def pack(self, where: str) -> None:
        made = self.run(CreateShipment(order_id=self.order_id, location=where))
        if made is not None:
            self.parcels.append(str(made.answer["shipment_id"]))

    @precondition(lambda self: self.parcels)
    @rule(leaves=st.booleans())
    def send(self, leaves: bool) -> None:
        shipment_id = self.parcels.pop()
        kind = DispatchShipment if leaves else CancelShipment
        assert self.run(kind(shipment_id=shipment_id)) is not None

    @rule()
    def pay_what_is_due(self) -> None:
        due = self.order.balance.due
        request = RequestPayment(
            order_id=self.order_id,
            provider="manual",
            amount=Decimal(due).scaleb(-2),
            capture="automatic",
        )
        if due and (paid := self.run(request)):
            self.payments.append(str(paid.answer["payment_id"]))
            assert (self.order.balance.due, self.order.balance.credit) == (0, 0)

    @precondition(lambda self: self.payments)
    @rule()
    def refund_what_is_too_much(self) -> None:
        credit = self.order.balance.credit
        payment_id = self.payments[-1]
        amount = min(credit, self.order.settlement.payments[payment_id].kept)
        if amount:
            refund = RefundPayment(
                order_id=self.order_id,
                payment_id=payment_id,
                amount=Decimal(amount).scaleb(-2),
                reason="edited",
            )
            assert self.run(refund) is not None

    @invariant()
    def units_and_stock_add_up(self) -> None:
        self.books.check()

    @invariant()
    def money_adds_up(self) -> None:
        if not self.books.of(Order):
            return
        order = self.order
        lines = [progress.line for progress in order.lines.values()]
        assert tuple(lines) == order.terms.lines
        shipping = order.terms.shipping
        assert shipping is not None
        goods = sum(n.quantity * n.unit_price + n.tax - n.discount for n in lines)
        assert order.terms.total == goods + shipping.price
        assert all(n.amount >= 0 for n in lines)
        for progress in order.lines.values():
            assert progress.priced.of_quantity(progress.line.quantity) == progress.line
            assert progress.priced.amount_of(progress.line.quantity) == progress.line.amount
        balance = order.balance
        assert balance.due - balance.credit == balance.owed - balance.paid + balance.refunding


def test_units_stock_and_money_add_up_whatever_is_edited() -> None:
    examples = settings().max_examples // 2
    run_state_machine_as_test(
        EditedOrder, settings=settings(max_examples=examples, stateful_step_count=30)
    )


# The machine is alive: a broken rule is caught.


def amounts_follow_the_quantity_of_before(patch: pytest.MonkeyPatch) -> None:
    """Tax and discount in proportion to the last edit, rounded again and again."""

    def of_last(p: Any, quantity: int, price: Any) -> OrderLine:
        line: OrderLine = p.line if quantity == p.line.quantity else p.line.of_quantity(quantity)
        return line

    patch.setattr(amendment, "_line_after", of_last)


def a_freed_unit_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(amendment, "units_freed", lambda order, units: FreedUnits([], [], {}))


def packed_units_are_taken_away(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(amendment, "_fault", lambda progress, quantity, repriced: None)


def the_difference_is_that_of_the_totals(patch: pytest.MonkeyPatch) -> None:
    real = amendment._totals

    def gross(order: Order, changed: Sequence[LineEdit], wanted: Any) -> dict[str, int]:
        totals = real(order, changed, wanted)
        return {**totals, "difference": totals["total_after"] - totals["total_before"]}

    patch.setattr(amendment, "_totals", gross)


@pytest.mark.slow
@pytest.mark.parametrize(
    "sabotage",
    others_long(
        [
            amounts_follow_the_quantity_of_before,
            a_freed_unit_is_forgotten,
            packed_units_are_taken_away,
            the_difference_is_that_of_the_totals,
        ],
        a_freed_unit_is_forgotten,
    ),
)
def test_a_broken_rule_is_caught(sabotage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sabotage(monkeypatch)
    once = settings(
        max_examples=500,
        stateful_step_count=30,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
    )
    with pytest.raises((AssertionError, KeyError, ZeroDivisionError)):
        run_state_machine_as_test(EditedOrder, settings=once)
