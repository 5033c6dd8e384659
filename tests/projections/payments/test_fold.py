"""Rows of payments: as the domain folds them, and what lists filter by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.money import Money
from oms_ledger.domain.payments.events import (
    PAYMENT_EVENTS,
    AuthorisationExpired,
    CaptureFailed,
    CaptureRequested,
    ChargeBackReversed,
    PaymentActionRequired,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentChargedBack,
    PaymentDiscrepancyRecorded,
    PaymentDiscrepancyResolved,
    PaymentEvent,
    PaymentFailed,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    ProviderReportReceived,
    RefundFailed,
    RefundRequested,
    VoidFailed,
    VoidRequested,
)
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.payments.views import payment_view
from oms_ledger.testing import folded, given, recorded
from oms_projections.payments.fold import DISCREPANCY, OPEN, READ_MODEL, state_of
from oms_projections.payments.rows import PaymentRow
from tests.projections.histories import Shop

ALL, HALF = Money(1000, "GBP"), Money(500, "GBP")
EXPIRES = datetime(2026, 1, 8, tzinfo=UTC)
REQUESTED = PaymentRequested("p1", "o1", "external", ALL, "manual", channel="Web")
AUTHORISED = (REQUESTED, PaymentAuthorised("p1", ALL, expires_at=EXPIRES))
CAPTURING = (*AUTHORISED, CaptureRequested("p1", "c1", ALL))
CAPTURED = (*CAPTURING, PaymentCaptured("p1", "c1", ALL))
REFUNDING = (*CAPTURED, RefundRequested("p1", "r1", ALL, "late"))
CHARGED_BACK = (*CAPTURED, PaymentChargedBack("p1", ALL, "d1"))
DISPUTED = (*CAPTURED, PaymentDiscrepancyRecorded("p1", "x1", "captured", HALF, "9.00 not 10.00"))

# The status after these events, whether the payment is open, has a discrepancy, and until when it
# is to be captured.
CASES: list[tuple[tuple[PaymentEvent, ...], str, bool, bool, datetime | None]] = [
    ((REQUESTED,), "pending", True, False, None),
    (
        (REQUESTED, PaymentActionRequired("p1", "https://bank.example")),
        "requires_action",
        True,
        False,
        None,
    ),
    ((REQUESTED, PaymentFailed("p1", "declined")), "failed", False, False, None),
    (AUTHORISED, "authorised", True, False, EXPIRES),
    ((REQUESTED, PaymentAuthorised("p1", ALL)), "authorised", True, False, None),
    ((*AUTHORISED, VoidRequested("p1")), "authorised", True, False, None),
    (
        (*AUTHORISED, VoidRequested("p1"), VoidFailed("p1", "captured")),
        "authorised",
        True,
        False,
        EXPIRES,
    ),
    ((*AUTHORISED, PaymentVoided("p1", ALL)), "voided", False, False, None),
    ((*AUTHORISED, AuthorisationExpired("p1", ALL)), "voided", False, False, None),
    (CAPTURING, "authorised", True, False, None),
    ((*CAPTURING, CaptureFailed("p1", "c1", "closed")), "authorised", True, False, EXPIRES),
    (
        (*CAPTURING[:2], CaptureRequested("p1", "c1", HALF), PaymentCaptured("p1", "c1", HALF)),
        "partially_captured",
        True,
        False,
        EXPIRES,
    ),
    (CAPTURED, "captured", False, False, None),
    (REFUNDING, "captured", True, False, None),
    ((*REFUNDING, RefundFailed("p1", "r1", "closed")), "captured", False, False, None),
    ((*REFUNDING, PaymentRefunded("p1", "r1", ALL)), "refunded", False, False, None),
    (CHARGED_BACK, "charged_back", False, False, None),
    ((*CHARGED_BACK, ChargeBackReversed("p1", ALL, "d1")), "captured", False, False, None),
    (DISPUTED, "captured", False, True, None),
    ((*DISPUTED, PaymentDiscrepancyResolved("p1", "x1", "ours")), "captured", False, False, None),
    ((*CAPTURED, ProviderReportReceived("p1", "e1", "captured")), "captured", False, False, None),
]


@pytest.mark.parametrize(("events", "status", "open_", "discrepancy", "capture_by"), CASES)
def test_what_lists_filter_by(
    events: tuple[PaymentEvent, ...],
    status: str,
    open_: bool,
    discrepancy: bool,
    capture_by: datetime | None,
) -> None:
    (row,) = given(*events).folded_into(READ_MODEL).of(PaymentRow)
    expected = [f"status:{status}", "provider:external", "order:o1"]
    expected += [OPEN] if open_ else []
    expected += [DISCREPANCY] if discrepancy else []
    assert row.facets == expected
    assert row.capture_by == capture_by
    assert (row.channel, row.sensitive) == ("Web", False)


def test_every_event_of_payments_is_in_a_case() -> None:
    assert {type(event) for events, *_ in CASES for event in events} == set(PAYMENT_EVENTS)


def test_rows_are_what_the_domain_folds() -> None:
    history = recorded(Shop(11).play(800))
    rows = {row.payment_id: row for row in folded(READ_MODEL, history, 13).of(PaymentRow)}
    payments: dict[str, Payment] = {}
    times: dict[str, list[datetime]] = {}
    for r in history:
        if isinstance(r.event, PAYMENT_EVENTS):
            payment = payments.setdefault(r.event.payment_id, Payment())
            payment.apply(r.event)
            payment.version = r.version
            times.setdefault(r.event.payment_id, []).append(r.meta.recorded_at)
    assert len(rows) >= 20
    assert rows.keys() == payments.keys()
    for payment_id, payment in payments.items():
        row = rows[payment_id]
        assert state_of(row.document) == payment
        assert msgspec.json.decode(row.answer) == {
            **payment_view(payment),
            "requested_at": rfc3339(times[payment_id][0]),
            "updated_at": rfc3339(times[payment_id][-1]),
        }


def test_it_was_requested_when_that_happened() -> None:
    """Money that was taken elsewhere has its own date."""
    before = datetime(2025, 12, 1, tzinfo=UTC)
    history = recorded(CAPTURED, before)
    (row,) = folded(READ_MODEL, history).of(PaymentRow)
    assert row.requested_at == before
    assert row.updated_at == history[-1].meta.recorded_at > before + timedelta(days=1)


def test_an_event_of_a_payment_that_was_never_requested() -> None:
    with pytest.raises(LookupError, match="never requested"):
        given(PaymentVoided("p9", ALL)).folded_into(READ_MODEL)
