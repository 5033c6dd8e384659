"""Events of payments folded into rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from oms_ledger.domain.payments.events import PAYMENT_EVENTS, PaymentRequested
from oms_ledger.domain.payments.state import Payment
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.payments.rows import PaymentRow
from oms_projections.payments.views import shown
from oms_projections.state_documents import update_document
from oms_projections.values import text_of

OPEN = "open"
"""The facet of payments of which something is outstanding."""

DISCREPANCY = "discrepancy"
"""The facet of payments with a discrepancy that nobody has resolved."""

state_of = msgspec.json.Decoder(Payment).decode
"""The payment of a row, from its `document`."""


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, PAYMENT_EVENTS) and not isinstance(event, PaymentRequested):
        return ((PaymentRow, (event.payment_id,)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, PaymentRequested):
        page.add(requested(r, event))
    elif isinstance(event, PAYMENT_EVENTS):
        row = page.get(PaymentRow, event.payment_id)
        if row is None:
            raise LookupError(f"{event.type} for payment {event.payment_id}, never requested")
        update(row, state_of(row.document), r)
        page.put(row)


def requested(r: Recorded, event: PaymentRequested) -> PaymentRow:
    meta, channel, sensitive = r.meta, event.channel, event.sensitive
    at = meta.happened_at
    row = PaymentRow(event.payment_id, "", "", [], channel, sensitive, at, None, meta.recorded_at)
    update(row, Payment(), r)
    return row


def update(row: PaymentRow, payment: Payment, r: Recorded) -> None:
    """Fold an event into the state, and bring up to date what follows from it."""
    update_document(row, payment, r)
    row.updated_at = r.meta.recorded_at
    row.answer = text_of(shown(payment, row.requested_at, row.updated_at))
    row.facets = list(facets_of(payment))
    row.capture_by = capture_by(payment)


def facets_of(payment: Payment) -> Iterator[str]:
    """The values of a payment that lists filter by, each behind the name of its filter."""
    requested = payment.requested
    if requested is None:
        return
    yield f"status:{payment.status}"
    yield f"provider:{requested.provider}"
    yield f"order:{requested.order_id}"
    if is_open(payment):
        yield OPEN
    if payment.discrepancies:
        yield DISCREPANCY


def is_open(payment: Payment) -> bool:
    """Whether something of a payment is outstanding: an answer of its provider or of the buyer, or
    the capture or release of what is authorised."""
    waits = payment.outcome in ("pending", "requires_action") or payment.voiding
    moves = bool(payment.capturing or payment.refunding)
    return waits or moves or payment.totals.open > 0


def capture_by(payment: Payment) -> datetime | None:
    """When the authorisation expires; None where it does not, or where nothing is left to capture,
    captures on their way aside."""
    return payment.expires_at if payment.capturable > 0 and not payment.voiding else None


READ_MODEL = ReadModel(
    name="payments",
    version=1,
    package=__name__.rpartition(".")[0],
    rows=(PaymentRow,),
    touches=touches,
    fold=fold,
    event_types=frozenset(e.type for e in PAYMENT_EVENTS),
    by_stream=True,
)
