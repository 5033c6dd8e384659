"""What comes in goes to who waits, the longest first, whichever way it becomes free."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from oms_commands import COMMANDS
from oms_ledger.app import Oms, open_prepared
from oms_ledger.domain.orders.events import BackordersAllocated
from oms_ledger.domain.orders.state import Order
from oms_ledger.worker import backorders
from oms_ledger.worker.backorders import BackorderAllocation
from tests.databases import Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def oms(ready: Database) -> Iterator[Oms]:
    with open_prepared(ready.settings) as oms:
        for n, code in enumerate(("LON", "MAN")):
            do(oms, "PutLocation", code=code, name=code, priority=n)
        for sku in ("A", "B"):
            do(oms, "PutProduct", sku=sku, title=sku)
        yield oms


def do(oms: Oms, command: str, **fields: object) -> dict[str, object]:
    return dict(oms.execute(COMMANDS[command](**fields), actor="clerk").answer)


def order(oms: Oms, *lines: tuple[str, int], channel: str = "web") -> str:
    wanted = [{"sku": sku, "quantity": units, "unit_price": "1.00"} for sku, units in lines]
    fields = {"channel": channel, "currency": "GBP", "backorder": "allow", "lines": wanted}
    return str(do(oms, "PlaceOrder", **fields)["order_id"])


def receive(oms: Oms, units: int, sku: str = "A", location: str = "LON") -> None:
    do(oms, "ReceiveStock", sku=sku, location=location, quantity=units)


def waits(oms: Oms, *order_ids: str) -> list[int]:
    """The units that each order waits for."""
    with oms.readers.as_of() as log:
        states = [log.fold(Order, order_id) for order_id in order_ids]
    return [sum(line.backordered for line in state.lines.values()) for state in states]


def fill(oms: Oms, allocation: BackorderAllocation | None = None) -> int:
    oms.catch_up()
    return (allocation or BackorderAllocation(oms)).step()


def test_the_oldest_order_is_filled_first_and_each_has_its_event(oms: Oms) -> None:
    orders = [order(oms, ("A", 3)) for _ in range(3)]
    receive(oms, 5)
    assert fill(oms) == 2
    assert waits(oms, *orders) == [0, 1, 3]
    receive(oms, 4)
    fill(oms)
    assert waits(oms, *orders) == [0, 0, 0]
    with oms.readers.as_of() as log:
        events = [each.event for each in log.events(0, 500, [BackordersAllocated.type])]
    got = [event.order_id for event in events if isinstance(event, BackordersAllocated)]
    assert got == [orders[0], orders[1], orders[1], orders[2]]


def held(oms: Oms) -> Callable[[], object]:
    answer = do(oms, "CreateReservation", lines=[{"sku": "A", "quantity": 4}], expires_in_s=1)

    def expire() -> None:
        time.sleep(1.1)
        do(oms, "ExpireReservation", reservation_id=answer["reservation_id"])

    return expire


def cancelled(oms: Oms) -> Callable[[], object]:
    other = order(oms, ("A", 4))
    return lambda: do(oms, "CancelOrder", order_id=other, reason="customer")


def adjusted(oms: Oms) -> Callable[[], object]:
    more = {"sku": "A", "location": "MAN", "change": 4, "reason": "found"}
    return lambda: do(oms, "AdjustStock", **more)


def counted(oms: Oms) -> Callable[[], object]:
    return lambda: do(oms, "CountStock", sku="A", location="LON", counted=8)


def returned(oms: Oms) -> Callable[[], object]:
    return lambda: do(oms, "ReturnStock", sku="A", location="LON", quantity=4)


def safety(oms: Oms) -> Callable[[], object]:
    do(oms, "PutProduct", sku="A", title="A", safety_stock=4)
    return lambda: do(oms, "PutProduct", sku="A", title="A", safety_stock=0)


def moved(oms: Oms) -> Callable[[], object]:
    do(oms, "PutChannel", channel="web", locations=["MAN"])
    return lambda: do(
        oms, "TransferStock", sku="A", from_location="LON", to_location="MAN", quantity=4
    )


DOORS = {
    "an expired reservation": held,
    "a cancelled order": cancelled,
    "an adjustment": adjusted,
    "a count": counted,
    "a return": returned,
    "a lower safety stock": safety,
    "a transfer": moved,
}


@pytest.mark.parametrize("door", DOORS)
def test_however_stock_becomes_free(oms: Oms, door: str) -> None:
    receive(oms, 4)
    free = DOORS[door](oms)
    first, second = order(oms, ("A", 3)), order(oms, ("A", 3))
    allocation = BackorderAllocation(oms)
    before = waits(oms, first, second)
    assert before in ([3, 3], [0, 2]), "some doors have the four units for sale before"
    assert fill(oms, allocation) == 0
    free()
    assert fill(oms, allocation) == 1 + (before == [3, 3])
    assert sum(waits(oms, first, second)) == sum(before) - min(4, sum(before))
    assert waits(oms, first) == [0]


def test_newer_orders_do_not_get_what_others_wait_for(oms: Oms) -> None:
    waiting = order(oms, ("A", 5))
    receive(oms, 5)
    newer = order(oms, ("A", 1))
    assert waits(oms, waiting, newer) == [5, 1]
    fill(oms)
    assert waits(oms, waiting, newer) == [0, 1]


def test_a_line_that_cannot_be_filled_does_not_hold_up_the_others(oms: Oms) -> None:
    parts = [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}]
    do(oms, "PutProduct", sku="K", title="Kit", components=parts)
    do(oms, "PutChannel", channel="store", locations=["MAN"])
    kit, elsewhere = order(oms, ("K", 2)), order(oms, ("A", 2), channel="store")
    single = order(oms, ("A", 2))
    receive(oms, 6)
    allocation = BackorderAllocation(oms)
    assert fill(oms, allocation) == 1
    assert waits(oms, kit, elsewhere, single) == [2, 2, 0]
    assert fill(oms, allocation) == 0
    receive(oms, 2, "B")
    assert fill(oms, allocation) == 1
    assert waits(oms, kit, elsewhere) == [0, 2]


def test_nothing_is_tried_again_while_nothing_changed(
    oms: Oms, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(oms, "PutChannel", channel="web", locations=["MAN"])
    order(oms, ("A", 1))
    receive(oms, 1)
    allocation = BackorderAllocation(oms)
    assert fill(oms, allocation) == 0
    tried: list[object] = []

    def refuse(lines: list[object]) -> list[bool]:
        tried.append(lines)
        return [False] * len(lines)

    monkeypatch.setattr(allocation, "_allocated", refuse)
    assert fill(oms, allocation) == 0
    assert tried == []
    receive(oms, 1)
    fill(oms, allocation)
    assert len(tried) == 1


def test_closed_locations_are_not_tried_until_they_open(
    oms: Oms, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = order(oms, ("A", 1))
    receive(oms, 1)
    do(oms, "PutLocation", code="LON", name="LON", priority=0, closed=True)
    oms.catch_up()
    allocation = BackorderAllocation(oms)
    with monkeypatch.context() as patch:
        patch.setattr(allocation, "_allocated", lambda lines: pytest.fail("it was tried"))
        assert allocation.step() == 0
    do(oms, "PutLocation", code="LON", name="LON", priority=0)
    assert fill(oms, allocation) == 1
    assert waits(oms, waiting) == [0]


def test_many_lines_are_filled_page_by_page(oms: Oms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backorders, "PAGE_LINES", 2)
    monkeypatch.setattr(backorders, "PAGE_SKUS", 1)
    orders = [order(oms, ("A", 1), ("B", 1)) for _ in range(5)]
    receive(oms, 4)
    receive(oms, 5, "B")
    assert fill(oms) == 9
    assert waits(oms, *orders) == [0, 0, 0, 0, 1]


def test_one_worker_does_it_and_others_wait(oms: Oms) -> None:
    order(oms, ("A", 1))
    receive(oms, 1)
    oms.catch_up()
    stop = threading.Event()
    with oms.exclusive("backorders"):
        assert not BackorderAllocation(oms).attempt(stop)
    assert BackorderAllocation(oms).attempt(stop)
    oms.catch_up()
    assert BackorderAllocation(oms).step() == 0
