"""Lots that are named at picking leave with the shipment that has their units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from oms_commands import COMMANDS
from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_commands.fulfilments.pack import PackFulfilment
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.fulfilment.events import LineLot, ShipmentCreated
from oms_ledger.domain.fulfilments.events import FulfilmentMerged, FulfilmentPutBack
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.stock.events import StockLotsChanged
from oms_ledger.testing import MemoryLedger, given, replace
from tests.commands.fulfilments.past import WORK
from tests.commands.fulfilments.test_pick import pick
from tests.commands.orders.test_kits import PARTS, PAST
from tests.commands.shop import line, ordered, six


class Warehouse:
    """LON has ten units of A: five of L1, which expires first, and five of L2; and an order of four
    of them."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger
        self.do("PutLocation", code="LON", name="London")
        self.do("PutProduct", sku="A", title="A")
        for lot, day in (("L1", "2099-01-01"), ("L2", "2099-02-01")):
            self.receive(lot, 5, expires_on=day)
        self.work = self.order(4)

    def do(self, command: str, **fields: object) -> Mapping[str, Any]:
        return self.ledger.execute(COMMANDS[command](**fields)).answer

    def receive(self, lot: str, units: int, **more: str) -> None:
        self.do("ReceiveStock", sku="A", location="LON", quantity=units, lot=lot, **more)

    def order(self, *units: int) -> str:
        """The fulfilment order of an order with lines of so many units."""
        lines = [{"sku": "A", "quantity": each, "unit_price": "1.00"} for each in units]
        placed = self.do("PlaceOrder", channel="web", currency="GBP", lines=lines, confirm=True)
        return f"{placed['order_id']}@LON"

    def pick(
        self, units: int, lot: str | None, work: str | None = None, line_id: str = "1"
    ) -> None:
        lines = [{"line_id": line_id, "quantity": units, "lot": lot}]
        self.do("PickFulfilment", fulfilment_id=work or self.work, lines=lines, partial=True)

    def pack(self, units: int | None = None, work: str | None = None) -> str:
        lines = [{"line_id": "1", "quantity": units}]
        packages = [] if units is None else [{"lines": lines}]
        packed = self.do("PackFulfilment", fulfilment_id=work or self.work, packages=packages)
        return str(packed["shipment_id"])

    def left(self, shipment_id: str, **fields: object) -> dict[str, int]:
        """Dispatch a shipment; the units of each lot that leave with it."""
        self.do("DispatchShipment", shipment_id=shipment_id, **fields)
        return self.lots_of(shipment_id)

    def lots_of(self, shipment_id: str) -> dict[str, int]:
        units: dict[str, int] = {}
        for event in self.events(StockLotsChanged):
            if event.shipment_id == shipment_id:
                for lot in event.lots:
                    units[lot.lot] = units.get(lot.lot, 0) - lot.change
        return units

    def events(self, kind: type[Any]) -> list[Any]:
        events = (recorded.event for recorded in self.ledger.history())
        return [event for event in events if isinstance(event, kind)]


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with MemoryLedger() as ledger:
        yield Warehouse(ledger)


def test_the_lot_that_was_picked_leaves(warehouse: Warehouse) -> None:
    """Without its name units of L1 would leave, which expires first."""
    warehouse.pick(4, "L2")
    shipment = warehouse.pack()
    (created,) = warehouse.events(ShipmentCreated)
    assert created.lots == (LineLot("1", "L2", 4),)
    assert warehouse.left(shipment) == {"L2": 4}


def test_lots_that_are_named_at_dispatch_come_first(warehouse: Warehouse) -> None:
    warehouse.pick(4, "L2")
    lots = [{"line_id": "1", "lot": "L1", "quantity": 4}]
    assert warehouse.left(warehouse.pack(), lots=lots) == {"L1": 4}


def test_each_parcel_has_lots_of_its_own(warehouse: Warehouse) -> None:
    warehouse.pick(1, "L2")
    warehouse.pick(2, "L1")
    warehouse.pick(1, None)
    first, second = warehouse.pack(2), warehouse.pack()
    assert warehouse.left(first) == {"L2": 1, "L1": 1}
    assert warehouse.left(second) == {"L1": 2}, "one was named, the other expires first"


def test_a_cancelled_shipment_gives_them_back(warehouse: Warehouse) -> None:
    warehouse.pick(4, "L2")
    warehouse.do("CancelShipment", shipment_id=warehouse.pack())
    assert warehouse.left(warehouse.pack()) == {"L2": 4}


def test_shipments_without_packing_have_them_too(warehouse: Warehouse) -> None:
    warehouse.pick(4, "L2")
    order_id = warehouse.work.partition("@")[0]
    shipment = warehouse.do("CreateShipment", order_id=order_id, location="LON")
    assert warehouse.left(str(shipment["shipment_id"])) == {"L2": 4}


def test_what_the_buyer_takes_is_of_them(warehouse: Warehouse) -> None:
    warehouse.pick(4, "L2")
    answer = warehouse.do("ReadyFulfilmentForPickup", fulfilment_id=warehouse.work)
    (shipment,) = answer["shipments"]
    warehouse.do("RecordFulfilmentPickup", fulfilment_id=warehouse.work)
    assert warehouse.lots_of(shipment["shipment_id"]) == {"L2": 4}


def test_units_that_are_put_back_are_not_of_the_next_parcel(warehouse: Warehouse) -> None:
    """Of one unit without a lot, one of L2 and two of L1, in this order, three are put back."""
    warehouse.pick(1, None)
    warehouse.pick(1, "L2")
    warehouse.pick(2, "L1")
    order_id = warehouse.work.partition("@")[0]
    lines = [{"line_id": "1", "quantity": 3}]
    warehouse.do("CancelOrder", order_id=order_id, reason="customer", lines=lines)
    (back,) = warehouse.events(FulfilmentPutBack)
    assert back.lots == (LineLot("1", "L1", 2),)
    assert warehouse.left(warehouse.pack()) == {"L2": 1}


def test_merged_work_keeps_them(warehouse: Warehouse) -> None:
    lines = [{"line_id": "1", "quantity": 2}]
    split = warehouse.do("SplitFulfilment", fulfilment_id=warehouse.work, lines=lines)
    part = str(split["new_fulfilment_id"])
    warehouse.pick(2, "L2", part)
    warehouse.do("MergeFulfilments", fulfilment_id=warehouse.work, merged=part)
    (merged,) = warehouse.events(FulfilmentMerged)
    assert merged.lots == (LineLot("1", "L2", 2),)
    assert warehouse.left(warehouse.pack()) == {"L2": 2}
    warehouse.pick(2, None)
    assert warehouse.left(warehouse.pack()) == {"L1": 2}


def test_a_line_without_a_lot_does_not_take_that_of_another(warehouse: Warehouse) -> None:
    warehouse.left(warehouse.pack())  # four of L1
    work = warehouse.order(1, 1)
    warehouse.pick(1, "L1", work, "2")
    warehouse.pick(1, None, work)
    assert warehouse.left(warehouse.pack(work=work)) == {"L1": 1, "L2": 1}


def test_a_lot_that_was_recalled_since_does_not_leave(warehouse: Warehouse) -> None:
    warehouse.pick(4, "L2")
    shipment = warehouse.pack()
    warehouse.do("PutLot", sku="A", lot="L2", status="recalled")
    with pytest.raises(Refused, match="L2") as refused:
        warehouse.left(shipment)
    assert refused.value.code == "lot_unavailable"
    lots = [{"line_id": "1", "lot": "L1", "quantity": 4}]
    assert warehouse.left(shipment, lots=lots) == {"L1": 4}


@pytest.mark.parametrize(("lot", "units"), [("L3", 1), ("L2", 4)])
def test_a_lot_is_picked_where_the_stock_has_it(warehouse: Warehouse, lot: str, units: int) -> None:
    lost = {"sku": "A", "location": "LON", "change": -2, "lot": "L2", "reason": "lost"}
    warehouse.do("AdjustStock", **lost)
    with pytest.raises(Refused, match=lot) as refused:
        warehouse.pick(units, lot)
    assert refused.value.code == "lot_unavailable"


def test_where_stock_is_not_kept_by_lots_their_names_are_kept_alone() -> None:
    past = [*six(), *given(*six()).when(pick(6, "X")).events]
    past += given(*past).when(PackFulfilment(fulfilment_id=WORK)).events
    (created,) = [event for event in past if isinstance(event, ShipmentCreated)]
    assert created.lots == (LineLot("1", "X", 6),)
    dispatch = DispatchShipment(shipment_id=created.shipment_id)
    left = given(*past).when(dispatch).events
    assert not [event for event in left if isinstance(event, StockLotsChanged)]


def test_a_kit_is_picked_without_a_lot() -> None:
    got = (Allocation("1", "K", "LON", 2),)
    past = (*PAST, *ordered(replace(line(2, sku="K"), components=PARTS), got=got))
    refused = given(*past).when(pick(2, "L1"))
    refused.then_refused("is_kit", {"line": "1", "sku": "K"})
