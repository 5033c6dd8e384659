"""The answers for one delivery and one transfer, alone and in lists, and for expected units."""

from __future__ import annotations

from collections.abc import Mapping

from oms_ledger.domain.inbound.views import inbound_view
from oms_ledger.domain.transfers.views import transfer_view
from oms_ledger.kernel import Json
from oms_projections.inbound.fold import inbound_of, transfer_of
from oms_projections.values import column, maybe_time


def delivery(row: Mapping[str, object]) -> dict[str, Json]:
    state = inbound_of(column(row, "document", str))
    times = ("created_at", "received_at", "updated_at")
    return {
        **inbound_view(column(row, "inbound_id", str), state),
        **{name: maybe_time(row, name) for name in times},
    }


def transfer(row: Mapping[str, object]) -> dict[str, Json]:
    state = transfer_of(column(row, "document", str))
    times = ("created_at", "shipped_at", "received_at", "updated_at")
    return {
        **transfer_view(column(row, "transfer_id", str), state),
        **{name: maybe_time(row, name) for name in times},
    }


def expected(row: Mapping[str, object]) -> dict[str, Json]:
    return {
        "sku": column(row, "sku", str),
        "location": column(row, "location", str),
        "source": column(row, "source", str),
        "quantity": column(row, "quantity", int),
        "expected_at": maybe_time(row, "expected_at"),
    }
