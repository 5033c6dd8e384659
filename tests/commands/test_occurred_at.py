"""Every command that records a fact takes the time at which the fact happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from oms_commands import COMMANDS
from oms_ledger.domain.catalogue.events import OrderNumbered
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.fulfilments.events import FulfilmentHeld
from oms_ledger.domain.orders.events import OrderArchived, OrderCancelled, OrderHeld
from oms_ledger.domain.orders.lines import Backorder
from oms_ledger.domain.payments.events import PaymentDiscrepancyRecorded
from oms_ledger.domain.returns.events import ReturnApproved, ReturnClosed
from oms_ledger.domain.times import CLOCK_SKEW_MAX
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, MemoryLedger, given
from oms_ledger.testing.log import LogUntil, Records
from oms_projections.stock_levels.queries import GetStock, get_stock_as_of
from tests.commands.cases.past import CASE, CLOSED, LOST
from tests.commands.counts.past import counted
from tests.commands.fulfilments.past import opened, part, waiting
from tests.commands.inbound.past import DUE, EXPECTED
from tests.commands.lots.past import LOTS
from tests.commands.messages.past import MESSAGE
from tests.commands.orders.test_resume import FREED, GOT
from tests.commands.payments.past import AUTHORISED, PAID, PENDING, gbp
from tests.commands.returns.past import (
    APPROVED,
    PAID_AND_DELIVERED,
    REQUESTED,
    came,
    requested,
    returned,
)
from tests.commands.shop import (
    SHELF,
    UNDER_WAY,
    line,
    ordered,
    packed,
    place,
    quantities,
    six,
    stock,
)
from tests.commands.transfers.past import IN_TRANSIT, PLANNED

SHORT: tuple[Event, ...] = (
    *SHELF,
    *ordered(line(2), short=(Backorder("1", "A", "LON", 2),)),
    stock(2),
)
SOLD = {
    "channel": "web",
    "currency": "GBP",
    "lines": [{"sku": "A", "quantity": 1, "unit_price": "2.55"}],
}

RETURN: dict[str, object] = {"return_id": "r1"}
RETURNED = [{"line_id": "1", "quantity": 1}]
BACK = returned(requested(), ReturnApproved("r1"), came(2))

WORK: dict[str, object] = {"fulfilment_id": "o1@LON"}

PAYMENT: dict[str, object] = {"order_id": "o1", "payment_id": "p1"}

FACTS: Mapping[str, tuple[tuple[Event, ...], dict[str, object]]] = {
    "PlaceOrder": (SHELF, {**SOLD, "confirm": True}),
    "ImportOrder": (SHELF, {**SOLD, "confirm": True, "stock": "update"}),
    "ConfirmOrder": (six(confirmed=False), {"order_id": "o1"}),
    "CancelOrder": ((*six(), *packed()), {"order_id": "o1", "reason": "customer"}),
    "EditOrder": (
        six(),
        {
            "order_id": "o1",
            "changes": [{"type": "set_quantity", "line_id": "1", "quantity": 7}],
        },
    ),
    "HoldOrder": (six(), {"order_id": "o1", "reason": "fraud"}),
    "ReleaseHold": (
        (*six(), OrderHeld("o1", "h1", "fraud")),
        {"order_id": "o1", "hold_id": "h1"},
    ),
    "AssessOrderRisk": (six(), {"order_id": "o1", "score": 9, "decision": "deny"}),
    "AllocateBackorders": (SHORT, {"order_id": "o1"}),
    "ReceiveStock": ((place(),), {"sku": "A", "location": "LON", "quantity": 5}),
    "ReturnStock": (
        UNDER_WAY,
        {"sku": "A", "location": "LON", "quantity": 1, "order_id": "o1", "line_id": "1"},
    ),
    "AdjustStock": (SHELF, {"sku": "A", "location": "LON", "change": -1, "reason": "broken"}),
    "CountStock": (SHELF, {"sku": "A", "location": "LON", "counted": 7}),
    "TransferStock": (
        (*SHELF, place("MAN", 2)),
        {"sku": "A", "from_location": "LON", "to_location": "MAN", "quantity": 2},
    ),
    "ChangeStockState": (
        SHELF,
        {
            "sku": "A",
            "location": "LON",
            "from_state": "available",
            "to_state": "damaged",
            "quantity": 2,
            "reason": "wet",
        },
    ),
    "CreateInbound": (
        SHELF,
        {"location": "LON", "expected_at": DUE, "lines": [{"sku": "A", "quantity": 9}]},
    ),
    "ReceiveInbound": (
        EXPECTED,
        {"inbound_id": "i1", "lines": [{"sku": "A", "quantity": 4, "damaged": 1, "lot": "L1"}]},
    ),
    "CloseInbound": (EXPECTED, {"inbound_id": "i1"}),
    "CancelInbound": (EXPECTED, {"inbound_id": "i1"}),
    "CreateTransfer": (
        (*SHELF, place("MAN", 2)),
        {
            "from_location": "LON",
            "to_location": "MAN",
            "lines": [{"sku": "A", "quantity": 2}],
        },
    ),
    "ShipTransfer": (PLANNED, {"transfer_id": "t1"}),
    "ReceiveTransfer": (
        IN_TRANSIT,
        {"transfer_id": "t1", "lines": [{"sku": "A", "quantity": 4}], "close": True},
    ),
    "CloseTransfer": (IN_TRANSIT, {"transfer_id": "t1"}),
    "CancelTransfer": (PLANNED, {"transfer_id": "t1"}),
    "CreateCount": (SHELF, {"location": "LON", "skus": ["A"]}),
    "ApproveCount": (counted(8), {"count_id": "n1"}),
    "CancelCount": (counted(8), {"count_id": "n1"}),
    "PutLot": (LOTS, {"sku": "A", "lot": "L1", "status": "recalled"}),
    "CreateShipment": (six(), {"order_id": "o1", "location": "LON"}),
    "AcceptFulfilment": (six(), WORK),
    "RejectFulfilment": (six(), {**WORK, "reason": "closed"}),
    "MoveFulfilment": (
        (*six(), place("MAN", 2), stock(9, location="MAN")),
        {**WORK, "location": "MAN"},
    ),
    "SplitFulfilment": (six(), {**WORK, "lines": [{"line_id": "1", "quantity": 2}]}),
    "MergeFulfilments": (
        (*six(), *opened(), *part(2)),
        {**WORK, "with": "o1@LON~2"},
    ),
    "HoldFulfilment": (six(), {**WORK, "reason": "damaged"}),
    "ReleaseFulfilment": ((*six(), *opened(), FulfilmentHeld("o1@LON", "damaged")), WORK),
    "ScheduleFulfilment": (six(), {**WORK, "not_before": "2100-01-01T00:00:00Z"}),
    "PickFulfilment": (six(), WORK),
    "PackFulfilment": (six(), WORK),
    "ReadyFulfilmentForPickup": (six(), WORK),
    "RecordFulfilmentPickup": ((*six(), *waiting()), WORK),
    "LabelShipment": ((*six(), *packed()), {"shipment_id": "s1", "tracking_number": "T1"}),
    "DispatchShipment": ((*six(), *packed()), {"shipment_id": "s1"}),
    "RecordTrackingEvent": (UNDER_WAY, {"shipment_id": "s1", "code": "delivered"}),
    "DeliverShipment": (UNDER_WAY, {"shipment_id": "s1"}),
    "CancelShipment": ((*six(), *packed()), {"shipment_id": "s1"}),
    "ResumeOrder": (
        (*six(), OrderCancelled("o1", "staff", None, quantities(6), GOT), *FREED),
        {"order_id": "o1"},
    ),
    "TagOrder": (six(), {"order_id": "o1", "add": ["vip"]}),
    "NoteOrder": (six(), {"order_id": "o1", "text": "gift"}),
    "ArchiveOrder": (UNDER_WAY, {"order_id": "o1"}),
    "UnarchiveOrder": ((*UNDER_WAY, OrderArchived("o1")), {"order_id": "o1"}),
    "RequestPayment": (six(), {"order_id": "o1", "provider": "manual", "amount": "1.00"}),
    "RecordPayment": (
        six(),
        {"order_id": "o1", "provider": "bank", "reference": "R 1", "amount": "1.00"},
    ),
    "IssueStoreCredit": (
        (),
        {"account": "c1", "amount": "1.00", "currency": "GBP", "reason": "goodwill"},
    ),
    "CapturePayment": (AUTHORISED, PAYMENT),
    "CaptureDuePayments": (
        (ChannelDefined("web", capture_on="confirm"), *AUTHORISED),
        {"order_id": "o1"},
    ),
    "VoidPayment": (AUTHORISED, PAYMENT),
    "RefundPayment": (PAID, {**PAYMENT, "reason": "late", "amount": "1.00"}),
    "RefundCredit": (
        (*PAID, OrderCancelled("o1", "staff", None, quantities(6))),
        {"order_id": "o1", "reason": "cancelled"},
    ),
    "ReportPayment": (PENDING, {**PAYMENT, "kind": "authorised", "provider_event_id": "e1"}),
    "ResolvePaymentDiscrepancy": (
        (*PAID, PaymentDiscrepancyRecorded("p1", "d1", "captured", gbp(100), "Late.")),
        {**PAYMENT, "discrepancy_id": "d1", "note": "refunded"},
    ),
    "RequestReturn": (PAID_AND_DELIVERED, {"order_id": "o1", "lines": RETURNED, "approve": True}),
    "RequestBlindReturn": (SHELF, {"lines": [{"sku": "A", "quantity": 1}]}),
    "ApproveReturn": (REQUESTED, RETURN),
    "DeclineReturn": (REQUESTED, {**RETURN, "reason": "Worn"}),
    "OpenCase": (UNDER_WAY, {"shipment_id": "s1", "kind": "lost"}),
    "NoteCase": (LOST, {"case_id": CASE, "text": "The carrier looks for it"}),
    "CloseCase": (LOST, {"case_id": CASE, "resolution": "none"}),
    "ReopenCase": ((*LOST, CLOSED), {"case_id": CASE}),
    "SendMessage": (MESSAGE, {"message_id": "m1"}),
    "FailMessage": (MESSAGE, {"message_id": "m1", "reason": "mailbox full"}),
    "ReceiveReturn": (
        APPROVED,
        {
            **RETURN,
            "lines": [
                {"line_id": "1", "quantity": 1, "condition": "resellable", "location": "LON"}
            ],
        },
    ),
    "RefundReturn": ((*PAID_AND_DELIVERED, *BACK), RETURN),
    "CloseReturn": ((*PAID_AND_DELIVERED, *BACK), RETURN),
    "CancelReturn": (REQUESTED, RETURN),
    "ReopenReturn": ((*PAID_AND_DELIVERED, *BACK, ReturnClosed("r1")), RETURN),
    "RerouteOrder": (
        (place("MAN", 2), *six(), stock(9, location="MAN")),
        {"order_id": "o1", "without": ["LON"]},
    ),
}
"""A past in which each command records a fact, and its fields without the time."""

NO_FACTS = {
    "RecordCount",
    "ExpireLot",
    "OpenFlaggedCase",
    "PutSafetyStock",
    "PutPreorder",
    "EndPreorder",
    "ReschedulePreorders",
    "PutStockAlert",
    "CheckStockAlerts",
    "CreateDraft",
    "PutDraft",
    "PlaceDraft",
    "DeleteDraft",
    "PlaceReceivedOrder",
    "PutLocation",
    "PutProduct",
    "PutChannel",
    "PutConnection",
    "PauseConnection",
    "ResumeConnection",
    "PutHoldRule",
    "PutRoutingRules",
    "PutPostalAreas",
    "ScreenOrder",
    "BlockBuyer",
    "UnblockBuyer",
    "ReleaseScheduledOrder",
    "ReleaseFulfilmentSchedule",
    "MarkFulfilmentOverdue",
    "ExpireOrder",
    "CreateReservation",
    "ExtendReservation",
    "ReleaseReservation",
    "ExpireReservation",
    "PutReturnPolicy",
    "RequestMessage",
    "ForgetCustomer",
    "ForgetOrder",
    "HoldCustomer",
    "RestrictCustomer",
    "LiftCustomerRestriction",
    "ReleaseCustomerHold",
    "SetRetention",
    "TagCustomer",
    "NoteCustomer",
    "CorrectCustomer",
}
"""Commands that hold from the moment they are recorded: definitions, releases, expiries, duties
under law, reservations, requests of messages, counts of what is on hand at that moment, what staff
keep about a customer, and drafts, whose orders have a time of their own."""

TIMES = {"PlaceOrder": "placed_at", "ImportOrder": "placed_at", "RecordPayment": "captured_at"}
"""The name of the time where it is not `occurred_at`."""

LONG_AGO = CONTEXT.now - timedelta(days=3000)


def test_every_command_records_a_fact_or_is_listed_as_an_exception() -> None:
    assert {*FACTS} | NO_FACTS == {*COMMANDS}
    assert not {*FACTS} & NO_FACTS


@pytest.mark.parametrize("name", FACTS)
def test_a_command_takes_the_time_of_its_fact(name: str) -> None:
    past, body = FACTS[name]
    time = TIMES.get(name, "occurred_at")
    decision = given(*past).when(COMMANDS[name], **body, **{time: LONG_AGO})
    assert decision.events
    for change in decision.changes:
        # The number of an order is given when it comes in, whenever it was placed.
        expected = None if isinstance(change.event, OrderNumbered) else LONG_AGO
        assert change.occurred_at == expected, change


@pytest.mark.parametrize("name", [name for name in FACTS if name != "RecordTrackingEvent"])
def test_without_a_time_it_happened_when_it_is_recorded(name: str) -> None:
    past, body = FACTS[name]
    decision = given(*past).when(COMMANDS[name], **body)
    assert decision.events
    assert {change.occurred_at for change in decision.changes} == {None}


@pytest.mark.parametrize("name", FACTS)
def test_what_is_still_to_come_is_refused_by_the_field(name: str) -> None:
    past, body = FACTS[name]
    time = TIMES.get(name, "occurred_at")
    shop, kind = given(*past), COMMANDS[name]
    assert shop.when(kind, **body, **{time: CONTEXT.now + CLOCK_SKEW_MAX}).events
    for later in (CLOCK_SKEW_MAX + timedelta(seconds=1), timedelta(days=173 * 365)):
        refusal = shop.when(kind, **body, **{time: CONTEXT.now + later}).then_refused(
            "invalid_fields"
        )
        assert [error["field"] for error in refusal.errors] == [time]
        assert "still to come" in refusal.detail


def test_the_field_is_the_same_everywhere() -> None:
    for name in FACTS:
        names = {field.name for field in fields(COMMANDS[name])}  # type: ignore[arg-type]  # commands are dataclasses
        assert TIMES.get(name, "occurred_at") in names


def test_stock_of_a_backfill_lies_at_its_real_dates() -> None:
    """Ten came on the 1st, six were sold on the 5th and left on the 9th, all recorded today."""
    first = LONG_AGO
    days: dict[int, Any] = {day: first + timedelta(days=day) for day in range(12)}
    with MemoryLedger() as ledger:

        def run(command: str, **body: object) -> Mapping[str, Any]:
            return ledger.execute(COMMANDS[command](**body)).answer

        run("PutLocation", code="LON", name="London")
        run("ReceiveStock", sku="A", location="LON", quantity=10, occurred_at=days[1])
        lines = [{"sku": "A", "quantity": 6, "unit_price": "1.00"}]
        order = run(
            "PlaceOrder",
            channel="web",
            currency="GBP",
            lines=lines,
            placed_at=days[5],
            confirm=True,
        )
        parcel = run(
            "CreateShipment", order_id=order["order_id"], location="LON", occurred_at=days[8]
        )
        run("DispatchShipment", shipment_id=parcel["shipment_id"], occurred_at=days[9])
        records = Records()
        for recorded in ledger.history():
            records.add(recorded)
        log = LogUntil(records, len(ledger.history()))

    def balance(day: int) -> tuple[int, int]:
        body: Mapping[str, Any] = get_stock_as_of(GetStock("A", days[day]), log)
        return body["on_hand"], body["allocated"]

    assert [balance(day) for day in (1, 4, 5, 8, 9, 11)] == [
        (10, 0),
        (10, 0),
        (10, 6),
        (10, 6),
        (4, 0),
        (4, 0),
    ]
