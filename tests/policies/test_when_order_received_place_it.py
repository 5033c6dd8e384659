"""A queued order is placed in its turn: by the policy, exactly once, whatever ends the worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.orders.place_received import PlaceReceivedOrder
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import Oms, open_prepared
from oms_ledger.domain.identifiers import order_id_for
from oms_ledger.domain.orders.events import OrderPlaced, OrderReceived, OrderRejected
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import all_events
from oms_ledger.policies.when_order_received_place_it import POLICY
from oms_ledger.testing import given
from tests.commands.orders.test_place import line
from tests.commands.orders.test_place_received import OWN, received
from tests.database_reset import Databases
from tests.databases import Database
from tests.engine.work.consequences import run_to_end
from tests.engine.work.mortal import finish, mortal, run_until_killed

UNITS = 20


def test_an_order_that_is_received_is_placed() -> None:
    assert given(*received(line(1))).reaction_of(POLICY) == [PlaceReceivedOrder(OWN)]


@pytest.fixture
def oms(ready: Database) -> Iterator[Oms]:
    with open_prepared(ready.settings) as oms:
        stocked(oms)
        yield oms


def stocked(oms: Oms, sku: str = "A") -> None:
    oms.execute(PutLocation("LON", "London"), actor="tester")
    oms.execute(ReceiveStock(sku=sku, location="LON", quantity=UNITS), actor="tester")


def queue(oms: Oms, *quantities: int, first: int = 0, sku: str = "A") -> list[str]:
    """Queue one order of each quantity; their ids."""
    orders: list[Any] = [
        PlaceOrder(
            channel="web",
            currency="GBP",
            lines=({"sku": sku, "quantity": units, "unit_price": "1.00"},),  # type: ignore[arg-type]  # read as in a body
            external_id=f"{sku}-{n}",
            confirm=n % 2 == 0,
            intake="queued",
        )
        for n, units in enumerate(quantities, first)
    ]
    for result in oms.execute_many(orders, actor="tester"):
        assert not isinstance(result, Exception), result
    return [order_id_for("web", each.external_id, "") for each in orders]


def statuses(oms: Oms, order_ids: Sequence[str]) -> list[str]:
    log = oms.readers.log()
    return [log.fold(Order, order_id).statuses.order for order_id in order_ids]


def endings(oms: Oms, sku: str) -> list[str]:
    """Ids of the orders of a SKU in the order in which they were placed or rejected."""
    events = [r.event for r in all_events(oms.readers.log())]
    mine = {
        e.order_id for e in events if isinstance(e, OrderReceived) and e.terms.lines[0].sku == sku
    }
    ended = [e.order_id for e in events if isinstance(e, (OrderPlaced, OrderRejected))]
    return [order_id for order_id in ended if order_id in mine]


def test_first_in_first_out_until_the_stock_is_gone(oms: Oms) -> None:
    ids = queue(oms, 8, 8, 8, 4, 1)
    assert statuses(oms, ids) == ["received"] * 5
    finish(oms)
    assert statuses(oms, ids) == ["confirmed", "pending", "rejected", "pending", "rejected"]
    assert endings(oms, "A") == ids
    assert oms.readers.log().fold(StockLevel, "A@LON").allocated == UNITS
    finish(oms)
    assert endings(oms, "A") == ids


def test_one_that_is_cancelled_while_it_waits_takes_no_stock(oms: Oms) -> None:
    ids = queue(oms, 15, 15)
    oms.execute(CancelOrder(ids[0], "customer"), actor="tester")
    finish(oms)
    assert statuses(oms, ids) == ["cancelled", "pending"]


@pytest.mark.parametrize("kill_at", range(1, 8))
def test_killed_between_any_two_steps_each_order_is_placed_once(oms: Oms, kill_at: int) -> None:
    """The steps of a page of three orders: decided, three submitted, settled, moved, committed."""
    ids = queue(oms, 8, 8, 8)
    runner = mortal(oms, kill_at)
    assert run_until_killed(runner), runner.seams.passed
    finish(oms)
    assert statuses(oms, ids) == ["confirmed", "pending", "rejected"]
    assert endings(oms, "A") == ids
    assert oms.work.refusals() == []


@pytest.fixture(scope="module")
def shared(ready_ledgers: Databases) -> Iterator[Oms]:
    with ready_ledgers.lend() as database, open_prepared(database.settings) as oms:
        yield oms


Steps = st.lists(
    st.one_of(
        st.integers(1, 9).map(lambda units: ("queue", units)),
        st.integers(1, 9).map(lambda kill_at: ("kill", kill_at)),
        st.integers(0, 9).map(lambda which: ("cancel", which)),
    ),
    min_size=3,
    max_size=12,
)
ROUNDS = Counter[str]()


@pytest.mark.postgres
@settings(max_examples=15)
@drawn(steps=Steps)
def test_units_and_orders_are_conserved_whatever_happens(
    shared: Oms, steps: list[tuple[str, int]]
) -> None:
    ROUNDS["n"] += 1
    sku, ids = f"S{ROUNDS['n']}", list[str]()
    stocked(shared, sku)
    for step, number in steps:
        if step == "queue":
            ids += queue(shared, number, first=len(ids), sku=sku)
        elif step == "kill":
            run_until_killed(mortal(shared, number, lease_seconds=0.01))
        elif ids:
            shared.execute_many([CancelOrder(ids[number % len(ids)], "customer")], actor="tester")
    finish(shared)
    log = shared.readers.log()
    orders = [log.fold(Order, order_id) for order_id in ids]
    assert "received" not in {order.statuses.order for order in orders}
    assert set(Counter(endings(shared, sku)).values()) <= {1}
    for order in orders:
        for progress in order.lines.values():
            assert progress.line.quantity == progress.allocated + progress.cancelled
        assert order.open_total + order.cancelled_total == order.terms.total
    taken = sum(p.allocated for order in orders for p in order.lines.values())
    assert log.fold(StockLevel, f"{sku}@LON").allocated == taken <= UNITS


def test_two_workers_place_each_order_once(oms: Oms) -> None:
    """Both have read the same events: neither keeps its lease."""
    ids = queue(oms, 8, 8)
    first, second = mortal(oms, 0, lease_seconds=0.0), mortal(oms, 0, lease_seconds=0.0)
    run_to_end(first)
    run_to_end(second)
    first.close()
    second.close()
    finish(oms)
    assert endings(oms, "A") == ids
