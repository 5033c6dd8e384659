"""Preorders in a database: no more than the cap however many buy at the same moment, filled by age,
and promised anew when their time changes, once each, whatever ends a worker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from oms_commands import COMMANDS
from oms_ledger.app import Oms, open_prepared
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.orders.events import OrderEdited
from oms_ledger.domain.orders.state import Order
from oms_ledger.worker import preorders
from oms_ledger.worker.backorders import BackorderAllocation
from oms_ledger.worker.preorders import PreorderPromises
from oms_projections import QUERIES
from tests.databases import Database

pytestmark = pytest.mark.postgres

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=20)
LATER = SOON + timedelta(days=5)
CAP = 10


@pytest.fixture
def oms(ready: Database) -> Iterator[Oms]:
    with open_prepared(ready.settings) as oms:
        do(oms, "PutLocation", code="LON", name="London")
        do(oms, "PutProduct", sku="A", title="A")
        do(oms, "PutPreorder", sku="A", available_at=SOON, cap=CAP)
        yield oms


def do(oms: Oms, command: str, **fields: object) -> dict[str, Any]:
    return dict(oms.execute(COMMANDS[command](**fields), actor="clerk").answer)


def buy(oms: Oms, units: int = 1) -> str:
    line = {"sku": "A", "quantity": units, "unit_price": "1.00"}
    placed = do(oms, "PlaceOrder", channel="web", currency="GBP", lines=[line])
    return str(placed["order_id"])


def cancel(oms: Oms, order_id: str) -> None:
    do(oms, "CancelOrder", order_id=order_id, reason="customer")


def waits(oms: Oms, *order_ids: str) -> list[int]:
    with oms.readers.as_of() as log:
        states = [log.fold(Order, order_id) for order_id in order_ids]
    return [sum(line.preordered for line in state.lines.values()) for state in states]


def see(oms: Oms, name: str, **params: object) -> list[dict[str, Any]]:
    oms.catch_up()
    (query,) = (each for each in QUERIES if each.name == name)
    items: list[dict[str, Any]] = dict(oms.query(query, query.params(**params)).body)["items"]  # type: ignore[assignment]  # a list
    return items


def moved(oms: Oms) -> list[str]:
    """The orders that were promised another time, in order, once for each time that they were."""
    with oms.readers.as_of() as log:
        events = [each.event for each in log.events(0, 5000, [OrderEdited.type])]
    return [event.order_id for event in events if isinstance(event, OrderEdited)]


def test_no_more_than_the_cap_is_sold_at_the_same_moment(oms: Oms) -> None:
    """Forty buyers of a unit, and some cancel at once; then those who come next."""
    placed: list[str] = []
    refused: list[str] = []

    def shop(gives_up: bool) -> None:
        try:
            order_id = buy(oms)
        except Refused as refusal:
            refused.append(refusal.code)
            return
        if gives_up:
            cancel(oms, order_id)
        else:
            placed.append(order_id)

    threads = [threading.Thread(target=shop, args=(n % 4 == 0,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert set(refused) == {"insufficient_stock"}
    while len(placed) < CAP:  # those who gave up late have left some
        placed.append(buy(oms))
    with pytest.raises(Refused):
        buy(oms)
    assert sum(waits(oms, *placed)) == CAP
    (row,) = see(oms, "list_preorders")
    assert (row["preordered"], row["left"], row["cap"]) == (CAP, 0, CAP)


def test_what_comes_in_goes_to_the_oldest_orders(oms: Oms) -> None:
    first, second, third = buy(oms, 4), buy(oms, 3), buy(oms, 3)
    do(oms, "ReceiveStock", sku="A", location="LON", quantity=6)
    oms.catch_up()
    assert BackorderAllocation(oms).step() == 2
    assert waits(oms, first, second, third) == [0, 1, 3]
    (row,) = see(oms, "list_preorders")
    assert (row["preordered"], row["left"]) == (CAP, 0), "what came in is not sold twice"
    listed = see(oms, "list_backorders", preorder=True)
    assert [each["order_id"] for each in listed] == [second, third]
    assert {each["preorder_available_at"] for each in listed} == {SOON.isoformat()[:19] + "Z"}
    assert see(oms, "list_backorders", preorder=False) == []


def test_another_time_reaches_every_order_once(oms: Oms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preorders, "PAGE_ORDERS", 2)
    orders = [buy(oms) for _ in range(5)]
    promises = PreorderPromises(oms)
    oms.catch_up()
    assert promises.step() == 0
    do(oms, "PutPreorder", sku="A", available_at=LATER, cap=CAP)
    steps = []
    for _ in range(4):
        oms.catch_up()
        steps.append(promises.step())
    assert steps == [2, 2, 1, 0]
    assert moved(oms) == orders
    with oms.readers.as_of() as log:
        assert {log.fold(Order, each).ship_by for each in orders} == {LATER + timedelta(hours=48)}
    assert see(oms, "list_backorders")[0]["preorder_available_at"] == LATER.isoformat()[:19] + "Z"


def test_a_lagging_read_model_and_a_second_worker_move_no_promise_twice(oms: Oms) -> None:
    """The read model does not see what the first step has done."""
    orders = [buy(oms), buy(oms)]
    do(oms, "PutPreorder", sku="A", available_at=LATER, cap=CAP)
    oms.catch_up()
    assert [PreorderPromises(oms).step() for _ in range(2)] == [2, 2]
    workers = [threading.Thread(target=PreorderPromises(oms).step) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert moved(oms) == orders


def test_orders_that_got_stock_or_were_cancelled_are_left_alone(oms: Oms) -> None:
    filled, cancelled, waiting = buy(oms), buy(oms), buy(oms)
    do(oms, "ReceiveStock", sku="A", location="LON", quantity=1)
    do(oms, "AllocateBackorders", order_id=filled)
    cancel(oms, cancelled)
    do(oms, "PutPreorder", sku="A", available_at=LATER, cap=CAP)
    oms.catch_up()
    PreorderPromises(oms).step()
    assert moved(oms) == [waiting]


def test_one_worker_does_it_and_others_wait(oms: Oms) -> None:
    order_id = buy(oms)
    do(oms, "PutPreorder", sku="A", available_at=LATER, cap=CAP)
    oms.catch_up()
    stop = threading.Event()
    stop.set()
    with oms.exclusive(preorders.JOB):
        assert not PreorderPromises(oms).attempt(stop)
    assert moved(oms) == []
    assert PreorderPromises(oms).attempt(stop)
    assert moved(oms) == [order_id]
