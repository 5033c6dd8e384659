"""Decisions about returns that several commands share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy

from oms_ledger.domain.errors import NotFound, Refused, illegal_transition
from oms_ledger.domain.guards import quantities
from oms_ledger.domain.orders.events import ReturnProgressed
from oms_ledger.domain.orders.returns import units_in_returns
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.events import RequestedLine, ReturnEvent, ReturnRequested
from oms_ledger.domain.returns.state import Return, units_taken
from oms_ledger.kernel import Change, Given, Json

GOODS_BACK = ("return", "exchange")
"""Kinds of returns whose goods come back. Those of a claim do not."""


def existing_return(given: Given, return_id: str) -> tuple[Return, ReturnRequested]:
    return_ = given.state(Return, return_id)
    if return_.requested is None:
        raise NotFound(f"There is no return {return_id}. Look it up with GET /v1/returns.")
    return return_, return_.requested


def return_changes(return_: Return, events: Sequence[ReturnEvent]) -> list[Change]:
    """The events of a return, and what follows for the units that its order counts of it."""
    after = deepcopy(return_)
    for event in events:
        after.apply(event)
    changes = [Change(event) for event in events]
    before, now = _counted(return_), _counted(after)
    requested = after.requested
    if requested is None or requested.order_id is None or before == now:
        return changes
    units = quantities(units_taken(after).items())
    progressed = ReturnProgressed(requested.order_id, requested.return_id, after.status, units)
    return [*changes, Change(progressed)]


def _counted(return_: Return) -> tuple[str, Mapping[str, int]] | None:
    """What an order counts of its return; None where it takes up no units."""
    if return_.requested is None:
        return None
    units = units_taken(return_)
    return (return_.status, units) if units else None


def require_returnable(order: Order, wanted: Iterable[RequestedLine]) -> None:
    """`Refused` with `nothing_to_return`, naming every line at fault, where more units are wanted
    than were shipped, have not come back, and are in no other return or claim."""
    taken = units_in_returns(order.returns)
    faults: list[dict[str, Json]] = []
    for line in wanted:
        progress = order.lines.get(line.line_id)
        out = progress.shipped - progress.returned - taken.get(line.line_id, 0) if progress else 0
        if line.quantity > out:
            sku = progress.line.sku if progress else None
            faults.append(
                {
                    "line": line.line_id,
                    "sku": sku,
                    "requested": line.quantity,
                    "available": max(0, out),
                }
            )
    if faults:
        lines = ", ".join(f"line {f['line']}: {f['available']} of {f['requested']}" for f in faults)
        raise Refused(
            "Some units cannot be returned: they have not shipped, have come back, or are in"
            f" another return. {lines}. Write fewer units.",
            code="nothing_to_return",
            errors=faults,
        )


def units_taken_anew(return_: Return, event: ReturnEvent) -> list[RequestedLine]:
    """Units of the order's lines that the return takes up after an event, and did not before."""
    after = deepcopy(return_)
    after.apply(event)
    before = units_taken(return_)
    anew = {line_id: n - before.get(line_id, 0) for line_id, n in units_taken(after).items()}
    return [
        RequestedLine(line_id, return_.lines[line_id].sku, n)
        for line_id, n in anew.items()
        if n > 0
    ]


def require_stage(return_: Return, wanted: str, *stages: str) -> None:
    """Raises `illegal_transition` where the return is in none of these stages."""
    if return_.stage not in stages:
        raise illegal_transition("The return", return_.status, wanted, _REMEDIES[return_.stage])


_REMEDIES = {
    "requested": "Approve it first with POST .../approve, or decline it.",
    "approved": "It was approved: receive, refund, close or cancel it.",
    "declined": "Reopen it with POST .../reopen, or request another return.",
    "cancelled": "Reopen it with POST .../reopen, or request another return.",
    "closed": "Reopen it first with POST .../reopen.",
}


def has_goods(return_: Return) -> bool:
    """Whether anything came back."""
    return any(line.received for line in return_.lines.values())
