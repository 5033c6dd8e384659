"""Events of deliveries, transfers and expected units folded into rows."""

from __future__ import annotations

import pytest

from oms_ledger.domain.inbound.events import InboundCancelled, InboundReceipt, InboundReceived
from oms_ledger.domain.stock.events import IncomingStockRemoved
from oms_ledger.domain.transfers.events import (
    ReceivedTransferLine,
    TransferCreated,
    TransferLine,
    TransferReceived,
)
from oms_ledger.testing import given, recorded
from oms_projections.inbound.fold import READ_MODEL, inbound_row, transfer_row
from oms_projections.inbound.rows import (
    InboundRow,
    IncomingProductRow,
    IncomingRow,
    TransferRow,
)
from tests.commands.inbound.past import DUE, EXPECTED
from tests.commands.transfers.past import IN_TRANSIT

CAME = (
    InboundReceived("i1", (InboundReceipt("A", 4, 0, 4),)),
    IncomingStockRemoved("A", "LON", 4, "i1"),
)


@pytest.mark.parametrize("page", [1, 3, None])
def test_a_delivery_is_a_row_and_its_units_are_expected(page: int | None) -> None:
    folded = given(*EXPECTED, *CAME).folded_into(READ_MODEL, page=page)
    (row,) = folded.of(InboundRow)
    assert row.facets == ["status:partially_received", "location:LON"]
    assert (row.expected_at, row.received_at is None) == (DUE, False)
    assert folded.of(IncomingRow) == [
        IncomingRow("A", "LON", "i1", 5, DUE),
        IncomingRow("B", "LON", "i1", 1, DUE),
    ]
    assert folded.of(IncomingProductRow) == [
        IncomingProductRow("A", False),
        IncomingProductRow("B", False),
    ]


def test_one_delivery_is_folded_alike_from_its_own_events() -> None:
    past = [e for e in (*EXPECTED, *CAME) if e.category == "inbound"]
    (row,) = given(*past).folded_into(READ_MODEL).of(InboundRow)
    assert inbound_row(recorded(past)) == row
    assert inbound_row([]) is None
    cancelled = [*past[:1], InboundCancelled("i1")]
    (row,) = given(*cancelled).folded_into(READ_MODEL).of(InboundRow)
    assert row.facets[0] == "status:cancelled"


def test_a_transfer_is_a_row() -> None:
    came = TransferReceived("t1", (ReceivedTransferLine("A", 3),))
    past = [e for e in (*IN_TRANSIT, came) if e.category == "transfer"]
    (row,) = given(*past).folded_into(READ_MODEL).of(TransferRow)
    assert row.facets == ["status:partially_received", "from:LON", "to:MAN"]
    assert row.shipped_at is not None
    assert row.received_at is not None
    assert transfer_row(recorded(past)) == row
    assert transfer_row([]) is None
    (draft,) = (
        given(TransferCreated("t1", "LON", "MAN", (TransferLine("A", 5),)))
        .folded_into(READ_MODEL)
        .of(TransferRow)
    )
    assert (draft.facets[0], draft.shipped_at, draft.received_at) == ("status:draft", None, None)


def test_what_was_never_created_is_parked() -> None:
    for event in (CAME[0], TransferReceived("t9", (ReceivedTransferLine("A", 3),))):
        with pytest.raises(LookupError, match="never created"):
            given(event).folded_into(READ_MODEL)
