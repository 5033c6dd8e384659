"""Tables of the summary about warehouses: what waits in each, and a day in one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, cast

from rich.table import Table
from rich.text import Text

from oms_ledger.demo.shop import LOCATIONS
from oms_ledger.demo.tables import table
from oms_ledger.kernel import Json

Item = Mapping[str, Json]

IDS = re.compile(r" [0-9a-f]{8}-[0-9a-f-]{27}(@\w+)?")
"""Ids of shipments and fulfilment orders in the sentences of a timeline."""

WORK = (
    "fulfilment.accepted.v1",
    "fulfilment.picked.v1",
    "fulfilment.rejected.v1",
    "order.backorders_allocated.v1",
    "shipment.created.v1",
    "shipment.dispatched.v1",
)
"""Events of a timeline that are shown: the work, where units were routed, parcels."""

SHOW = "oms-ledger show order {} --ledger demo"


class WorkedOrder(NamedTuple):
    """An order whose units were routed anew, with the items of its timeline."""

    number: str
    timeline: Sequence[Item]


def queue_table(waiting: Iterable[Item], figures: Iterable[Item]) -> Table:
    """Per location the fulfilment orders that have not left, and what was done so far."""
    waiting, rows = list(waiting), {str(row["group"]): row for row in figures}
    shown = table(
        "The queue of each location, and what was picked step by step",
        "Location",
        "Orders>",
        "Units>",
        "Late>",
        "Accepted>",
        "Rejected>",
        "Picked>",
        "Short>",
    )
    for location in LOCATIONS:
        here = [work for work in waiting if work["location"] == location.code]
        row = rows.get(location.code, {})
        names = ("accepted", "rejected", "units_picked", "units_short")
        shown.add_row(
            location.code,
            str(len(here)),
            str(sum(cast("int", work["units"]) for work in here)),
            str(sum(bool(work["late"]) for work in here)),
            *(str(row.get(name, 0)) for name in names),
        )
    shown.caption = "What is to be picked: GET /v1/picklists?location=LEEDS"
    return shown


def day_table(orders: Sequence[WorkedOrder]) -> Table:
    """How each order was worked through: picked short or rejected, routed anew, packed, sent."""
    shown = table("A day in the warehouse: units that were not there come from elsewhere", "", "")
    shown.columns[1].no_wrap = False
    for order in orders:
        shown.add_row(Text(order.number, style="bold"), "")
        for item in order.timeline:
            text = str(item["text"])
            is_routed = item["event"] != WORK[3] or "allocated at" in text
            if item["event"] in WORK and is_routed:
                at = datetime.fromisoformat(str(item["at"]))
                shown.add_row(f"{at:%d %b %H:%M}", IDS.sub("", text))
        shown.add_section()
    if orders:
        shown.caption = f"All of it: {SHOW.format(orders[0].number)}"
    return shown
