"""How shipments are shown in answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from oms_ledger.domain.fulfilment.dates import doubtful_dates
from oms_ledger.domain.json_values import revealed_json
from oms_ledger.kernel import Json
from oms_projections.values import column, maybe, maybe_time

TIMES = ("created_at", "dispatched_at", "delivered_at", "updated_at")


def shipment(row: Mapping[str, object]) -> dict[str, Json]:
    texts = ("shipment_id", "order_id", "order_number", "channel", "location", "carrier")
    return {
        **{name: column(row, name, str) for name in texts},
        "sensitive": column(row, "sensitive", bool),
        "service": maybe(row, "service", str),
        "status": column(row, "status", str),
        "exception": maybe(row, "trouble", str),
        "tracking_number": maybe(row, "tracking_number", str),
        "tracking_token": column(row, "tracking_token", str),
        "fulfilment_id": maybe(row, "fulfilment_id", str),
        "units": column(row, "units", int),
        "lines": column(row, "lines", list),
        "packages": column(row, "packages", list),
        "scans": column(row, "scans", list),
        "exceptions": column(row, "exceptions", int),
        "recipient": revealed_json(row["recipient"]),
        "city": maybe(row, "city", str),
        "country": maybe(row, "country", str),
        "promised": {
            "ship_by": maybe_time(row, "ship_by"),
            "deliver_by": maybe_time(row, "deliver_by"),
        },
        "placed_at": maybe_time(row, "placed_at"),
        **{name: maybe_time(row, name) for name in TIMES},
        "doubtful_dates": [
            {"date": doubt.date, "before": doubt.before}
            for doubt in doubtful_dates(
                column(row, "placed_at", datetime),
                maybe(row, "dispatched_at", datetime),
                maybe(row, "delivered_at", datetime),
            )
        ],
        "simulated": column(row, "simulated", bool),
        "version": column(row, "version", int),
    }
