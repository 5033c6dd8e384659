"""The answer for one draft, alone and in lists."""

from __future__ import annotations

from collections.abc import Mapping

from oms_ledger.domain.drafts.views import draft_view
from oms_ledger.kernel import Json
from oms_projections.drafts.fold import state_of
from oms_projections.values import column, maybe_time

TIMES = ("created_at", "updated_at")


def shown(row: Mapping[str, object]) -> dict[str, Json]:
    return {
        **draft_view(column(row, "draft_id", str), state_of(column(row, "document", str))),
        **{name: maybe_time(row, name) for name in TIMES},
    }
