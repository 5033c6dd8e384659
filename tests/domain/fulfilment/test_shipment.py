"""A parcel's way: forward, whatever order the scans come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.domain.fulfilment.events import (
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentLabelled,
    ShipmentScanned,
)
from oms_ledger.domain.fulfilment.state import (
    EXCEPTIONS,
    PROGRESS,
    SCANS_REMEMBERED,
    Shipment,
    further,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)
CODES = ("in_transit", "out_for_delivery", "delivered", *EXCEPTIONS)


def scan(code: str, hours: int = 0) -> ShipmentScanned:
    return ShipmentScanned("s1", code, AT + timedelta(hours=hours))


SCANS = st.lists(st.builds(scan, st.sampled_from(CODES), st.integers(0, 50)), max_size=12)
ARRIVED = ShipmentDelivered("s1", "o1", AT + timedelta(hours=9))


def under_way() -> Shipment:
    shipment = Shipment()
    shipment.apply(ShipmentDispatched("s1", "o1", None))
    return shipment


@given(SCANS, st.integers(0, 12))
def test_no_scan_ever_moves_a_shipment_back(scans: list[ShipmentScanned], arrives: int) -> None:
    shipment = under_way()
    for n, each in enumerate(scans):
        if n == arrives:
            shipment.apply(ARRIVED)
        before = PROGRESS.index(shipment.status)
        shipment.apply(each)
        assert PROGRESS.index(shipment.status) >= before


@given(SCANS)
def test_in_whatever_order_scans_arrive_they_end_at_the_same_place(
    scans: list[ShipmentScanned],
) -> None:
    forward, backward = under_way(), under_way()
    for each in scans:
        forward.apply(each)
    for each in reversed(scans):
        backward.apply(each)
    assert forward.status == backward.status
    assert forward.last_scan_at == backward.last_scan_at


@given(SCANS)
def test_only_a_delivery_delivers(scans: list[ShipmentScanned]) -> None:
    shipment = under_way()
    for each in scans:
        shipment.apply(each)
    assert (shipment.status, shipment.delivered_at) != ("delivered", None)
    assert shipment.status != "delivered"
    shipment.apply(ARRIVED)
    assert (shipment.status, shipment.delivered_at) == ("delivered", AT + timedelta(hours=9))
    assert shipment.exception is None


@given(SCANS)
def test_the_exception_is_that_of_the_newest_scan(scans: list[ShipmentScanned]) -> None:
    shipment = under_way()
    for each in scans:
        shipment.apply(each)
    newest = max((s.scanned_at for s in scans), default=None)
    last = [s.code for s in scans if s.scanned_at == newest]
    assert shipment.exception == (last[-1] if last and last[-1] in EXCEPTIONS else None)


def test_after_delivery_a_late_exception_is_no_trouble() -> None:
    shipment = under_way()
    shipment.apply(ARRIVED)
    shipment.apply(scan("exception", 20))
    assert (shipment.status, shipment.exception) == ("delivered", None)


def test_a_repeated_scan_is_recognised_by_code_time_and_place() -> None:
    shipment = under_way()
    first = ShipmentScanned("s1", "in_transit", AT, "Hub", "words of the carrier")
    shipment.apply(first)
    assert shipment.has_scan(ShipmentScanned("s1", "in_transit", AT, "Hub", "other words"))
    for other in (
        ShipmentScanned("s1", "delayed", AT, "Hub"),
        ShipmentScanned("s1", "in_transit", AT + timedelta(microseconds=1), "Hub"),
        ShipmentScanned("s1", "in_transit", AT, None),
    ):
        assert not shipment.has_scan(other)


def test_a_shipment_remembers_a_bounded_number_of_scans() -> None:
    shipment = under_way()
    scans = [scan("in_transit", n) for n in range(3 * SCANS_REMEMBERED)]
    for each in scans:
        shipment.apply(each)
    assert len(shipment.scan_digests) == SCANS_REMEMBERED
    assert all(shipment.has_scan(each) for each in scans[-SCANS_REMEMBERED:])


def test_dispatch_keeps_the_labels_number_unless_it_brings_its_own() -> None:
    for number, kept in ((None, "T1"), ("T2", "T2")):
        shipment = Shipment()
        shipment.apply(ShipmentLabelled("s1", "T1"))
        shipment.apply(ShipmentDispatched("s1", "o1", number))
        assert shipment.tracking_number == kept


def test_the_later_of_two_statuses() -> None:
    assert further("dispatched", "in_transit") == "in_transit"
    assert further("out_for_delivery", "in_transit") == "out_for_delivery"
    assert further("dispatched", "exception") == "dispatched"
