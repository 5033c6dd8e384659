"""The answer for one case, alone and in lists."""

from __future__ import annotations

from collections.abc import Mapping

from oms_ledger.domain.cases.views import case_view
from oms_ledger.kernel import Json
from oms_projections.cases.fold import state_of
from oms_projections.values import column, maybe, maybe_time


def shown(row: Mapping[str, object]) -> dict[str, Json]:
    return {
        **case_view(state_of(column(row, "document", str))),
        "opened_at": maybe_time(row, "opened_at"),
        "opened_by": column(row, "opened_by", str),
        "closed_at": maybe_time(row, "closed_at"),
        "closed_by": maybe(row, "closed_by", str),
        "updated_at": maybe_time(row, "updated_at"),
    }
