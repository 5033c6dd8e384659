"""Carriers' scans."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest

from oms_commands.fulfilment._fields import ScanCode
from oms_commands.fulfilment.record_tracking_event import RecordTrackingEvent
from oms_ledger.domain.fulfilment.events import (
    ShipmentDateCorrected,
    ShipmentDelivered,
    ShipmentScanned,
)
from oms_ledger.domain.orders.events import UnitsDateCorrected, UnitsDelivered
from oms_ledger.testing import given
from tests.commands.cases.past import CLOSED, opened
from tests.commands.shop import AT, UNDER_WAY, delivered, packed, quantities, six

LATER = AT + timedelta(hours=5)


def scan(code: str, hours: int = 0) -> RecordTrackingEvent:
    at = AT + timedelta(hours=hours)
    return RecordTrackingEvent(
        shipment_id="s1", code=cast(ScanCode, code), occurred_at=at, location="Hub", raw="X1"
    )


def scanned(code: str, hours: int = 0) -> ShipmentScanned:
    return ShipmentScanned("s1", code, AT + timedelta(hours=hours), "Hub", "X1")


def test_a_scan_is_kept_with_the_carriers_time_and_its_own_words() -> None:
    decision = given(*UNDER_WAY).when(scan("in_transit"))
    decision.then(scanned("in_transit"))
    assert [c.occurred_at for c in decision.changes] == [AT]
    assert decision.answer["status"] == "in_transit"


def test_a_late_scan_never_moves_a_shipment_back() -> None:
    decision = given(*UNDER_WAY, scanned("out_for_delivery", 5)).when(scan("in_transit", 1))
    decision.then(scanned("in_transit", 1))
    assert decision.answer["status"] == "out_for_delivery"
    after = given(*UNDER_WAY, *delivered()).when(scan("in_transit", 9))
    assert after.answer["status"] == "delivered"


def test_a_doubled_scan_changes_nothing() -> None:
    given(*UNDER_WAY, scanned("in_transit")).when(scan("in_transit")).then()
    assert given(*UNDER_WAY, scanned("in_transit")).when(scan("in_transit", 1)).events


def test_a_delivery_scan_is_a_delivery_at_the_carriers_time() -> None:
    decision = given(*UNDER_WAY).when(scan("delivered", 5))
    decision.then(
        scanned("delivered", 5),
        ShipmentDelivered("s1", "o1", LATER),
        UnitsDelivered("o1", "s1", quantities(6)),
    )
    assert decision.answer["delivered_at"] == "2026-01-01T14:00:00Z"


def test_a_second_delivery_scan_corrects_the_date_and_does_not_deliver_again() -> None:
    arrived = given(*UNDER_WAY, *delivered())
    decision = arrived.when(scan("delivered", 5))
    decision.then(
        scanned("delivered", 5),
        ShipmentDateCorrected("s1", "o1", "delivered_at", LATER),
        UnitsDateCorrected("o1", "s1", "delivered_at", LATER),
    )
    assert decision.answer["delivered_at"] == "2026-01-01T14:00:00Z"
    arrived.when(scan("delivered")).then(scanned("delivered"))
    given(*UNDER_WAY, *delivered(), scanned("delivered", 5)).when(scan("delivered", 5)).then()


def test_trouble_is_flagged_until_a_later_scan_clears_it() -> None:
    late = (*UNDER_WAY, scanned("delayed", 2))
    assert given(*UNDER_WAY).when(scan("delayed", 2)).answer["exception"] == "delayed"
    assert given(*late).when(scan("in_transit", 1)).answer["exception"] == "delayed"
    assert given(*late).when(scan("in_transit", 3)).answer["exception"] is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("lost", "lost"),
        ("damaged", "damaged"),
        ("return_to_sender", "returned_to_sender"),
        ("refused", "refused"),
        ("delayed", "delayed"),
        ("failure", "failed"),
        ("exception", "other"),
    ],
)
def test_an_exception_opens_its_case_once(code: str, kind: str) -> None:
    decision = given(*UNDER_WAY).when(scan(code))
    decision.then(scanned(code), opened(kind, code))
    assert [change.occurred_at for change in decision.changes] == [AT, AT]
    assert (decision.answer["exception"], decision.answer["status"]) == (code, "dispatched")
    flagged = (*UNDER_WAY, *decision.events)
    given(*flagged).when(scan(code)).then()
    given(*flagged).when(scan(code, 1)).then(scanned(code, 1))
    given(*flagged, CLOSED).when(scan(code, 1)).then(scanned(code, 1), opened(kind, code, 2))


def test_what_flags_nothing_opens_no_case() -> None:
    given(*UNDER_WAY).when(scan("attempted_delivery")).then(scanned("attempted_delivery"))
    later = given(*UNDER_WAY, scanned("in_transit", 2))
    later.when(scan("delayed", 1)).then(scanned("delayed", 1))
    arrived = given(*UNDER_WAY, *delivered())
    arrived.when(scan("delayed", 9)).then(scanned("delayed", 9))


def test_a_case_stays_open_when_a_later_scan_clears_the_flag() -> None:
    cleared = (*UNDER_WAY, scanned("delayed"), opened("delayed", "delayed"), scanned("in_transit"))
    given(*cleared).when(scan("delayed", 2)).then(scanned("delayed", 2))


def test_before_dispatch_there_is_nothing_to_scan() -> None:
    refused = given(*six(), *packed()).when(scan("in_transit")).then_refused("illegal_transition")
    assert "The shipment is created; it cannot be scanned" in refused.detail


def test_a_shipment_that_is_not_there() -> None:
    given().when(scan("in_transit")).then_refused("not_found")


@pytest.mark.parametrize(
    ("field", "value"),
    [("code", "lost_in_space"), ("occurred_at", "yesterday"), ("shipment_id", "")],
)
def test_what_cannot_be_names_its_field(field: str, value: str) -> None:
    fields = {"shipment_id": "s1", "code": "in_transit", "occurred_at": AT, field: value}
    given().when(RecordTrackingEvent, **fields).then_invalid(field)
