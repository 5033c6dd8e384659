"""Deadlines are open from the event that sets one to the event that ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from oms_commands.lots.expire import ExpireLot
from oms_ledger.domain.fulfilment.events import ShipmentDelivered, ShipmentScanned
from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.orders.events import (
    FulfilmentReleased,
    OrderCancelled,
    OrderEdited,
    OrderResumed,
    UnitsShipped,
)
from oms_ledger.domain.orders.lines import LineEdit, LineQuantity, OrderLine
from oms_ledger.domain.orders.status import ENDED
from oms_ledger.domain.reservations.events import (
    ReservationCreated,
    ReservationExtended,
    ReservationReleased,
    ReservationUsed,
)
from oms_ledger.policies.deadlines import DEADLINES
from oms_ledger.testing import folded, given, recorded
from oms_projections.deadlines import READ_MODEL
from oms_projections.deadlines.rows import DeadlineRow
from tests.commands.cases.past import opened
from tests.projections.histories import PLACED_AT, Shop, placed

DUE = PLACED_AT + timedelta(days=5)
REFERENCE = "o1@2026-01-06T09:00:00Z"
ROW = DeadlineRow("scheduled_order", "o1", DUE, REFERENCE, 6, False, 1, "order-o1", "c1")
SCHEDULED = placed(fulfil_at=DUE)
UNPAID = placed(pay_by=DUE)
UNPAID_ROW = replace(ROW, kind="unpaid_order")


def edited(added: int = 0, quantity: int = 6) -> OrderEdited:
    """A new line of `added` units, and another `quantity` of the six there are."""
    return OrderEdited(
        "o1",
        "e1",
        "GBP",
        0,
        0,
        0,
        added=(OrderLine("2", "B", added, 100),) if added else (),
        changed=(LineEdit(OrderLine("1", "A", quantity, 255), 6),) if quantity != 6 else (),
    )


def cancelled(units: int) -> OrderCancelled:
    return OrderCancelled("o1", "customer", None, (LineQuantity("1", units),))


def test_a_scheduled_order_has_a_deadline_until_it_is_released() -> None:
    given(SCHEDULED).folded_into(READ_MODEL).then_rows(ROW)
    released = given(SCHEDULED, FulfilmentReleased("o1")).folded_into(READ_MODEL, page=1)
    released.then_rows(replace(ROW, ended=True))


def test_or_until_all_of_it_is_cancelled() -> None:
    given(SCHEDULED, cancelled(4)).folded_into(READ_MODEL).then_rows(replace(ROW, parts=2))
    gone = given(SCHEDULED, cancelled(4), cancelled(2)).folded_into(READ_MODEL, page=1)
    gone.then_rows(replace(ROW, parts=0))


def test_an_unpaid_order_has_one_until_all_of_it_is_cancelled() -> None:
    given(UNPAID).folded_into(READ_MODEL).then_rows(UNPAID_ROW)
    given(UNPAID, cancelled(4)).folded_into(READ_MODEL).then_rows(replace(UNPAID_ROW, parts=2))
    expired = given(UNPAID, cancelled(4), cancelled(2)).folded_into(READ_MODEL, page=1)
    expired.then_rows(replace(UNPAID_ROW, parts=0))


def test_or_until_anything_of_it_has_shipped() -> None:
    shipped = UnitsShipped("o1", "s1", (LineQuantity("1", 1),))
    past = given(UNPAID, shipped, edited(added=9)).folded_into(READ_MODEL, page=1)
    past.then_rows(replace(UNPAID_ROW, parts=15, ended=True))


def test_units_that_an_edit_adds_are_waited_for_too() -> None:
    both = placed(fulfil_at=DUE, pay_by=DUE)
    more = given(both, edited(added=3, quantity=8), cancelled(6)).folded_into(READ_MODEL, page=1)
    more.then_rows(replace(ROW, parts=5), replace(UNPAID_ROW, parts=5))
    fewer = given(both, edited(quantity=4), cancelled(4)).folded_into(READ_MODEL, page=1)
    fewer.then_rows(replace(ROW, parts=0), replace(UNPAID_ROW, parts=0))


def test_an_order_that_is_resumed_is_waited_for_again() -> None:
    both = placed(fulfil_at=DUE, pay_by=DUE)
    resumed = OrderResumed("o1", None, (LineQuantity("1", 5),))
    again = given(both, cancelled(6), resumed).folded_into(READ_MODEL)
    again.then_rows(replace(ROW, parts=5), replace(UNPAID_ROW, parts=5))
    released = given(SCHEDULED, FulfilmentReleased("o1"), cancelled(6), resumed)
    released.folded_into(READ_MODEL).then_rows(replace(ROW, parts=5, ended=True))


def test_but_not_once_it_has_expired() -> None:
    expired = OrderCancelled("o1", "expired", None, (LineQuantity("1", 6),))
    resumed = OrderResumed("o1", None, (LineQuantity("1", 6),))
    history = given(UNPAID, expired, resumed).folded_into(READ_MODEL)
    history.then_rows(replace(UNPAID_ROW, parts=12, ended=True))


@pytest.mark.parametrize("seed", range(5))
def test_it_is_open_while_the_order_waits_whatever_happens_to_it(seed: int) -> None:
    shop = Shop(seed)
    every = folded(READ_MODEL, recorded(shop.play(400))).of(DeadlineRow)
    rows = {row.id: row for row in every if row.kind == ROW.kind}
    waiting = {
        order_id
        for order_id, order in shop.orders.items()
        if order.scheduled and order.statuses.order not in ENDED
    }
    assert waiting == {row.id for row in rows.values() if row.parts > 0 and not row.ended}
    assert waiting
    scheduled = {
        o for o, order in shop.orders.items() if order.placed and order.placed.terms.fulfil_at
    }
    assert rows.keys() == scheduled


def test_an_order_without_a_time_has_none() -> None:
    history = given(placed(), cancelled(1), FulfilmentReleased("o1"))
    assert history.folded_into(READ_MODEL).of(DeadlineRow) == []


def test_a_reservation_has_one_until_it_ends() -> None:
    created = ReservationCreated("r1", (), (), DUE)
    row = DeadlineRow(
        "reservation", "r1", DUE, "r1@2026-01-06T09:00:00Z", 1, False, 1, "reservation-r1", "c1"
    )
    given(created).folded_into(READ_MODEL).then_rows(row)
    ends = (
        ReservationReleased("r1"),
        ReservationReleased("r1", expired=True),
        ReservationUsed("r1", "o1"),
    )
    for end in ends:
        given(created, end).folded_into(READ_MODEL, page=1).then_rows(replace(row, ended=True))


def test_an_extension_is_another_deadline() -> None:
    later = DUE + timedelta(hours=1)
    past = given(ReservationCreated("r1", (), (), DUE), ReservationExtended("r1", later))
    past.folded_into(READ_MODEL, page=1).then_rows(
        DeadlineRow(
            "reservation",
            "r1",
            later,
            "r1@2026-01-06T10:00:00Z",
            1,
            False,
            2,
            "reservation-r1",
            "c1",
        )
    )


LOT = LotDefined("A@B", "L1", "approved", "2026-12-31")


def test_a_lot_expires_when_its_last_day_is_over() -> None:
    (row,) = given(LOT).folded_into(READ_MODEL).of(DeadlineRow)
    assert (row.kind, row.id, row.ended) == ("expiring_lot", "A@B@L1", False)
    assert row.due_at == datetime(2027, 1, 1, tzinfo=UTC)
    command = DEADLINES["expiring_lot"](row.id, row.due_at)
    assert command == ExpireLot(sku="A@B", lot="L1")


@pytest.mark.parametrize(
    ("change", "ended"),
    [
        ({"status": "recalled"}, True),
        ({"status": "expired"}, True),
        ({"expires_on": None}, True),
        ({"expires_on": "2027-12-31"}, False),
    ],
)
def test_another_status_or_day_of_a_lot(change: dict[str, str | None], ended: bool) -> None:
    changed = replace(LOT, **change)  # type: ignore[arg-type]  # fields of the event
    (row,) = given(LOT, changed).folded_into(READ_MODEL).of(DeadlineRow)
    assert row.ended is ended
    assert row.due_at.year == (2027 if ended else 2028)


def test_a_lot_without_a_last_day_never_expires() -> None:
    assert given(LotDefined("A", "L1", "approved")).folded_into(READ_MODEL).of(DeadlineRow) == []


def test_a_flagged_shipment_has_one_until_it_has_its_case() -> None:
    at = PLACED_AT + timedelta(hours=2)
    flagged = ShipmentScanned("s1", "lost", at)
    row = DeadlineRow(
        "flagged_shipment", "s1", at, "s1@2026-01-01T11:00:00Z", 1, False, 1, "shipment-s1", "c1"
    )
    given(flagged).folded_into(READ_MODEL).then_rows(row)
    ended = replace(row, ended=True)
    given(flagged, opened()).folded_into(READ_MODEL, page=1).then_rows(ended)
    moving = ShipmentScanned("s1", "in_transit", at)
    given(flagged, moving).folded_into(READ_MODEL).then_rows(ended)
    arrived = ShipmentDelivered("s1", "o1", at)
    given(flagged, arrived).folded_into(READ_MODEL).then_rows(ended)
    tried = ShipmentScanned("s1", "attempted_delivery", at)
    given(tried).folded_into(READ_MODEL).then_rows()
