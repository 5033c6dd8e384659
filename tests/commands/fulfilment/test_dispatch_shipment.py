"""Handing a shipment over: the stock leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.describe import describe
from oms_ledger.domain.fulfilment.events import (
    ShipmentCancelled,
    ShipmentDispatched,
    ShipmentLabelled,
    ShipmentLine,
)
from oms_ledger.domain.lots.events import LotDefined, SerialReturned, SerialShipped
from oms_ledger.domain.orders.events import OrderHeld, UnitsPacked, UnitsShipped, UnitsUnpacked
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.stock.events import (
    LotChange,
    StockLotsChanged,
    StockLotStatusChanged,
    StockShipped,
)
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, given, replace
from tests.commands.payments.past import authorised, captured, paid_by, requested
from tests.commands.shop import (
    AT,
    SHELF,
    UNDER_WAY,
    created,
    delivered,
    line,
    ordered,
    packed,
    quantities,
    six,
)

PACKED = (*six(), *packed())
COMMAND = DispatchShipment(shipment_id="s1")
CANCELLED = (
    ShipmentCancelled("s1", "o1"),
    UnitsUnpacked("o1", "s1", "LON", quantities(6)),
)


@pytest.mark.parametrize("past", [PACKED, (*PACKED, ShipmentLabelled("s1", None))])
def test_placement_allocates_and_dispatch_reduces_what_is_on_hand(
    past: tuple[Event, ...],
) -> None:
    decision = given(*past).when(COMMAND)
    decision.then(
        ShipmentDispatched("s1", "o1", None, dispatched_at=CONTEXT.now),
        UnitsShipped("o1", "s1", quantities(6)),
        StockShipped("A", "LON", 6, "o1", "1", "s1"),
    )
    assert decision.answer["status"] == "dispatched"


def test_it_keeps_when_it_really_left_and_that_the_date_was_made_up() -> None:
    decision = given(*PACKED).when(
        DispatchShipment(shipment_id="s1", tracking_number="T1", occurred_at=AT, simulated=True)
    )
    assert decision.events[0] == ShipmentDispatched("s1", "o1", "T1", True, AT)
    assert {change.occurred_at for change in decision.changes} == {AT}


@pytest.mark.parametrize(
    ("past", "status"),
    [
        (UNDER_WAY, "dispatched"),
        ((*UNDER_WAY, *delivered()), "delivered"),
        ((*PACKED, *CANCELLED), "cancelled"),
    ],
)
def test_it_leaves_once(past: tuple[Event, ...], status: str) -> None:
    refused = given(*past).when(COMMAND).then_refused("illegal_transition")
    assert f"The shipment is {status}; it cannot be dispatched" in refused.detail


def test_a_hold_keeps_even_a_packed_shipment_from_leaving() -> None:
    held = (*PACKED, OrderHeld("o1", "h1", "fraud"))
    refused = given(*held).when(COMMAND).then_refused("ship_blocked")
    assert "on hold (fraud)" in refused.detail
    assert refused.errors == ({"block": "hold", "hold_id": "h1", "reason": "fraud", "lines": []},)


UNPAID = ChannelDefined("web", ship_unpaid=False)


def test_what_is_unpaid_stays_where_its_channel_ships_nothing_unpaid() -> None:
    refused = given(*PACKED, UNPAID).when(COMMAND).then_refused("ship_blocked")
    assert refused.errors == ({"block": "unpaid", "due": "20.25", "currency": "GBP"},)
    assert given(*PACKED, ChannelDefined("web")).when(COMMAND).events
    assert given(*PACKED, ChannelDefined("web", ship_unpaid=True)).when(COMMAND).events
    assert given(*PACKED, replace(UNPAID, channel="till")).when(COMMAND).events


def test_what_is_paid_or_authorised_may_leave() -> None:
    assert given(*PACKED, *authorised(), UNPAID).when(COMMAND).events
    assert given(*PACKED, *captured(), UNPAID).when(COMMAND).events
    part = (
        given(*PACKED, *authorised("p1", 2000), UNPAID).when(COMMAND).then_refused("ship_blocked")
    )
    assert part.errors == ({"block": "unpaid", "due": "0.25", "currency": "GBP"},)
    waits = paid_by("p1", requested(provider="external"))
    given(*PACKED, *waits, UNPAID).when(COMMAND).then_refused("ship_blocked")


def test_each_block_is_named() -> None:
    holds = (OrderHeld("o1", "h1", "fraud"), OrderHeld("o1", "h2", "address", None, ("1",)))
    refused = given(*PACKED, *holds, UNPAID).when(COMMAND).then_refused("ship_blocked")
    named = [(error["block"], error.get("hold_id")) for error in refused.errors]
    assert named == [("hold", "h1"), ("hold", "h2"), ("unpaid", None)]
    assert "on hold (address, fraud) and unpaid (20.25 GBP)" in refused.detail
    assert "Release its holds; take what is due; or send `force: true`" in refused.detail


def test_the_remedy_is_that_of_what_blocks_it() -> None:
    held = given(*PACKED, OrderHeld("o1", "h1", "fraud")).when(COMMAND)
    assert "Release its holds; or send" in held.then_refused("ship_blocked").detail
    unpaid = given(*PACKED, UNPAID).when(COMMAND).then_refused("ship_blocked")
    assert "Take what is due; or send" in unpaid.detail


def test_it_leaves_in_spite_of_them_for_a_reason_that_is_on_record() -> None:
    shop = given(*PACKED, OrderHeld("o1", "h1", "fraud"), UNPAID)
    shop.when(DispatchShipment, shipment_id="s1", force=True).then_invalid("reason")
    shop.when(DispatchShipment, shipment_id="s1", reason="known").then_invalid("reason")
    dispatched = shop.when(
        DispatchShipment, shipment_id="s1", force=True, reason="known buyer"
    ).events[0]
    assert isinstance(dispatched, ShipmentDispatched)
    assert (dispatched.force, dispatched.overridden) == ("known buyer", ("hold:h1", "unpaid"))
    (sentence,) = describe(dispatched, {})
    assert "in spite of hold:h1, unpaid; reason: known buyer" in sentence
    free = given(*PACKED).when(DispatchShipment, shipment_id="s1", force=True, reason="hurry")
    assert free.events[0] == ShipmentDispatched("s1", "o1", None, dispatched_at=CONTEXT.now)


def test_a_shipment_that_is_not_there() -> None:
    given().when(COMMAND).then_refused("not_found")


def test_a_time_has_a_zone() -> None:
    given().when(
        DispatchShipment, shipment_id="s1", occurred_at="2026-01-01T00:00:00"
    ).then_invalid("occurred_at")


LOTS = (
    LotDefined("A", "L1", "approved", "2027-01-01"),
    LotDefined("A", "L2", "approved", "2028-01-01"),
    StockLotsChanged(
        "A",
        "LON",
        (
            LotChange("L2", 5, "approved", "2028-01-01"),
            LotChange("L1", 3, "approved", "2027-01-01"),
        ),
    ),
)
"""Of the ten units at LON three are of L1, which expires first, five of L2 and two of no lot."""


def left(*lots: LotChange) -> StockLotsChanged:
    return StockLotsChanged("A", "LON", lots, None, "o1", "1", "s1")


def test_lots_leave_first_that_expire_first() -> None:
    decision = given(*PACKED, *LOTS).when(COMMAND)
    gone = left(
        LotChange("L1", -3, "approved", "2027-01-01"),
        LotChange("L2", -3, "approved", "2028-01-01"),
    )
    assert decision.events[2:] == (gone, StockShipped("A", "LON", 6, "o1", "1", "s1"))


def test_blocked_and_expired_lots_do_not_leave() -> None:
    held = StockLotStatusChanged("A", "LON", "L1", 3, "approved", "on_hold", "2027-01-01")
    decision = given(*PACKED, *LOTS, held).when(COMMAND)
    assert left(LotChange("L2", -5, "approved", "2028-01-01")) in decision.events  # and one of none
    recalled = StockLotStatusChanged("A", "LON", "L2", 5, "approved", "recalled", "2028-01-01")
    given(*PACKED, *LOTS, recalled).when(COMMAND).then_refused(
        "lot_unavailable",
        {"sku": "A", "location": "LON", "lot": None, "requested": 6, "available": 5},
    )


def test_on_the_day_after_its_last_a_lot_does_not_leave_though_it_is_not_expired_yet() -> None:
    """The workers expire it by a deadline; nothing of it leaves until they have."""
    day = CONTEXT.now.date()
    for last, fine in ((day, True), (day - timedelta(days=1), False)):
        lot = LotChange("L1", 9, "approved", last.isoformat())
        past = (*PACKED, StockLotsChanged("A", "LON", (lot,)))
        decision = given(*past).when(COMMAND)
        if fine:
            assert left(LotChange("L1", -6, "approved", last.isoformat())) in decision.events
        else:
            decision.then_refused("lot_unavailable")


def test_named_lots_leave_and_the_rest_as_usual() -> None:
    picked = [{"line_id": "1", "lot": "L2", "quantity": 4}]
    decision = given(*PACKED, *LOTS).when(DispatchShipment, shipment_id="s1", lots=picked)
    gone = left(
        LotChange("L2", -4, "approved", "2028-01-01"),
        LotChange("L1", -2, "approved", "2027-01-01"),
    )
    assert gone in decision.events
    for lot, quantity in (("L2", 6), ("L1", 4), ("L9", 1)):
        wrong = [{"line_id": "1", "lot": lot, "quantity": quantity}]
        given(*PACKED, *LOTS).when(DispatchShipment, shipment_id="s1", lots=wrong).then_refused(
            "lot_unavailable"
        )
    many = [
        {"line_id": "1", "lot": "L2", "quantity": 5},
        {"line_id": "1", "lot": "L1", "quantity": 2},
    ]
    given(*PACKED, *LOTS).when(DispatchShipment, shipment_id="s1", lots=many).then_refused(
        "lot_unavailable", {"line": "1", "requested": 7, "available": 6}
    )
    other = [{"line_id": "7", "lot": "L2", "quantity": 1}]
    given(*PACKED, *LOTS).when(DispatchShipment, shipment_id="s1", lots=other).then_refused(
        "unknown_line", {"line": "7"}
    )


def test_two_lines_of_a_sku_do_not_get_the_same_units() -> None:
    lines = (ShipmentLine("1", "A", 2), ShipmentLine("2", "A", 4))
    got = (Allocation("1", "A", "LON", 2), Allocation("2", "A", "LON", 4))
    past = (
        *SHELF,
        *ordered(line(2), line(4, "2"), got=got),
        UnitsPacked("o1", "s1", "LON", (*quantities(2), *quantities(4, "2"))),
        created("s1", *lines),
        *LOTS,
    )
    events = given(*past).when(COMMAND).events
    lots = {e.line_id: e.lots for e in events if isinstance(e, StockLotsChanged)}
    assert lots == {
        "1": (LotChange("L1", -2, "approved", "2027-01-01"),),
        "2": (
            LotChange("L1", -1, "approved", "2027-01-01"),
            LotChange("L2", -3, "approved", "2028-01-01"),
        ),
    }


def serials(*names: str, line_id: str = "1") -> dict[str, object]:
    return {"shipment_id": "s1", "serials": [{"line_id": line_id, "serials": names}]}


def test_serial_numbers_leave_once() -> None:
    decision = given(*PACKED).when(DispatchShipment, **serials("N1", "N2"))
    shipped = [e for e in decision.events if isinstance(e, SerialShipped)]
    assert shipped == [SerialShipped("A", name, "LON", "o1", "1", "s1") for name in ("N1", "N2")]
    gone = SerialShipped("A", "N1", "LON", "o9", "1", "s9")
    given(*PACKED, gone).when(DispatchShipment, **serials("N1", "N2")).then_refused(
        "serial_taken", {"line": "1", "serial": "N1"}
    )
    back = SerialReturned("A", "N1", "LON", "o9", "r1")
    assert given(*PACKED, gone, back).when(DispatchShipment, **serials("N1")).events
    other = SerialShipped("B", "N1", "LON", "o9", "1", "s9")
    assert given(*PACKED, other).when(DispatchShipment, **serials("N1")).events
    given(*PACKED).when(DispatchShipment, **serials("N1", "N1")).then_refused("serial_taken")


def test_no_more_serial_numbers_than_units() -> None:
    given(*PACKED).when(DispatchShipment, **serials(*"ABCDEFG")).then_refused(
        "too_many_serials", {"line": "1", "requested": 7, "available": 6}
    )
    given(*PACKED).when(DispatchShipment, **serials("N1", line_id="7")).then_refused(
        "unknown_line", {"line": "7"}
    )
