"""Moves of the made-up shop that concern deliveries, transfers, counts, lots and serial numbers."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from oms_ledger.domain.catalogue.events import (
    NumbersPassed,
    OrderNumberClaimed,
    Preorder,
    ProductDefined,
)
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.connections.events import (
    ConnectionDefined,
    ConnectionPaused,
    ConnectionResumed,
    VendorCode,
)
from oms_ledger.domain.counts.events import (
    CountApproved,
    CountCancelled,
    CountCreated,
    CountedLine,
    CountItem,
    CountRecorded,
    Variance,
)
from oms_ledger.domain.customers.events import CustomerRestricted, CustomerRestrictionLifted
from oms_ledger.domain.inbound.events import (
    InboundCancelled,
    InboundClosed,
    InboundCreated,
    InboundLine,
    InboundReceipt,
    InboundReceived,
)
from oms_ledger.domain.lots.events import LotDefined, SerialReturned, SerialShipped
from oms_ledger.domain.money import Money
from oms_ledger.domain.stock.events import (
    BackorderReleased,
    IncomingStockAdded,
    IncomingStockRemoved,
    LotChange,
    PreorderRescheduled,
    StockAdjusted,
    StockBackordered,
    StockLotsChanged,
    StockLotStatusChanged,
    StockMovedIn,
    StockMovedOut,
    StockReceived,
    StockStateChanged,
)
from oms_ledger.domain.stock_alerts.events import StockAlertSet, StockBecameLow, StockCameBack
from oms_ledger.domain.transfers.events import (
    ReceivedTransferLine,
    ShippedTransferLine,
    TransferCancelled,
    TransferClosed,
    TransferCreated,
    TransferLine,
    TransferReceived,
    TransferShipped,
)

if TYPE_CHECKING:
    from tests.projections.histories import Shop

DUE = datetime(2026, 1, 8, 9, tzinfo=UTC)
SKUS, PLACES = ("A", "B", "C"), ("LON", "MAN")


def handle(shop: Shop) -> None:
    """Now and then goods come, move, are counted or are set aside, or the shop is set up anew. By a
    chance of its own, so that the other moves are the same without it."""
    chance = random.Random(3 * len(shop.events) + 1)
    if chance.random() < 0.4:
        moves = (_deliver, _transfer, _count, _keep_lot, _leave_with_lot, _number, _set_up)
        chance.choice(moves)(shop, chance)


def _deliver(shop: Shop, chance: random.Random) -> None:
    """A delivery is expected; it comes, whole or in part, or is cancelled. Half of the deliveries
    have costs."""
    inbound_id, sku = f"i{len(shop.events)}", chance.choice(SKUS)
    where, units = chance.choice(PLACES), chance.randint(3, 9)
    due = DUE + timedelta(days=chance.randint(0, 5))
    cost = (chance.randint(50, 150), "GBP") if chance.random() < 0.5 else (None, None)
    line = InboundLine(sku, units, *cost)
    shop.events.append(InboundCreated(inbound_id, where, due, (line,), "Mills"))
    shop.events.append(IncomingStockAdded(sku, where, units, inbound_id, due))
    came = chance.choice((0, 2, units))
    if came:
        receipt = InboundReceipt(sku, came, 1, came)
        shop.events += [
            InboundReceived(inbound_id, (receipt,)),
            IncomingStockRemoved(sku, where, came, inbound_id),
            StockReceived(sku, where, came, inbound_id, *cost),
            StockStateChanged(sku, where, 1, "available", "damaged", "wet", inbound_id),
        ]
    if chance.random() < 0.6:
        end = InboundClosed(inbound_id) if came else InboundCancelled(inbound_id, "sold out")
        shop.events.append(end)
        if came < units:
            shop.events.append(IncomingStockRemoved(sku, where, units - came, inbound_id))


def _transfer(shop: Shop, chance: random.Random) -> None:
    """Units go to the other location. Some are lost on the way, or the transfer is cancelled."""
    transfer_id, sku = f"t{len(shop.events)}", chance.choice(SKUS)
    here, there = chance.sample(PLACES, 2)
    lost = chance.randint(0, 2)
    shop.events.append(TransferCreated(transfer_id, here, there, (TransferLine(sku, 4),), DUE))
    way = chance.randrange(4)
    if way == 0:
        shop.events.append(TransferCancelled(transfer_id, "not needed"))
        return
    shop.events += [
        TransferShipped(transfer_id, (ShippedTransferLine(sku, 4),)),
        StockMovedOut(sku, here, 4, there, transfer_id),
        IncomingStockAdded(sku, there, 4, transfer_id, DUE),
    ]
    if way == 1:
        return
    shop.events += [
        TransferReceived(transfer_id, (ReceivedTransferLine(sku, 4 - lost),)),
        IncomingStockRemoved(sku, there, 4 - lost, transfer_id),
        StockMovedIn(sku, there, 4 - lost, here, transfer_id),
    ]
    if way == 2 and lost:
        shop.events.append(TransferClosed(transfer_id, (TransferLine(sku, lost),), "lost"))
        shop.events.append(IncomingStockRemoved(sku, there, lost, transfer_id))


def _count(shop: Shop, chance: random.Random) -> None:
    """A count is recorded once or twice, and approved, cancelled or left open."""
    count_id, sku, where = f"n{len(shop.events)}", chance.choice(SKUS), chance.choice(PLACES)
    change = chance.randint(-2, 2)
    shop.events.append(CountCreated(count_id, where, (CountItem(sku),)))
    for counted in (49, 50 + change)[chance.randrange(2) :]:
        shop.events.append(CountRecorded(count_id, (CountedLine(sku, counted, 50),)))
    end = chance.randrange(3)
    if end == 0:
        shop.events.append(CountCancelled(count_id, "counted twice"))
    elif end == 1:
        variances = (Variance(sku, change),) if change else ()
        shop.events.append(CountApproved(count_id, variances))
        shop.events.extend(StockAdjusted(v.sku, where, v.change, "count") for v in variances)


def _keep_lot(shop: Shop, chance: random.Random) -> None:
    """Units of a new lot come; some are put in quarantine, and the lot is recalled now and then."""
    lot, sku, where = f"L{len(shop.events)}", chance.choice(SKUS), chance.choice(PLACES)
    expires_on = chance.choice((None, "2027-01-01"))
    shop.events += [
        LotDefined(sku, lot, "approved", expires_on),
        StockReceived(sku, where, 8, lot),
        StockLotsChanged(sku, where, (LotChange(lot, 8, "approved", expires_on),), lot),
    ]
    apart = chance.randint(0, 2)
    if apart:
        states = ("available", "quarantine", "look", None, lot, "approved")
        shop.events.append(StockStateChanged(sku, where, apart, *states))
    if chance.random() < 0.5:
        status = chance.choice(("recalled", "on_hold"))
        change = (lot, 8 - apart, "approved", status, expires_on)
        shop.events.append(LotDefined(sku, lot, status, expires_on))
        shop.events.append(StockLotStatusChanged(sku, where, *change))


def _leave_with_lot(shop: Shop, chance: random.Random) -> None:
    """The units of a parcel that left were of a lot, and had serial numbers. Some come back."""
    if not shop.sent:
        return
    shipment_id, order_id, (units, *_) = chance.choice(shop.sent)
    sku = shop.orders[order_id].lines[units.line_id].line.sku
    lot, serial = f"P{len(shop.events)}", f"N{len(shop.events)}"
    cause = (None, order_id, units.line_id, shipment_id)
    shop.events += [
        LotDefined(sku, lot, "approved"),
        StockLotsChanged(sku, "LON", (LotChange(lot, units.quantity + 1),)),
        StockLotsChanged(sku, "LON", (LotChange(lot, -units.quantity),), *cause),
        SerialShipped(sku, serial, "LON", order_id, units.line_id, shipment_id),
    ]
    if chance.random() < 0.5:
        shop.events.append(SerialReturned(sku, serial, chance.choice(PLACES), order_id, "r1"))


def _number(shop: Shop, chance: random.Random) -> None:
    """An imported order has a number of its own, or one of its channel's."""
    position = len(shop.events)
    if chance.random() < 0.5:
        shop.events.append(NumbersPassed("web", 1000 + position))
    else:
        shop.events.append(OrderNumberClaimed(f"OLD-{position}", f"z{position}"))


def _set_up(shop: Shop, chance: random.Random) -> None:
    """A connection is defined, and paused and resumed; a product gets a cost; the data of a
    customer may be used for nothing but their orders for some time."""
    name, customer_id = f"shop-{len(shop.events)}", f"c-r{len(shop.events)}"
    vendor = ConnectionDefined(
        name, "shopify", "https://x.example", "web", (VendorCode("LON", "7"),)
    )
    shop.events += [
        vendor,
        ConnectionPaused(name, "moving"),
        CustomerRestricted(customer_id, "disputed"),
    ]
    if chance.random() < 0.7:
        shop.events.append(ConnectionResumed(name))
        shop.events.append(CustomerRestrictionLifted(customer_id, "settled"))
    sku, cost = chance.choice(SKUS), Money(chance.randint(50, 150), "GBP")
    shop.events.append(ProductDefined(sku, sku, True, unit_cost=cost, safety_stock=5))
    if chance.random() < 0.6:
        _alert(shop, chance)
    else:
        _sell_early(shop, chance)


def _alert(shop: Shop, chance: random.Random) -> None:
    """A channel sells the stock of one location, and there is an alert of it, of a location or of
    all: stock becomes low, and is back now and then; or there is no alert any more."""
    where, channel = chance.choice(PLACES), f"ch-{len(shop.events)}"
    scopes: tuple[tuple[str | None, str | None], ...] = (
        (None, None),
        (where, None),
        (None, channel),
    )
    location, of_channel = chance.choice(scopes)
    scope = {"location": location, "channel": of_channel}
    sku = chance.choice(SKUS)
    shop.events += [
        ChannelDefined(channel, locations=(where,)),
        StockAlertSet(sku, **scope, threshold=9),
        StockBecameLow(sku, **scope, threshold=9, available=7),
    ]
    way = chance.randrange(3)
    if way == 0:
        shop.events.append(StockCameBack(sku, **scope, threshold=9, available=12))
    elif way == 1:
        shop.events.append(StockAlertSet(sku, **scope, threshold=None))


def _sell_early(shop: Shop, chance: random.Random) -> None:
    """A product is sold before it is there, and comes later than was promised; some of it is given
    up, the rest gets stock, and no more is sold now and then."""
    if not shop.orders:
        return
    sku, where, order_id = chance.choice(SKUS), chance.choice(PLACES), chance.choice([*shop.orders])
    preorder = Preorder(f"p{len(shop.events)}", DUE, 20)
    later = Preorder(preorder.preorder_id, DUE + timedelta(days=3), 20)
    line = {"sku": sku, "location": where, "order_id": order_id, "line_id": "1"}
    shop.events += [
        ProductDefined(sku, sku, True, safety_stock=5, preorder=preorder),
        StockBackordered(**line, quantity=3, preorder=preorder.promise),
        ProductDefined(sku, sku, True, safety_stock=5, preorder=later),
        PreorderRescheduled(**line, quantity=3, preorder=later.promise),
    ]
    shop.events += [
        BackorderReleased(**line, quantity=2, preorder=later.promise),
        BackorderReleased(**line, quantity=1, preorder=None),
    ]
    if chance.random() < 0.4:
        shop.events.append(ProductDefined(sku, sku, True, safety_stock=5))
