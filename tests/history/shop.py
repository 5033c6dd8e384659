"""A shop that executes random commands."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from oms_commands.catalogue._fields import ComponentFields
from oms_commands.catalogue.put_channel import PutChannel
from oms_commands.catalogue.put_location import PutLocation
from oms_commands.catalogue.put_product import PutProduct
from oms_commands.drafts._fields import DraftLineFields
from oms_commands.drafts.create import CreateDraft
from oms_commands.drafts.delete import DeleteDraft
from oms_commands.drafts.place import PlaceDraft
from oms_commands.drafts.put import PutDraft
from oms_commands.fulfilment._fields import ScanCode
from oms_commands.fulfilment.cancel_shipment import CancelShipment
from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.fulfilment.deliver_shipment import DeliverShipment
from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_commands.fulfilment.label_shipment import LabelShipment
from oms_commands.fulfilment.record_tracking_event import RecordTrackingEvent
from oms_commands.fulfilments.pack import PackFulfilment
from oms_commands.messages.fail import FailMessage
from oms_commands.messages.request import RequestMessage
from oms_commands.messages.send import SendMessage
from oms_commands.orders._fields import CancelledLine, CustomerFields, LineFields
from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.confirm import ConfirmOrder
from oms_commands.orders.edit import EditOrder
from oms_commands.orders.hold import HoldOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.orders.release_hold import ReleaseHold
from oms_commands.payments.capture import CapturePayment
from oms_commands.payments.record import RecordPayment
from oms_commands.payments.refund import RefundPayment
from oms_commands.payments.request import RequestPayment
from oms_commands.payments.void import VoidPayment
from oms_commands.reservations._fields import ReservationLineFields
from oms_commands.reservations.create import CreateReservation
from oms_commands.reservations.expire import ExpireReservation
from oms_commands.reservations.extend import ExtendReservation
from oms_commands.reservations.release import ReleaseReservation
from oms_commands.returns._fields import ReceivedLineFields, ReturnedLine
from oms_commands.returns.close import CloseReturn
from oms_commands.returns.put_policy import PutReturnPolicy
from oms_commands.returns.receive import ReceiveReturn
from oms_commands.returns.refund import RefundReturn
from oms_commands.returns.reopen import ReopenReturn
from oms_commands.returns.request import RequestReturn
from oms_commands.risk.block import BlockBuyer
from oms_commands.risk.put_rule import PutHoldRule
from oms_commands.routing._fields import RuleFields
from oms_commands.routing.put_rules import PutRoutingRules
from oms_commands.stock.adjust import AdjustStock
from oms_commands.stock.receive import ReceiveStock
from oms_commands.stock.take_back import ReturnStock
from oms_commands.stock.transfer import TransferStock
from oms_commands.store_credit.issue import IssueStoreCredit
from oms_ledger.domain.errors import OmsError
from oms_ledger.domain.personal import Personal
from oms_ledger.kernel import Command, Json
from tests.commands.warehouse import RandomWarehouse
from tests.history.cases import RandomCases
from tests.history.definitions import definition, retention_command
from tests.history.work import work_command

SKUS = ("A", "A!", "A@B", "B/1")
RESERVED = "R"
"""What is reserved is not ordered otherwise, so that the other moves are the same without it."""
"""Awkward ones: sorted by their bytes with what follows them, `A!` would come before `A`."""
PLACES = ("LON", "MAN")
EMAIL = Personal("ada@example.com")
SCANS: tuple[ScanCode, ...] = (
    "in_transit",
    "out_for_delivery",
    "exception",
    "delayed",
    "delivered",
)

Execute = Callable[[Command], Mapping[str, Json]]


class RandomShop:
    """Each `step` executes one random command at the time `now`, and now and then one about a
    payment; refusals are ignored."""

    def __init__(self, seed: int, execute: Execute, now: Callable[[], datetime]) -> None:
        self.chance = random.Random(seed)
        self.orders: list[str] = []
        self.shipments: list[str] = []
        self.returns: list[str] = []
        self.drafts: list[str] = []
        self.reservations: list[str] = []
        self.messages: list[str] = []
        self.payments: list[tuple[str, str]] = []
        """Payments, each with its order before it."""
        self._till = random.Random(seed)
        self._drafting = random.Random(seed)
        self._writing = random.Random(seed)
        self._reserving = random.Random(seed)
        self.picking = random.Random(seed)
        self.cases = RandomCases(seed)
        self._sent: list[str] = []
        self.warehouse = RandomWarehouse(seed, execute, now, SKUS, PLACES, most=4)
        self._storing = random.Random(seed)
        self._execute = execute
        self._now = now
        self._holds: list[tuple[str, str]] = []
        for priority, code in enumerate(PLACES, start=1):
            execute(PutLocation(code, code, priority=priority))
        for sku in SKUS:
            execute(ReceiveStock(sku=sku, location="LON", quantity=30))
        execute(ReceiveStock(sku=RESERVED, location="LON", quantity=500))
        execute(PutProduct(sku="POST", title="Postage", stocked=False))
        parts = tuple(ComponentFields(sku, n) for n, sku in enumerate(SKUS[:2], 1))
        execute(PutProduct(sku="KIT", title="Kit", components=parts))
        execute(PutChannel(channel="web", name_="Web"))
        execute(IssueStoreCredit(Personal("c1"), Decimal(20), "GBP", "goodwill"))

    def step(self) -> None:
        moves = (self._place, self._place, self._ship, self._ship, self._parcel, self._parcel)
        others = (
            self._stock,
            lambda: definition(self.chance, PLACES, SKUS),
            self._order,
            self._hold,
            self._give_back,
            self._return,
            self._edit,
        )
        seldom = (lambda: retention_command(self.chance),) if self.chance.random() < 0.2 else ()
        self._try(self.chance.choice((*moves, *others, *seldom))())
        if self._till.random() < 0.3:
            self._try(self._pay())
        if self._drafting.random() < 0.3:
            self._try(self._draft())
        if self._writing.random() < 0.3:
            self._try(self._message())
        if self._storing.random() < 0.4:
            self.warehouse.step()
        if self._reserving.random() < 0.3:
            self._try(self._reserve())
        if self.picking.random() < 0.5:
            self._try(work_command(self.picking, self.orders))
        if self.cases.chance.random() < 0.3:
            self._try(self.cases.command(self.shipments))

    def _try(self, command: Command) -> None:
        try:
            answer = self._execute(command)
        except OmsError:
            return
        self.cases.take(command, answer)
        reserved = isinstance(command, PlaceOrder) and command.reservation_id is not None
        if isinstance(command, (PlaceOrder, PlaceDraft)) and not reserved:
            self.orders.append(str(answer["order_id"]))
        if isinstance(command, CreateDraft):
            self.drafts.append(str(answer["draft_id"]))
        if isinstance(command, CreateReservation):
            self.reservations.append(str(answer["reservation_id"]))
        if isinstance(command, RequestMessage):
            self.messages.append(str(answer["message_id"]))
        if isinstance(command, (CreateShipment, PackFulfilment)):
            self.shipments.append(str(answer["shipment_id"]))
        if isinstance(command, RequestReturn):
            self.returns.append(str(answer["return_id"]))
        if isinstance(command, (RequestPayment, RecordPayment)):
            self.payments.append((command.order_id, str(answer["payment_id"])))
        if isinstance(command, DispatchShipment):
            self._sent.append(str(answer["order_id"]))
        if isinstance(command, HoldOrder):
            self._holds.append((command.order_id, str(answer["hold_id"])))

    def an_order(self) -> str:
        return self.chance.choice(self.orders[-20:] or ["none"])

    def a_shipment(self) -> str:
        return self.chance.choice(self.shipments[-20:] or ["none"])

    def a_return(self) -> str:
        return self.chance.choice(self.returns[-20:] or ["none"])

    def a_draft(self) -> str:
        return self._drafting.choice(self.drafts[-20:] or ["none"])

    def a_message(self) -> str:
        return self._writing.choice(self.messages[-20:] or ["none"])

    def a_reservation(self) -> str:
        return self._reserving.choice(self.reservations[-5:] or ["none"])

    def _reserve(self) -> Command:
        kind, reservation_id = self._reserving.randrange(6), self.a_reservation()
        sku = RESERVED
        if kind == 0:
            return ReleaseReservation(reservation_id)
        if kind == 1:
            return ExpireReservation(reservation_id)
        if kind == 2:
            return ExtendReservation(reservation_id, 60)
        if kind == 3:
            line = LineFields(sku, 1, Decimal("2.50"))
            buyer = CustomerFields(id="c1")
            return PlaceOrder("web", "GBP", (line,), customer=buyer, reservation_id=reservation_id)
        return CreateReservation((ReservationLineFields(sku, 1),), self._reserving.choice((1, 900)))

    def _message(self) -> Command:
        kind, message_id = self._writing.randrange(4), self.a_message()
        if kind == 0:
            return SendMessage(message_id, "ref")
        if kind == 1:
            return FailMessage(message_id, "mailbox full")
        return RequestMessage(self._writing.choice(self.orders[-20:] or ["none"]), "placed")

    def _draft(self) -> Command:
        kind, draft_id = self._drafting.randrange(6), self.a_draft()
        line = DraftLineFields(self._drafting.choice(SKUS), 1, Decimal("2.50"))
        buyer = CustomerFields(id=f"c{self._drafting.randint(1, 4)}")
        if kind == 0:
            return DeleteDraft(draft_id)
        if kind == 1:
            return PlaceDraft(draft_id)
        if kind == 2:
            return PutDraft(
                draft_id=draft_id,
                channel="web",
                currency="GBP",
                lines=(line, line),
                customer=buyer,
            )
        currency = self._drafting.choice(("GBP", None))
        return CreateDraft(channel="web", currency=currency, lines=(line,), customer=buyer)

    def a_payment(self) -> tuple[str, str]:
        """The ids of an order and of a payment of it."""
        return self._till.choice(self.payments[-20:] or [("none", "none")])

    def earlier(self) -> datetime:
        return self._now() - timedelta(minutes=self.chance.randint(0, 600))

    def _units(self) -> int:
        return self.chance.randint(1, 4)

    def _sku(self) -> str:
        return self.chance.choice(SKUS)

    def _place(self) -> Command:
        lines = tuple(
            LineFields(self.chance.choice((*SKUS, "POST")), self._units(), Decimal("2.55"))
            for _ in range(self._units())
        )
        backorder: Literal["refuse", "allow"] = "allow" if self.chance.random() < 0.7 else "refuse"
        return PlaceOrder(
            self.chance.choice(("web", "shop")),
            "GBP",
            lines,
            placed_at=self.earlier() if self.chance.random() < 0.3 else None,
            customer=CustomerFields(f"c{self._units()}", Personal("Ada Lovelace"), EMAIL),
            backorder=backorder,
            confirm=self.chance.random() < 0.8,
            sensitive=self.chance.random() < 0.2,
            fulfil_at=self._fulfil_at(),
        )

    def _fulfil_at(self) -> datetime | None:
        """Every tenth order is for another day, and every tenth for a time that has come."""
        days = {4: 1, 8: -1}.get(len(self.orders) % 10)
        return None if days is None else self._now() + timedelta(days=days)

    def _ship(self) -> Command:
        return CreateShipment(order_id=self.an_order(), location=self.chance.choice(PLACES))

    def _parcel(self) -> Command:
        shipment, kind = self.a_shipment(), self.chance.randrange(5)
        if kind == 0:
            return LabelShipment(shipment_id=shipment, tracking_number=f"T{self._units()}")
        if kind == 1:
            return DispatchShipment(shipment_id=shipment, occurred_at=self.earlier())
        if kind == 2:
            return DeliverShipment(shipment_id=shipment, occurred_at=self.earlier())
        if kind == 3 and self.chance.random() < 0.3:
            return CancelShipment(shipment_id=shipment)
        code = self.chance.choice(SCANS)
        return RecordTrackingEvent(shipment_id=shipment, code=code, occurred_at=self.earlier())

    def _order(self) -> Command:
        order, kind = self.an_order(), self.chance.randrange(4)
        if kind == 0:
            some = (CancelledLine("1", 1),)
            return CancelOrder(order_id=order, reason="customer", lines=some)
        if kind == 1:
            return AllocateBackorders(order_id=order)
        if kind == 2 and self.chance.random() < 0.3:
            return CancelOrder(order_id=order, reason="fraud")
        return ConfirmOrder(order_id=order)

    def _edit(self) -> Command:
        """Of line 1 another quantity; sometimes a line more, another address or customer."""
        changes: list[dict[str, object]] = [
            {"type": "set_quantity", "line_id": "1", "quantity": self._units()}
        ]
        if self.chance.random() < 0.4:
            wanted = {"sku": self._sku(), "quantity": self._units(), "unit_price": "1.50"}
            changes.append({"type": "add_line", "line": {**wanted, "tax": "0.07"}})
        if self.chance.random() < 0.3:
            changes.append({"type": "set_shipping_address", "address": {"country": "FR"}})
        if self.chance.random() < 0.2:
            customer = {"id": f"c{self._units()}", "name": "Ada Byron"}
            changes.append({"type": "set_customer", "customer": customer})
        return EditOrder(order_id=self.an_order(), changes=changes, note="by telephone")  # type: ignore[arg-type]  # validated

    def _hold(self) -> Command:
        if self._holds and self.chance.random() < 0.6:
            order, hold = self._holds.pop()
            return ReleaseHold(order_id=order, hold_id=hold)
        return HoldOrder(order_id=self.an_order(), reason="fraud", note="look")

    def _stock(self) -> Command:
        sku, place, kind = self._sku(), self.chance.choice(PLACES), self.chance.randrange(4)
        if kind == 0:
            return AdjustStock(sku, place, "damaged", change=-1, occurred_at=self.earlier())
        if kind == 1:
            source, target = self.chance.sample(PLACES, 2)
            return TransferStock(sku, source, target, self._units())
        return ReceiveStock(sku=sku, location=place, quantity=10 * self._units(), reference="PO")

    def _give_back(self) -> Command:
        return ReturnStock(
            sku=self._sku(),
            location=self.chance.choice(PLACES),
            quantity=1,
            order_id=self.an_order(),
            line_id="1",
            occurred_at=self.earlier(),
        )

    def _return(self) -> Command:
        return_id, kind = self.a_return(), self.chance.randrange(8)
        if kind == 0:
            line = ReceivedLineFields("1", self._units(), "resellable", self.chance.choice(PLACES))
            return ReceiveReturn(return_id=return_id, lines=(line,), occurred_at=self.earlier())
        if kind == 1:
            return RefundReturn(return_id=return_id)
        if kind == 2:
            return CloseReturn(return_id=return_id)
        if kind == 3:
            days = 30 * self._units()
            if days == 30:
                return PutHoldRule("big", "value", minimum=Decimal(50), currency="GBP")
            if days == 90:
                return BlockBuyer("c1", "charge-backs")
            if days == 150:
                return IssueStoreCredit(Personal("c1"), Decimal(20), "GBP", "goodwill")
            if days == 120:
                rules = (RuleFields("highest_stock"), RuleFields("fewest_splits"))
                return PutRoutingRules("web", rules)
            if days % 60:
                return PutChannel(channel="web", name_=f"Web {days}")
            return PutReturnPolicy(policy_name="standard", days_from_delivery=days)
        if kind == 4:
            return ReopenReturn(return_id=return_id, reason="sorry")
        return RequestReturn(
            order_id=self.chance.choice(self._sent[-10:] or ["none"]),
            lines=(ReturnedLine("1", 1, "too small"),),
            approve=self.chance.random() < 0.8,
        )

    def _pay(self) -> Command:
        kind, (order_id, payment_id) = self._till.randrange(6), self.a_payment()
        if kind == 0:
            return CapturePayment(order_id=order_id, payment_id=payment_id, amount=Decimal("0.50"))
        if kind == 1:
            return RefundPayment(
                order_id=order_id, payment_id=payment_id, reason="late", amount=Decimal("0.20")
            )
        if kind == 2:
            return VoidPayment(order_id=order_id, payment_id=payment_id)
        order_id = self._till.choice(self.orders[-20:] or ["none"])
        if kind == 3:
            reference = f"R{self._till.randrange(100)}"
            return RecordPayment(
                order_id=order_id,
                provider="bank",
                reference=reference,
                amount=Decimal("1.50"),
                captured_at=self._now() - timedelta(days=1),
            )
        return RequestPayment(
            order_id=order_id,
            provider=self._till.choice(("manual", "external")),
            amount=Decimal("1.00"),
            capture="manual" if self._till.random() < 0.7 else "automatic",
        )
