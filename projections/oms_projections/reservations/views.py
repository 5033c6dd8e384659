"""The answer for one reservation, alone and in lists."""

from __future__ import annotations

from collections.abc import Mapping

from oms_ledger.domain.reservations.views import reservation_view
from oms_ledger.kernel import Json
from oms_projections.reservations.fold import state_of
from oms_projections.values import column, maybe_time

TIMES = ("created_at", "updated_at")


def shown(row: Mapping[str, object]) -> dict[str, Json]:
    return {
        **reservation_view(state_of(column(row, "document", str))),
        **{name: maybe_time(row, name) for name in TIMES},
    }
