"""The answer for one return, alone and in lists."""

from __future__ import annotations

from collections.abc import Mapping

from oms_ledger.domain.returns.views import return_view
from oms_ledger.kernel import Json
from oms_projections.returns.fold import state_of
from oms_projections.values import column, maybe_time


def shown(row: Mapping[str, object]) -> dict[str, Json]:
    return {
        **return_view(state_of(column(row, "document", str))),
        **{name: maybe_time(row, name) for name in TIMES},
    }


TIMES = ("requested_at", "received_at", "closed_at", "updated_at")
