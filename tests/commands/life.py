"""One shop and all that may happen to its orders, by random moves."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from oms_commands import COMMANDS
from oms_ledger.domain.errors import Invalid, NotFound, Refused
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.returns.state import Return
from oms_ledger.kernel import Command, Position, Recorded
from oms_ledger.policies import POLICIES
from oms_ledger.policies.deadlines import DEADLINES
from oms_ledger.testing import LogUntil, MemoryLedger, Records, folded
from oms_projections.deadlines import READ_MODEL as DEADLINE_ROWS
from oms_projections.deadlines.rows import DeadlineRow
from tests.commands.checks import Books
from tests.commands.random_orders import PRICES, SKUS, line, past_order, pounds

BOUGHT = 6
PLACES = ("LON", "MAN")


class Life:
    """The shop, its books, and the policies and deadlines that follow in their turn. `answers` are
    the orders as commands answered them, with their positions."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger
        self.books = Books()
        self.records = Records()
        self.answers: list[tuple[Position, Mapping[str, Any]]] = []
        self.done: Counter[str] = Counter()
        self.orders: list[str] = []
        self.shipments: list[str] = []
        self.returns: list[str] = []
        self._followed: Position = 0
        self._reports = 0
        for n, code in enumerate(PLACES):
            self.attempt("PutLocation", code=code, name=code, priority=n)
        for sku in SKUS:
            for code in PLACES:
                self.attempt("ReceiveStock", sku=sku, location=code, quantity=BOUGHT)
        self.attempt("PutProduct", sku="WRAP", title="Gift wrapping", stocked=False)
        for n in range(2):
            self.place(random.Random(n))

    # Commands.

    def attempt(self, command: str, /, **fields: object) -> Mapping[str, Any]:
        """The answer; empty where the command was refused, and nothing was written."""
        try:
            made = COMMANDS[command](**fields)
        except ValidationError:
            self.done[f"{command}: invalid"] += 1
            return {}
        return self.submit(made)

    def submit(self, command: Command) -> Mapping[str, Any]:
        try:
            outcome = self.ledger.execute(command)
        except (Refused, NotFound, Invalid) as refusal:
            assert not self.ledger.history(self.books.position), "a refusal left a trace"
            self.done[f"{command.name}: {refusal.code}"] += 1
            return {}
        new = self.ledger.history(self.books.position)
        self.books.take(new)
        for recorded in new:
            self.records.add(recorded)
        assert outcome.position == self.books.position
        if "open_total" in outcome.answer:  # the answer is an order
            self.answers.append((outcome.position, outcome.answer))
        self.done[command.name] += bool(new)
        return outcome.answer

    def history(self) -> list[Recorded]:
        return self.records.all

    def play(self, move: int) -> None:
        """The number says which move, and what it chooses."""
        chance = random.Random(move)
        chance.choice(MOVES)(self, chance)

    # Orders.

    def place(self, chance: random.Random) -> None:
        soon = self.ledger.now + timedelta(hours=chance.randrange(1, 30))
        more: dict[str, object] = {}
        if chance.random() < 0.3:
            more["pay_by"] = rfc3339(soon)
        if chance.random() < 0.2:
            more["fulfil_at"] = rfc3339(soon)
        if chance.random() < 0.3:
            more["discount"] = "0.77"
        answer = self.attempt(
            "PlaceOrder",
            channel="web",
            currency="GBP",
            lines=[line(chance) for _ in range(chance.randrange(1, 4))],
            shipping={"service": "standard", "price": "2.50", "tax": "0.50"},
            tax_included=chance.random() < 0.5,
            backorder=chance.choice(("refuse", "allow")),
            confirm=chance.random() < 0.7,
            **more,
        )
        if answer:
            self.orders.append(answer["order_id"])

    def import_past(self, chance: random.Random) -> None:
        """An order of last year, shipped in part or whole, paid, refunded in part, or cancelled."""
        answer = self.attempt("ImportOrder", **past_order(chance, self.ledger.now, PLACES))
        if answer:
            self.orders.append(answer["order_id"])
            of_it = self.books.state(Order, answer["order_id"]).shipments
            self.shipments += list(of_it)

    def order(self, chance: random.Random, fits: Callable[[Order], bool] = lambda _: True) -> str:
        """One of the newest orders, mostly one that fits."""
        newest = self.orders[-4:]
        fitting = [each for each in newest if fits(self.books.state(Order, each))]
        return chance.choice(fitting if fitting and chance.random() < 0.9 else newest or ["none"])

    def confirm(self, chance: random.Random) -> None:
        self.attempt("ConfirmOrder", order_id=self.order(chance, lambda order: not order.confirmed))

    def edit(self, chance: random.Random) -> None:
        order_id = self.order(chance)
        changes: Sequence[dict[str, object]] = (
            {"type": "set_quantity", "line_id": line_id(chance), "quantity": chance.randrange(5)},
            {"type": "set_price", "line_id": line_id(chance), "unit_price": chance.choice(PRICES)},
            {"type": "add_line", "line": line(chance)},
            {"type": "set_shipping", "shipping": {"service": "express", "price": "4.00"}},
        )
        some = chance.sample(changes, chance.randrange(1, 3))
        if {each["type"] for each in some} >= {"set_quantity", "set_price"}:
            some[1]["line_id"] = some[0]["line_id"]
        self.attempt("EditOrder", order_id=order_id, changes=some)

    def hold(self, chance: random.Random) -> None:
        order_id = self.order(chance, lambda order: bool(order.holds))
        holds = list(self.books.state(Order, order_id).holds)
        if holds:
            self.attempt("ReleaseHold", order_id=order_id, hold_id=holds[0])
        else:
            self.attempt("HoldOrder", order_id=order_id, reason="fraud")

    def cancel(self, chance: random.Random) -> None:
        if chance.random() < 0.3:
            self.attempt("CancelOrder", order_id=self.order(chance), reason="customer")

    def cancel_part(self, chance: random.Random) -> None:
        lines = [{"line_id": line_id(chance), "quantity": chance.randrange(1, 4)}]
        order_id = self.order(chance)
        self.attempt("CancelOrder", order_id=order_id, reason="inventory", lines=lines)

    def resume(self, chance: random.Random) -> None:
        self.attempt(
            "ResumeOrder", order_id=self.order(chance, lambda order: bool(order.course.ending))
        )

    # Stock and shipments.

    def restock(self, chance: random.Random) -> None:
        sku, place = chance.choice(SKUS), chance.choice(PLACES)
        self.attempt("ReceiveStock", sku=sku, location=place, quantity=chance.randrange(1, 6))
        self.attempt("AllocateBackorders", order_id=self.order(chance, is_backordered))

    def pack(self, chance: random.Random) -> None:
        more: dict[str, object] = {}
        if chance.random() < 0.4:
            more["lines"] = [{"line_id": line_id(chance), "quantity": chance.randrange(1, 3)}]
        place = chance.choice(PLACES)
        answer = self.attempt("CreateShipment", order_id=self.order(chance), location=place, **more)
        if answer:
            self.shipments.append(answer["shipment_id"])

    def carry(self, chance: random.Random) -> None:
        if not self.shipments:
            return
        status = {each: self.books.state(Shipment, each).status for each in self.shipments}
        moving = [each for each in self.shipments if status[each] in ("created", "dispatched")]
        shipment_id = chance.choice(moving or self.shipments)
        likely = "DeliverShipment" if status[shipment_id] == "dispatched" else "DispatchShipment"
        name = likely if chance.random() < 0.9 else "CancelShipment"
        self.attempt(name, shipment_id=shipment_id)

    # Payments.

    def pay(self, chance: random.Random) -> None:
        order_id = self.order(chance)
        balance = self.books.state(Order, order_id).balance
        due = balance.due - balance.authorised - balance.pending
        part = max(1, due if chance.random() < 0.7 else due // 3)
        self.attempt(
            "RequestPayment",
            order_id=order_id,
            provider=chance.choice(("manual", "external")),
            amount=pounds(part),
            capture=chance.choice(("automatic", "manual")),
        )

    def payment(self, chance: random.Random) -> tuple[str, str]:
        order_id = self.order(chance, lambda order: bool(order.settlement.payments))
        payments = list(self.books.state(Order, order_id).settlement.payments)
        return order_id, chance.choice(payments) if payments else "none"

    def report(self, chance: random.Random) -> None:
        """What the provider says, be it true or not, once or twice."""
        order_id, payment_id = self.payment(chance)
        payment = self.books.state(Payment, payment_id)
        kinds = ("captured", "captured", "authorised", "failed", "refunded", "charged_back")
        kind = chance.choice((*kinds, "charge_back_reversed", "voided"))
        amounts = (payment.capturable, payment.totals.kept, chance.randrange(1, 900))
        self._reports += chance.random() < 0.8
        more: dict[str, object] = {}
        if kind not in ("failed", "voided"):
            more["amount"] = pounds(max(1, chance.choice(amounts)))
        if kind == "refunded" and payment.refunding:
            more["refund_id"] = next(iter(payment.refunding))
        if kind == "captured" and payment.capturing:
            more["capture_id"] = next(iter(payment.capturing))
        self.attempt(
            "ReportPayment",
            order_id=order_id,
            payment_id=payment_id,
            kind=kind,
            provider_event_id=f"event-{self._reports}",
            **more,
        )

    def record(self, chance: random.Random) -> None:
        reference, amount = f"till-{chance.randrange(9)}", pounds(chance.randrange(1, 2000))
        self.attempt(
            "RecordPayment",
            order_id=self.order(chance),
            provider="till",
            reference=reference,
            amount=amount,
        )

    def capture(self, chance: random.Random) -> None:
        order_id, payment_id = self.payment(chance)
        more: dict[str, object] = {}
        if chance.random() < 0.4:
            more = {"amount": pounds(chance.randrange(1, 900)), "final": chance.random() < 0.3}
        self.attempt("CapturePayment", order_id=order_id, payment_id=payment_id, **more)

    def void(self, chance: random.Random) -> None:
        order_id, payment_id = self.payment(chance)
        self.attempt("VoidPayment", order_id=order_id, payment_id=payment_id)

    def refund(self, chance: random.Random) -> None:
        order_id, payment_id = self.payment(chance)
        units = [{"line_id": line_id(chance), "quantity": chance.randrange(1, 3)}]
        parts: Sequence[dict[str, object]] = (
            {},
            {"amount": pounds(chance.randrange(1, 400))},
            {"lines": units},
            {"shipping": "1.00"},
        )
        more = chance.choice(parts)
        self.attempt(
            "RefundPayment", order_id=order_id, payment_id=payment_id, reason="late", **more
        )

    def refund_credit(self, chance: random.Random) -> None:
        self.attempt("RefundCredit", order_id=self.order(chance), reason="too much")

    # Returns.

    def request_return(self, chance: random.Random) -> None:
        kind, resolution = chance.choice(
            (
                ("return", "refund"),
                ("claim", "refund"),
                ("exchange", "exchange"),
                ("claim", "replacement"),
            )
        )
        order_id = self.order(chance, is_shipped)
        lines = self.books.state(Order, order_id).lines
        shipped = [line_id for line_id, each in lines.items() if each.shipped > each.returned]
        more: dict[str, object] = {}
        if kind == "exchange":
            more["replacement_lines"] = [{"sku": "B", "quantity": 1, "unit_price": "1.20"}]
        answer = self.attempt(
            "RequestReturn",
            order_id=order_id,
            kind=kind,
            resolution=resolution,
            lines=[
                {"line_id": chance.choice(shipped or ["1"]), "quantity": chance.randrange(1, 3)}
            ],
            approve=chance.random() < 0.7,
            **more,
        )
        if answer:
            self.returns.append(answer["return_id"])

    def turn_return(self, chance: random.Random) -> None:
        """A return is approved, declined, received, refunded, closed, cancelled or reopened."""
        if not self.returns:
            return
        return_id = chance.choice(self.returns[-3:])
        lines = list(self.books.state(Return, return_id).lines)
        received: dict[str, object] = {
            "line_id": chance.choice(lines),
            "quantity": chance.randrange(1, 3),
            "condition": chance.choice(("resellable", "damaged")),
            "location": chance.choice(PLACES),
        }
        stage = self.books.state(Return, return_id).stage
        if stage == "requested" and chance.random() < 0.5:
            self.attempt("ApproveReturn", return_id=return_id)
            return
        if stage == "approved" and chance.random() < 0.5:
            self.attempt("ReceiveReturn", return_id=return_id, lines=[received])
            return
        steps: Sequence[tuple[str, dict[str, object]]] = (
            ("ApproveReturn", {}),
            ("DeclineReturn", {"reason": "too late"}),
            ("ReceiveReturn", {"lines": [received]}),
            ("ReceiveReturn", {"lines": [received], "complete": True}),
            ("RefundReturn", {}),
            ("RefundReturn", {"restocking_fee": "0.20"}),
            ("CloseReturn", {}),
            ("CancelReturn", {}),
            ("ReopenReturn", {}),
        )
        name, fields = chance.choice(steps)
        self.attempt(name, return_id=return_id, **fields)

    # What follows, and what is due.

    def follow(self, chance: random.Random) -> None:
        """The policies read what happened since their last turn."""
        new = self.records.all[self._followed :]
        self._followed = len(self.records.all)
        for recorded in new:
            past = LogUntil(self.records, recorded.position)
            for policy in POLICIES:
                if type(recorded.event).type in policy.event_types:
                    for command in policy.react(recorded, past):
                        self.submit(command)

    def wait(self, chance: random.Random) -> None:
        """Hours pass, and what is due by then is done."""
        self.ledger.now += timedelta(hours=chance.randrange(1, 20))
        rows = folded(DEADLINE_ROWS, self.history()).of(DeadlineRow)
        for row in rows:
            if row.due_at <= self.ledger.now and not row.ended and not row.covered:
                self.submit(DEADLINES[row.kind](row.id, row.due_at))


Move = Callable[[Life, random.Random], None]

MOVES: Sequence[Move] = (
    *[Life.pack, Life.carry, Life.turn_return] * 4,
    *[Life.place, Life.pay, Life.report, Life.request_return, Life.follow] * 2,
    *[Life.confirm, Life.edit, Life.capture, Life.refund],
    *[Life.hold, Life.cancel, Life.cancel_part, Life.resume, Life.restock, Life.record],
    *[Life.void, Life.refund_credit, Life.wait, Life.import_past],
)
"""More often what moves an order on."""


def is_backordered(order: Order) -> bool:
    return any(line.backordered for line in order.lines.values())


def is_shipped(order: Order) -> bool:
    return any(line.shipped > line.returned for line in order.lines.values())


def line_id(chance: random.Random) -> str:
    return str(chance.choice((1, 1, 2, 3)))
