"""Cases of the demo: what the sales desk does about parcels with an exception."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from oms_commands.cases.close import CloseCase
from oms_commands.cases.note import NoteCase
from oms_commands.cases.open import OpenCase
from oms_commands.fulfilment._fields import ScanCode
from oms_ledger.demo.shop_state import Day, PackedParcel, ScheduledCommand, ShopState
from oms_ledger.domain.cases.rules import CASE_KIND_OF_SCAN
from oms_ledger.domain.identifiers import case_id_of

EXCEPTIONS: tuple[tuple[ScanCode, str], ...] = (
    ("attempted_delivery", "Nobody at home, card left"),
    ("delayed", "Vehicle breakdown"),
    ("exception", "Label unreadable, relabelled"),
    ("damaged", "Corner crushed, repacked"),
)
"""Scans of exceptions, with the carrier's own words."""

MISSED_DAYS = 3

NOTE_DELAY = timedelta(hours=3)
CLOSE_DELAY = timedelta(hours=5)
"""From the delivery until the case is closed."""


def exception_of(number: int) -> tuple[ScanCode, str]:
    """The exception of the parcels of the story with this number."""
    return EXCEPTIONS[number % len(EXCEPTIONS)]


def resolve_cases(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Delays end with the delivery; for what was damaged the carrier is to pay."""
    for parcel in state.parcels:
        code, _ = exception_of(parcel.story.number)
        if parcel.story.fate != "exception" or not parcel.scanned or code not in CASE_KIND_OF_SCAN:
            continue
        case_id, key = case_id_of(parcel.shipment_id, 1), f"{parcel.key}:case"
        noted, closed = parcel.delivered_at + NOTE_DELAY, parcel.delivered_at + CLOSE_DELAY
        if code == "damaged" and day.has(noted):
            note = NoteCase(case_id=case_id, text="The buyer has sent photographs")
            yield ScheduledCommand(noted, f"{key}:note", note)
        if day.has(closed):
            resolution = CloseCase(case_id=case_id, resolution="arrived")
            if code == "damaged":
                reference = f"CLM-{parcel.story.number:05d}"
                resolution = CloseCase(
                    case_id=case_id, resolution="carrier_claim", reference=reference
                )
            yield ScheduledCommand(closed, f"{key}:close", resolution)


def open_missing(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Three days before the end a buyer misses a parcel that was delivered a day before."""
    at = state.before_end(days=MISSED_DAYS)
    parcel = next((each for each in state.parcels if _is_missed(each, at)), None)
    if parcel is not None and day.has(at):
        note = "Delivered, the driver says; the buyer has not got it"
        command = OpenCase(shipment_id=parcel.shipment_id, kind="lost", note=note)
        yield ScheduledCommand(at, f"{parcel.key}:missing", command)


def _is_missed(parcel: PackedParcel, at: datetime) -> bool:
    since = at - parcel.delivered_at
    return timedelta() < since < timedelta(days=1) and parcel.story.fate == "usual"
