"""Fulfilment orders as the API answers them."""

from __future__ import annotations

from datetime import datetime

from oms_ledger.domain.catalogue.views import in_unit_view
from oms_ledger.domain.fulfilments.work import Work, is_late, work_status
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Json


def fulfilment_view(work: Work, order: Order, now: datetime) -> dict[str, Json]:
    placed, state = order.first_event, work.state
    lines = fulfilment_lines(work, order)
    return {
        "fulfilment_id": work.fulfilment_id,
        "order_id": placed.order_id,
        "order_number": placed.number,
        "channel": order.terms.channel,
        "location": work.name.location,
        "part": work.name.part,
        "status": work_status(work, order),
        "accepted": state.accepted,
        "rejection": state.rejection,
        "hold": state.held,
        "not_before": rfc3339(state.not_before) if state.not_before else None,
        "ship_by": rfc3339(order.ship_by),
        "placed_at": rfc3339(placed.placed_at),
        "late": is_late(work, order, now),
        "overdue": state.overdue,
        "lines": lines,
        "units": units_of_work(work),
        "shipments": [
            {"shipment_id": each.shipment_id, "status": each.status, "carrier": each.carrier}
            for each in work.shipments
        ],
        "sensitive": placed.sensitive,
        "version": state.version,
    }


def units_of_work(work: Work) -> int:
    """Units of all lines, those that have left included."""
    return sum(sum(each.values()) for each in (work.open, work.packed, work.shipped))


def fulfilment_lines(work: Work, order: Order) -> list[Json]:
    """The lines with any units, in the order in which they were agreed."""
    lines: list[Json] = []
    for line_id, progress in order.lines.items():
        left, packed = work.open.get(line_id, 0), work.packed.get(line_id, 0)
        shipped = work.shipped.get(line_id, 0)
        units = {
            "quantity": left + packed + shipped,
            "open": left,
            "picked": work.picked.get(line_id, 0),
            "packed": packed,
            "shipped": shipped,
        }
        if units["quantity"]:
            lines.append(
                {
                    "line_id": line_id,
                    "sku": progress.line.sku,
                    "title": progress.line.title,
                    **units,
                    **in_unit_view(progress.line.unit, units),
                }
            )
    return lines
