"""A small shop's made-up history: every kind of event, in an order that could have happened."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from oms_ledger.domain.catalogue.events import LocationDefined, ProductDefined, Site
from oms_ledger.domain.fulfilment.events import (
    ShipmentCancelled,
    ShipmentCreated,
    ShipmentDateCorrected,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentLabelled,
    ShipmentLine,
    ShipmentScanned,
)
from oms_ledger.domain.fulfilments.state import Fulfilment
from oms_ledger.domain.orders.events import (
    BackordersAllocated,
    FulfilmentReleased,
    HoldReleased,
    OrderCancelled,
    OrderConfirmed,
    OrderEdited,
    OrderHeld,
    OrderPlaced,
    OrderRiskAssessed,
    UnitsDateCorrected,
    UnitsDelivered,
    UnitsPacked,
    UnitsReturned,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.orders.lines import Allocation, Backorder, LineEdit, LineQuantity, OrderLine
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import Address, Customer, OrderTerms, ShippingCharge
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.registry import STATES
from oms_ledger.domain.stock.events import (
    BackorderReleased,
    ShippedDateCorrected,
    StockAdjusted,
    StockAllocated,
    StockBackordered,
    StockReceived,
    StockReleased,
    StockReturned,
    StockShipped,
)
from oms_ledger.kernel import Event, Recorded, State
from tests.projections import moves as more
from tests.projections.case_moves import complain
from tests.projections.goods_moves import handle
from tests.projections.work_moves import work

PLACED_AT = datetime(2026, 1, 1, 9, tzinfo=UTC)
SHIP_BY = PLACED_AT + timedelta(days=1)
DELIVER_BY = PLACED_AT + timedelta(days=3)
PLACES = ("LON", "MAN")
SKUS = ("A", "B", "C")


def placed(
    order_id: str = "o1",
    lines: tuple[OrderLine, ...] = (OrderLine("1", "A", 6, 255, title="Heart"),),
    allocations: tuple[Allocation, ...] = (Allocation("1", "A", "LON", 6),),
    backorders: tuple[Backorder, ...] = (),
    at: datetime = PLACED_AT,
    name: str = "Ada Lovelace",
    channel: str = "web",
    external_id: str | None = None,
    fulfil_at: datetime | None = None,
    pay_by: datetime | None = None,
) -> OrderPlaced:
    terms = OrderTerms(
        channel,
        "GBP",
        lines,
        external_id=external_id or f"x-{order_id}",
        customer=Customer(f"c-{order_id}", Personal(name), Personal("Ada@example.org")),
        shipping_address=Address(name=Personal(name), city="Leeds", country="GB"),
        shipping=ShippingCharge("standard", 495),
        fulfil_at=fulfil_at,
        pay_by=pay_by,
    )
    number = f"{channel.upper()}-{order_id}"
    promise = (at + timedelta(days=1), at + timedelta(days=3))
    return OrderPlaced(order_id, number, terms, at, *promise, allocations, backorders)


def shipment(
    shipment_id: str = "s1",
    order_id: str = "o1",
    quantity: int = 6,
    location: str = "LON",
    carrier: str = "manual",
    at: datetime = PLACED_AT,
) -> ShipmentCreated:
    return ShipmentCreated(
        shipment_id,
        order_id,
        f"WEB-{order_id}",
        "web",
        location,
        carrier,
        "standard",
        (ShipmentLine("1", "A", quantity),),
        (),
        f"token-{shipment_id}",
        at,
        at + timedelta(days=1),
        at + timedelta(days=3),
        Personal("Ada Lovelace"),
        "Leeds",
        "GB",
    )


def states(history: list[Recorded]) -> dict[str, State]:
    """Each stream folded by the domain alone."""
    states: dict[str, State] = {}
    for r in history:
        state = states.setdefault(r.stream, STATES[r.stream.split("-")[0]]())
        state.apply(r.event)
        setattr(state, "version", r.version)  # noqa: B010  # each kind of state has its own slot
    return states


@dataclass
class Shop:
    """Plays `steps` random moves; each leaves events that the domain's states allow."""

    seed: int
    events: list[Event] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)
    parcels: dict[str, tuple[str, str, tuple[LineQuantity, ...]]] = field(default_factory=dict)
    sent: list[tuple[str, str, tuple[LineQuantity, ...]]] = field(default_factory=list)
    works: dict[str, Fulfilment] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        for code in PLACES:
            self.events.append(LocationDefined(code, code, "warehouse", Site(), 1, None))
            self.events.extend(StockReceived(sku, code, 10_000) for sku in SKUS)
        self.events.extend(ProductDefined(s, s, True, safety_stock=5) for s in SKUS)

    def play(self, steps: int) -> list[Event]:
        moves = (self.place, self.place, self.pack, self.send, self.confirm, self.cancel)
        rarer = (self.hold, self.unpack, self.fill, self.give_back, self.correct, self.scan)
        others = [
            partial(move, self)
            for move in (
                more.prepare,
                more.queue,
                more.pay,
                more.credit,
                more.label,
                more.end,
                more.send_back,
            )
        ]
        every: list[Callable[[], None]] = [*moves, *rarer, self.edit, self.release, *others]
        for _ in range(steps):
            self.chance.choice(every)()
            for move in (more.write, more.reserve, work, handle, complain):
                move(self)
        return self.events

    def happens(self, order: Order, event: Event, *others: Event) -> None:
        order.apply(event)
        self.events.extend((event, *others))

    def any_order(self) -> Order | None:
        orders = [order for order in self.orders.values() if not order.course.unplaced]
        return self.chance.choice(orders) if orders else None

    def place(self) -> None:
        order_id = f"o{len(self.orders) + 1}"
        count = self.chance.randint(1, 3)
        lines = tuple(
            OrderLine(str(i), self.chance.choice(SKUS), self.chance.randint(2, 5), 100)
            for i in range(1, count + 1)
        )
        where = self.chance.choice(PLACES)
        got = tuple(Allocation(n.line_id, n.sku, where, n.quantity - 1) for n in lines)
        short = tuple(Backorder(n.line_id, n.sku, where, 1) for n in lines)
        order = self.orders[order_id] = Order()
        fee = OrderLine("fee", "POST", 1, 300, stocked=False)
        self.happens(
            order,
            placed(
                order_id,
                (*lines, fee),
                got,
                short,
                fulfil_at=self.fulfil_at(),
                pay_by=PLACED_AT + timedelta(days=count),
            ),
            *(StockAllocated(a.sku, where, a.quantity, order_id, a.line_id) for a in got),
            *(StockBackordered(b.sku, where, 1, order_id, b.line_id) for b in short),
        )

    def fulfil_at(self) -> datetime | None:
        """More than half of the orders are scheduled."""
        if self.chance.random() < 0.4:
            return None
        return PLACED_AT + timedelta(days=self.chance.randint(1, 9))

    def release(self) -> None:
        order = self.any_order()
        if order and order.placed and order.scheduled:
            self.happens(order, FulfilmentReleased(order.placed.order_id))

    def pack(self) -> None:
        order = self.any_order()
        if order is None or order.placed is None:
            return
        held = [
            (line_id, where, units)
            for line_id, line in order.lines.items()
            for where, units in line.allocated_at.items()
        ]
        if not held:
            return
        line_id, where, units = self.chance.choice(held)
        some = (LineQuantity(line_id, self.chance.randint(1, units)),)
        order_id, shipment_id = order.placed.order_id, f"s{len(self.events)}"
        self.parcels[shipment_id] = (order_id, where, some)
        created = shipment(shipment_id, order_id, some[0].quantity, where)
        self.happens(order, UnitsPacked(order_id, shipment_id, where, some), created)

    def send(self) -> None:
        if not self.parcels:
            return
        shipment_id, (order_id, where, some) = self.parcels.popitem()
        order = self.orders[order_id]
        self.events.append(ShipmentLabelled(shipment_id, f"TRK{shipment_id}"))
        self.happens(
            order,
            UnitsShipped(order_id, shipment_id, some),
            ShipmentDispatched(shipment_id, order_id, None),
            *(
                StockShipped(sku_of(order, q), where, q.quantity, order_id, q.line_id, shipment_id)
                for q in some
            ),
        )
        self.sent.append((shipment_id, order_id, some))
        if self.chance.random() < 0.3:
            self.correct_date(shipment_id, order_id, where, some)
        if self.chance.random() < 0.5:
            arrived = ShipmentDelivered(shipment_id, order_id, PLACED_AT + timedelta(days=2))
            self.happens(order, UnitsDelivered(order_id, shipment_id, some), arrived)

    def correct_date(
        self, shipment_id: str, order_id: str, where: str, some: tuple[LineQuantity, ...]
    ) -> None:
        """It left at another time than was recorded."""
        order, at = self.orders[order_id], PLACED_AT + timedelta(hours=self.chance.randint(-9, 90))
        self.happens(
            order,
            UnitsDateCorrected(order_id, shipment_id, "dispatched_at", at),
            ShipmentDateCorrected(shipment_id, order_id, "dispatched_at", at),
            *(
                ShippedDateCorrected(
                    sku_of(order, q), where, q.quantity, order_id, q.line_id, shipment_id, at
                )
                for q in some
            ),
        )

    def scan(self) -> None:
        if self.sent:
            shipment_id, _, _ = self.chance.choice(self.sent)
            code = self.chance.choice(("in_transit", "out_for_delivery", "exception", "delayed"))
            at = PLACED_AT + timedelta(hours=self.chance.randint(1, 90))
            self.events.append(ShipmentScanned(shipment_id, code, at, "Hub"))

    def unpack(self) -> None:
        if not self.parcels:
            return
        shipment_id, (order_id, where, some) = self.parcels.popitem()
        unpacked = UnitsUnpacked(order_id, shipment_id, where, some)
        self.happens(self.orders[order_id], unpacked, ShipmentCancelled(shipment_id, order_id))

    def confirm(self) -> None:
        order = self.any_order()
        if order and order.placed and not order.confirmed:
            self.happens(order, OrderConfirmed(order.placed.order_id))

    def hold(self) -> None:
        order = self.any_order()
        if order is None or order.placed is None:
            return
        order_id = order.placed.order_id
        if order.holds:
            self.happens(order, HoldReleased(order_id, next(iter(order.holds))))
        else:
            held = OrderHeld(order_id, f"h{len(self.events)}", "fraud", "look")
            self.happens(order, OrderRiskAssessed(order_id, "87", "review"))
            self.happens(order, held)

    def cancel(self) -> None:
        order = self.any_order()
        if order is None or order.placed is None:
            return
        order_id = order.placed.order_id
        for line_id, line in order.lines.items():
            for where in line.allocated_at:
                freed = Allocation(line_id, line.line.sku, where, 1)
                gone = (LineQuantity(line_id, 1),)
                cancelled = OrderCancelled(order_id, "customer", None, gone, (freed,))
                released = StockReleased(freed.sku, where, 1, order_id, line_id)
                self.happens(order, cancelled, released)
                return

    def edit(self) -> None:
        """A unit less of one line, two units of a new one, and sometimes other terms."""
        order = self.any_order()
        if order is None or order.placed is None:
            return
        order_id, terms = order.placed.order_id, order.terms
        held = [(p, where) for p in order.lines.values() for where in p.allocated_at]
        if not held:
            return
        progress, where = self.chance.choice(held)
        old = progress.line
        less = progress.priced.of_quantity(old.quantity - 1)
        more = OrderLine(str(len(order.lines)), self.chance.choice(SKUS), 2, 150, 7)
        freed = Allocation(old.line_id, old.sku, where, 1)
        got = Allocation(more.line_id, more.sku, where, 1)
        short = Backorder(more.line_id, more.sku, where, 1)
        express = ShippingCharge("express", 995) if self.chance.random() < 0.3 else None
        moved = Address(Personal("Ada Byron"), city="York", country="FR")
        later = PLACED_AT + timedelta(days=self.chance.randint(1, 4))
        change = less.amount - old.amount + more.amount
        if express is not None and terms.shipping is not None:
            change += express.amount - terms.shipping.amount
        edited = OrderEdited(
            order_id,
            f"e{len(self.events)}",
            "GBP",
            terms.total,
            terms.total + change,
            change,
            (more,),
            (LineEdit(less, old.quantity),),
            shipping_address=moved if self.chance.random() < 0.3 else None,
            shipping=express,
            ship_by=later if self.chance.random() < 0.3 else None,
            allocations=(got,),
            backorders=(short,),
            released=(freed,),
        )
        self.happens(
            order,
            edited,
            StockReleased(old.sku, where, 1, order_id, old.line_id),
            StockAllocated(more.sku, where, 1, order_id, more.line_id),
            StockBackordered(more.sku, where, 1, order_id, more.line_id),
        )

    def fill(self) -> None:
        order = self.any_order()
        if order is None or order.placed is None:
            return
        order_id = order.placed.order_id
        for line_id, line in order.lines.items():
            for where, units in line.backordered_at.items():
                sku = line.line.sku
                filled = BackordersAllocated(
                    order_id,
                    (Allocation(line_id, sku, where, units),),
                    (Backorder(line_id, sku, where, units),),
                )
                allocated = StockAllocated(sku, where, units, order_id, line_id)
                released = BackorderReleased(sku, where, units, order_id, line_id)
                self.happens(order, filled, released, allocated)
                return

    def give_back(self) -> None:
        if self.sent:
            _, order_id, some = self.sent.pop()
            order = self.orders[order_id]
            back = StockReturned(sku_of(order, some[0]), "LON", some[0].quantity, "r1")
            self.happens(order, UnitsReturned(order_id, "r1", some), back)

    def correct(self) -> None:
        self.events.append(StockAdjusted(self.chance.choice(SKUS), "LON", -1, "damaged"))


def sku_of(order: Order, quantity: LineQuantity) -> str:
    return order.lines[quantity.line_id].line.sku
