"""Random lives of returns with payments: units and money are conserved, whatever the commands
and their order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings

from oms_commands import COMMANDS
from oms_ledger.audit.tree.store import StoredEvent
from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.domain.errors import Invalid, NotFound, Refused
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.orders.events import CreditGranted, UnitsShipped
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.events import PaymentRefunded, PaymentRequested, RefundRequested
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.registry import STATES
from oms_ledger.domain.returns.events import ReturnReceived, ReturnRefunded
from oms_ledger.domain.returns.state import Return
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.engine.log import codec
from oms_ledger.kernel import Event, Recorded, State
from oms_ledger.testing import MemoryLedger

LINES = [
    {"sku": "A", "quantity": 6, "unit_price": "3.33", "tax": "1.01", "discount": "0.05"},
    {"sku": "B", "quantity": 8, "unit_price": "0.10", "tax": "0.07"},
]
BOUGHT = 100
TOTAL = 2431


class Desk:
    """A shop with one order, of which some is paid and delivered, and what is done about it."""

    def __init__(self, ledger: MemoryLedger, paid: int, shipped: int) -> None:
        self.ledger = ledger
        self.refusals: Counter[str] = Counter()
        self.returns: list[str] = []
        self.do("PutLocation", code="LON", name="London")
        for sku in ("A", "B"):
            self.do("ReceiveStock", sku=sku, location="LON", quantity=BOUGHT)
        order = self.do(
            "PlaceOrder",
            channel="web",
            currency="GBP",
            lines=LINES,
            shipping={"service": "standard", "price": "2.50"},
            confirm=True,
        )
        self.order_id = order["order_id"]
        total = (0, 900, TOTAL)[paid]
        for reference, part in (("R1", total // 3), ("R2", total - total // 3)):
            if part:
                self.do(
                    "RequestPayment",
                    order_id=self.order_id,
                    provider="manual" if reference == "R1" else "external",
                    amount=f"{part / 100:.2f}",
                    capture="automatic",
                )
        self._captured()
        units = [{"line_id": "1", "quantity": 4 + shipped}, {"line_id": "2", "quantity": 8}]
        parcel = self.do("CreateShipment", order_id=self.order_id, location="LON", lines=units)
        self.do("DispatchShipment", shipment_id=parcel["shipment_id"])
        self.do("DeliverShipment", shipment_id=parcel["shipment_id"])

    def _captured(self) -> None:
        """The provider reports that it captured what was requested of it."""
        for payment_id, payment in self.state(Order, self.order_id).settlement.payments.items():
            if payment.pending:
                self.do(
                    "ReportPayment",
                    order_id=self.order_id,
                    payment_id=payment_id,
                    kind="captured",
                    provider_event_id="e1",
                    amount=f"{payment.pending / 100:.2f}",
                )

    def do(self, command: str, **fields: object) -> Mapping[str, Any]:
        return self.ledger.execute(COMMANDS[command](**fields)).answer

    def attempt(self, command: str, **fields: object) -> Mapping[str, Any]:
        try:
            return self.do(command, **fields)
        except (Refused, NotFound, Invalid) as refusal:
            self.refusals[refusal.code] += 1
            return {}

    def state(self, kind: type[Any], key: str) -> Any:
        return self.ledger.state(kind, key)

    def one(self, n: int, *stages: str) -> str:
        """A return; one in these stages if there is any, but for every eighth."""
        fitting = [each for each in self.returns if self.state(Return, each).stage in stages]
        some = fitting if fitting and n % 8 else self.returns
        return some[n % len(some)] if some else "none"

    # Moves.

    def request(self, n: int, m: int) -> None:
        kind, resolution = (
            ("return", "refund"),
            ("return", "refund"),
            ("claim", "refund"),
            ("exchange", "exchange"),
            ("exchange", "exchange"),
            ("exchange", "exchange"),
            ("return", "none"),
            ("claim", "replacement"),
        )[n % 8]
        more: dict[str, object] = {}
        if kind == "exchange":
            price = f"{(m % 400) / 100:.2f}"
            more = {"replacement_lines": [{"sku": "B", "quantity": 1, "unit_price": price}]}
        lines = [{"line_id": str(1 + m % 2), "quantity": 1 + n % 2}]
        answer = self.attempt(
            "RequestReturn",
            order_id=self.order_id,
            kind=kind,
            resolution=resolution,
            lines=lines,
            approve=m % 5 != 0,
            **more,
        )
        if answer:
            self.returns.append(answer["return_id"])

    def receive(self, n: int, m: int) -> None:
        """Mostly what was requested; sometimes another line, or more units."""
        return_id = self.one(n, "approved")
        requested = list(self.state(Return, return_id).lines)
        lines = [
            {
                "line_id": requested[0] if requested and n % 5 else str(1 + m % 2),
                "quantity": 1 + m % 3 if m % 11 else 9,
                "condition": ("resellable", "damaged", "wrong_item")[m % 3],
                "location": "LON",
            }
        ]
        self.attempt("ReceiveReturn", return_id=return_id, lines=lines, complete=m % 7 == 0)

    def refund(self, n: int, m: int) -> None:
        terms: tuple[dict[str, object], ...] = (
            {},
            {},
            {"amount": f"{(m % 400) / 100:.2f}"},
            {"restocking_fee": f"{(m % 60) / 100:.2f}"},
            {"shipping": f"{(m % 300) / 100:.2f}"},
        )
        """What goes back was paid too much: as long as anything is due, nothing does."""
        before = self.state(Order, self.order_id).balance
        return_id = self.one(n, "approved")
        self.attempt("RefundReturn", return_id=return_id, **terms[m % 5])
        after = self.state(Order, self.order_id).balance
        assert after.due <= before.due
        if (after.refunded, after.refunding) != (before.refunded, before.refunding):
            assert after.due == 0

    def refund_payment(self, n: int, m: int) -> None:
        payments = list(self.state(Order, self.order_id).settlement.payments)
        if payments:
            self.attempt(
                "RefundPayment",
                order_id=self.order_id,
                payment_id=payments[n % len(payments)],
                reason="late",
                amount=f"{(1 + m % 200) / 100:.2f}",
            )

    def settle(self, n: int, m: int) -> None:
        self.attempt("RefundCredit", order_id=self.order_id, reason="too much")

    def turn(self, n: int, m: int) -> None:
        """A return is approved, declined, closed, cancelled or reopened."""
        command, *stages = (
            ("ApproveReturn", "requested"),
            ("ApproveReturn", "requested"),
            ("DeclineReturn", "requested"),
            ("CloseReturn", "approved"),
            ("CancelReturn", "requested", "approved"),
            ("ReopenReturn", "declined", "cancelled", "closed"),
            ("ReopenReturn", "declined", "cancelled", "closed"),
        )[m % 7]
        more = {"reason": "why"} if command == "DeclineReturn" else {}
        self.attempt(command, return_id=self.one(n, *stages), **more)

    def play(self, move: int) -> None:
        """The number says which move, and what it chooses."""
        chance = random.Random(move)
        often = [*[self.request] * 2, *[self.receive] * 3, *[self.refund] * 4, self.turn]
        rare = [self.turn, self.refund_payment, self.settle]
        chance.choice([*often * 2, *rare])(chance.randrange(1000), chance.randrange(1000))


class Books:
    """What the log says, added up by another way than the rules."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.states: dict[str, State] = {}

    def take(self, history: list[Recorded]) -> None:
        """Add up what is new in the log, and check."""
        for r in history:
            self.events.append(r.event)
            state = self.states.setdefault(r.stream, STATES[r.stream.partition("-")[0]]())
            state.apply(r.event)
        self.check()

    def of(self, kind: type[Any]) -> dict[str, Any]:
        return {
            stream.partition("-")[2]: state
            for stream, state in self.states.items()
            if isinstance(state, kind)
        }

    def check(self) -> None:
        self.check_units()
        self.check_money()
        self.check_exchanges()

    def check_units(self) -> None:
        kept: Counter[str] = Counter()
        quarantined: Counter[str] = Counter()
        for event in self.events:
            if isinstance(event, ReturnReceived):
                for line in event.lines:
                    if line.condition == "wrong_item":
                        continue
                    if line.disposition != "write_off":
                        kept[line.sku] += line.quantity
                    if line.disposition == "quarantine":
                        quarantined[line.sku] += line.quantity
        shipped: Counter[str] = Counter()
        orders = self.of(Order)
        for event in self.events:
            if isinstance(event, UnitsShipped):
                for each in event.lines:
                    line = orders[event.order_id].lines[each.line_id].line
                    shipped[line.sku] += each.quantity
        for sku in ("A", "B"):
            level = self.of(StockLevel)[stock_key(sku, "LON")]
            assert level.on_hand == BOUGHT - shipped[sku] + kept[sku]
            assert level.quarantine == quarantined[sku]
        for order in orders.values():
            for line in order.lines.values():
                assert 0 <= line.returned <= line.shipped
                assert line.credited <= line.shipped

    def check_money(self) -> None:
        """Of every order and return: never more granted than what came back is worth, never more
        refunded than was captured."""
        for payment in self.of(Payment).values():
            totals = payment.totals
            assert 0 <= totals.refunded + sum(payment.refunding.values()) <= totals.captured
        granted: Counter[str] = Counter()
        for event in self.events:
            if isinstance(event, CreditGranted) and event.reference in self.of(Return):
                granted[str(event.reference)] += event.amount
        orders = self.of(Order)
        for return_id, return_ in self.of(Return).items():
            assert granted[return_id] == return_.granted
            assert return_.refunded + return_.exchanged <= return_.granted
            if return_.requested.order_id is None:
                continue
            lines = orders[return_.requested.order_id].lines
            worth = sum(self.worth(return_, line_id, lines[line_id]) for line_id in return_.lines)
            assert return_.granted <= worth + self.shipping(return_id)
        for order in orders.values():
            balance = order.balance
            assert balance.owed >= 0
            assert balance.refunded + balance.refunding <= balance.captured

    def worth(self, return_: Any, line_id: str, progress: Any) -> int:
        """The most that units of a line may be worth: in any order of refunds, a cent each of tax
        and discount above the average share."""
        line, each = progress.line, return_.lines[line_id]
        units = min(each.requested if return_.is_claim else each.received, progress.shipped)
        if units == line.quantity:
            return int(line.amount)
        return int(-(-line.amount * units // line.quantity)) + 2

    def shipping(self, return_id: str) -> int:
        return sum(
            event.shipping
            for event in self.events
            if isinstance(event, ReturnRefunded) and event.return_id == return_id
        )

    def check_exchanges(self) -> None:
        """What was taken from one order's payments for another is a payment of that other."""
        moved: Counter[str] = Counter()
        intents = {}
        for event in self.events:
            if isinstance(event, RefundRequested) and event.destination:
                intents[event.payment_id, event.refund_id] = event.destination
            elif isinstance(event, PaymentRefunded):
                destination = intents.get((event.payment_id, event.refund_id))
                if destination:
                    moved[destination.removeprefix("exchange:")] += event.amount.minor
        paid: Counter[str] = Counter()
        for event in self.events:
            if isinstance(event, PaymentRequested) and event.provider == "exchange":
                paid[event.order_id] += event.amount.minor
        assert moved == paid
        for order_id, amount in paid.items():
            assert amount <= self.of(Order)[order_id].placed.terms.total


def stored(history: list[Recorded]) -> list[StoredEvent]:
    return [
        StoredEvent(
            r.position, r.stream, r.version, type(r.event).type, codec.encode(r.event, r.meta)
        )
        for r in history
    ]


MOVES = st.lists(st.integers(0, 10**9), min_size=20, max_size=45)


@settings(max_examples=settings().max_examples // 2)
@given(st.sampled_from([0, 1, 2, 2, 2, 2]), st.integers(0, 2), MOVES)
def test_units_and_money_are_conserved(paid: int, shipped: int, moves: list[int]) -> None:
    with MemoryLedger() as ledger:
        desk = Desk(ledger, paid, shipped)
        books = Books()
        books.take(ledger.history())
        for move in moves:
            desk.play(move)
            if new := ledger.history(len(books.events)):
                books.take(new)
        history = ledger.history()
    checker = LogChecker(codec.decode, len(history))
    checker.page(stored(history))
    assert checker.finish() == []
    assert checker.invariants.checked["returns"] == len(desk.returns)
