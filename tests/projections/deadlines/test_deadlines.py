"""Deadlines are open from the event that sets one to the event that ends it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from oms_commands.lots.expire import ExpireLot
from oms_commands.orders.expire import ExpireOrder
from oms_ledger.domain.fulfilment.events import ShipmentDelivered, ShipmentScanned
from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.orders.events import (
    CreditGranted,
    FulfilmentReleased,
    OrderCancelled,
    OrderEdited,
    OrderResumed,
    PaymentProgressed,
    UnitsShipped,
)
from oms_ledger.domain.orders.lines import LineEdit, LineQuantity, OrderLine
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import ENDED
from oms_ledger.domain.reservations.events import (
    ReservationCreated,
    ReservationExtended,
    ReservationReleased,
    ReservationUsed,
)
from oms_ledger.kernel import Event
from oms_ledger.policies.deadlines import DEADLINES
from oms_ledger.testing import CONTEXT, folded, given, recorded, replace
from oms_ledger.testing.decision import decide
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
TOTAL = UNPAID.terms.total


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


def rows_after(*events: Event, page: int = 100) -> list[DeadlineRow]:
    """The rows without the documents of orders."""
    rows = given(*events).folded_into(READ_MODEL, page=page).of(DeadlineRow)
    return [replace(row, document="") for row in rows]


def test_an_unpaid_order_has_one_until_all_of_it_is_cancelled() -> None:
    assert rows_after(UNPAID) == [UNPAID_ROW]
    assert rows_after(UNPAID, cancelled(4)) == [replace(UNPAID_ROW, parts=2)]
    gone = replace(UNPAID_ROW, parts=0, covered=True)
    assert rows_after(UNPAID, cancelled(4), cancelled(2), page=1) == [gone]


def test_or_until_anything_of_it_has_shipped() -> None:
    shipped = UnitsShipped("o1", "s1", (LineQuantity("1", 1),))
    past = given(UNPAID, shipped, edited(added=9)).folded_into(READ_MODEL, page=1)
    past.then_rows(replace(UNPAID_ROW, parts=15, ended=True))


def test_units_that_an_edit_adds_are_waited_for_too() -> None:
    both = placed(fulfil_at=DUE, pay_by=DUE)
    more = rows_after(both, edited(added=3, quantity=8), cancelled(6), page=1)
    assert more == [replace(ROW, parts=5), replace(UNPAID_ROW, parts=5)]
    fewer = rows_after(both, edited(quantity=4), cancelled(4), page=1)
    assert fewer == [replace(ROW, parts=0), replace(UNPAID_ROW, parts=0, covered=True)]


def test_an_order_that_is_resumed_is_waited_for_again() -> None:
    both = placed(fulfil_at=DUE, pay_by=DUE)
    resumed = OrderResumed("o1", None, (LineQuantity("1", 5),))
    again = rows_after(both, cancelled(6), resumed)
    assert again == [replace(ROW, parts=5), replace(UNPAID_ROW, parts=5)]
    released = given(SCHEDULED, FulfilmentReleased("o1"), cancelled(6), resumed)
    released.folded_into(READ_MODEL).then_rows(replace(ROW, parts=5, ended=True))


def progressed(open_: int = 0, captured: int = 0, refunded: int = 0) -> PaymentProgressed:
    status = "captured" if captured else "authorised" if open_ else "voided"
    return PaymentProgressed(
        "o1", "p1", "manual", status, "GBP", 0, open_, captured, 0, refunded, charged_back=0
    )


@pytest.mark.parametrize(
    ("events", "covered"),
    [
        ([progressed(TOTAL)], True),
        ([progressed(0, TOTAL)], True),
        ([progressed(TOTAL - 1)], False),
        ([progressed(TOTAL), progressed(0)], False),
        ([progressed(0, TOTAL), progressed(0, TOTAL, refunded=1)], False),
        ([progressed(TOTAL - 255), cancelled(1)], True),
        ([progressed(0, TOTAL), edited(added=1)], False),
        ([progressed(TOTAL - 255), CreditGranted("o1", "late", "GBP", adjustment=255)], True),
    ],
)
def test_it_is_closed_while_the_order_is_paid_or_authorised(
    events: list[Event], covered: bool
) -> None:
    for page in (1, 100):
        (row,) = rows_after(UNPAID, *events, page=page)
        assert (row.covered, row.ended) == (covered, False)


def test_an_order_that_costs_nothing_waits_for_no_money() -> None:
    free = replace(UNPAID, terms=replace(UNPAID.terms, shipping=None, lines=(
        replace(UNPAID.terms.lines[0], unit_price=0),)))  # fmt: skip
    (row,) = rows_after(free)
    assert row.covered


def test_what_is_paid_after_it_was_due_changes_nothing() -> None:
    """The command was submitted then, or will be: it decides."""
    history = recorded([UNPAID, progressed(TOTAL)])
    late = replace(history[1], meta=replace(history[1].meta, recorded_at=DUE))
    (row,) = folded(READ_MODEL, [history[0], late]).of(DeadlineRow)
    assert not row.covered
    early = replace(late, meta=replace(late.meta, recorded_at=DUE - timedelta(microseconds=1)))
    (row,) = folded(READ_MODEL, [history[0], early]).of(DeadlineRow)
    assert row.covered


def test_no_state_is_kept_of_an_order_that_can_expire_no_more() -> None:
    shipped = UnitsShipped("o1", "s1", (LineQuantity("1", 1),))
    (row,) = given(UNPAID, shipped).folded_into(READ_MODEL).of(DeadlineRow)
    assert row.document == ""


MONEY_MOVES = (
    progressed(), progressed(900), progressed(TOTAL), progressed(0, 900), progressed(0, TOTAL),
    progressed(0, TOTAL, refunded=300), CreditGranted("o1", "late", "GBP", adjustment=100),
    cancelled(1), edited(added=1), OrderResumed("o1", None, (LineQuantity("1", 1),)),
)  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_it_is_open_exactly_while_the_command_would_expire_the_order(seed: int) -> None:
    chance = random.Random(seed)
    events: list[Event] = [UNPAID]
    order = Order()
    order.apply(UNPAID)
    for _ in range(12):
        event = chance.choice(MONEY_MOVES)
        line = order.lines["1"]
        if isinstance(event, OrderCancelled) and line.cancelled == line.line.quantity:
            continue
        if isinstance(event, OrderResumed) and not line.cancelled:
            continue
        if isinstance(event, OrderEdited) and "2" in order.lines:
            continue
        events.append(event)
        order.apply(event)
        (row,) = rows_after(*events, page=chance.choice((1, 3, 100)))
        is_open = row.parts > 0 and not row.ended and not row.covered
        expired = decide(ExpireOrder("o1"), events, replace(CONTEXT, now=DUE))
        assert is_open == bool(expired.events)


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
    changed = replace(LOT, **change)
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
