"""Imported orders in a verification: those that never touched stock stay true whatever follows, and
a number that two of them have is named."""

from __future__ import annotations

from typing import Any

from oms_commands import COMMANDS
from oms_ledger.audit.tree.store import StoredEvent
from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.audit.verify.whole import VerificationOptions
from oms_ledger.domain.catalogue.events import OrderNumberClaimed
from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.engine.log import codec
from oms_ledger.kernel import Event
from oms_ledger.testing import replace
from oms_ledger.testing.history import recorded
from tests.audit.verify.conftest import Sealed
from tests.commands.orders.past import SHIPPED, imported
from tests.commands.shop import SHELF

DATES = {"dispatched_at": "2019-12-02T15:00:00Z", "delivered_at": "2019-12-04T10:12:00Z"}


def test_a_return_of_history_comes_into_stock_and_verifies(sealed: Sealed) -> None:
    """An import that touches no stock, then a return, a cancellation and a refund of it."""
    oms = sealed.oms

    def do(name: str, /, **body: object) -> Any:
        return oms.execute(COMMANDS[name](**body), actor="clerk").answer

    do("PutLocation", code="OLD", name="Old")
    do("PutProduct", sku="HIST", title="History")
    line = {"sku": "HIST", "quantity": 3, "unit_price": "2.00"}
    placed = do(
        "ImportOrder",
        channel="web",
        currency="GBP",
        external_id="hist-1",
        lines=[line],
        shipments=[{"location": "OLD", "lines": [{"line_id": "1", "quantity": 2}], **DATES}],
        payments=[{"provider": "bank", "reference": "9", "amount": "6.00"}],
        stock="skip",
    )
    order_id = placed["order_id"]
    back = {"sku": "HIST", "location": "OLD", "quantity": 1, "order_id": order_id, "line_id": "1"}
    assert do("ReturnStock", **back)["on_hand"] == 1
    do("CancelOrder", order_id=order_id, reason="customer")
    assert do("RefundCredit", order_id=order_id, reason="cancelled")["money"]["credit"] == "0.00"
    oms.catch_up()
    assert sealed.verify(VerificationOptions()) == {}


def findings(*events: Event) -> set[str]:
    """What the check of a log finds in which each event is a command of its own but the first
    ones, which are one."""
    history = recorded(events)
    checker = LogChecker(codec.decode, len(history))
    checker.page(
        [
            StoredEvent(
                r.position, r.stream, r.version, type(r.event).type, codec.encode(r.event, r.meta)
            )
            for r in history
        ]
    )
    return {each.kind for each in checker.finish()}


def test_a_number_that_two_orders_have_is_named() -> None:
    first = imported(number="SO-1", shipments=[SHIPPED]).events
    assert "number_taken" not in findings(*SHELF, *first)
    assert "number_taken" in findings(*SHELF, *first, OrderNumberClaimed("SO-1", "o9"))


def test_untracked_units_that_are_lost_are_named() -> None:
    events = imported(confirm=True, stock="skip").events
    assert "units_lost" not in findings(*SHELF, *events)
    lost = [
        replace(each, untracked=()) if isinstance(each, OrderPlaced) else each for each in events
    ]
    assert "units_lost" in findings(*SHELF, *lost)
