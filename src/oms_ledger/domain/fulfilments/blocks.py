"""What of a fulfilment order keeps its units from being packed or from leaving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from oms_ledger.domain.errors import Refused
from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.fulfilment.gate import Block, holds_of, remedies
from oms_ledger.domain.fulfilments.state import Fulfilment
from oms_ledger.domain.fulfilments.work import Work
from oms_ledger.domain.identifiers import fulfilment_id_of
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Given, Json, Ref


def work_at(location: str, works: Mapping[str, Work]) -> Work | None:
    """The one fulfilment order with units to pack at a location, if work on it has begun. `Refused`
    with `fulfilment_split` where there are several."""
    here = [work for work in works.values() if work.name.location == location and work.open]
    if len(here) > 1:
        ids = ", ".join(work.fulfilment_id for work in here)
        raise Refused(
            f"The work at {location} is split into {len(here)} fulfilment orders. Pack each with"
            f" POST /v1/fulfilments/{{fulfilment_id}}/pack, or merge them: {ids}.",
            code="fulfilment_split",
            errors=[{"fulfilment_id": work.fulfilment_id} for work in here],
        )
    begun = [work for work in here if work.state.opened is not None]
    return begun[0] if begun else None


def blocks_of_work(work: Work, units: Mapping[str, int], now: datetime) -> list[Block]:
    """What blocks packing these units of a fulfilment order, by `line_id`."""
    return [*_waits(work, now), *_not_picked(work, units)]


def require_pickable(work: Work, order: Order, now: datetime) -> None:
    """`Refused` with `ship_blocked`, naming each hold and each other block of the work."""
    _refuse([*holds_of(order, work.open), *_waits(work, now)])


def require_no_wait(work: Work, now: datetime) -> None:
    """`Refused` with `ship_blocked` while the work is on hold, rejected or scheduled: in another
    fulfilment order its units would no longer be blocked."""
    _refuse(_waits(work, now))


def _refuse(blocks: Sequence[Block]) -> None:
    if blocks:
        texts = " and ".join(each.text for each in blocks if each.text)
        raise Refused(
            f"The work is blocked: the order is {texts}. {remedies(blocks)}.",
            code="ship_blocked",
            errors=[each.error for each in blocks],
        )


def _waits(work: Work, now: datetime) -> list[Block]:
    state = work.state
    blocks = _hold(work.fulfilment_id, state)
    if state.rejection is not None:
        blocks.append(
            Block(
                f"rejected:{work.fulfilment_id}",
                f"rejected by {work.name.location}",
                {"block": "rejected", "fulfilment_id": work.fulfilment_id},
                "accept its fulfilment order, or move it",
            )
        )
    if state.not_before is not None and state.not_before > now:
        at = rfc3339(state.not_before)
        blocks.append(
            Block(
                f"scheduled:{work.fulfilment_id}",
                f"not to be packed before {at}",
                {"block": "scheduled", "fulfilment_id": work.fulfilment_id, "not_before": at},
                "wait until then, or schedule its fulfilment order anew",
            )
        )
    return blocks


def _not_picked(work: Work, units: Mapping[str, int]) -> list[Block]:
    """Once picking was begun, only what is picked is packed."""
    if not work.has_begun:
        return []
    missing = {line_id: n - work.picked.get(line_id, 0) for line_id, n in units.items()}
    lines: list[Json] = [
        {"line_id": line_id, "quantity": n} for line_id, n in missing.items() if n > 0
    ]
    if not lines:
        return []
    error: dict[str, Json] = {
        "block": "not_picked",
        "fulfilment_id": work.fulfilment_id,
        "lines": lines,
    }
    text = "not wholly picked"
    return [Block("not_picked", text, error, "pick the rest of its fulfilment order")]


def _hold(fulfilment_id: str, state: Fulfilment) -> list[Block]:
    if state.held is None:
        return []
    sensitive = state.opened is not None and state.opened.sensitive
    reason = None if sensitive else state.held
    text = "on hold at its location" + (f" ({reason})" if reason else "")
    error: dict[str, Json] = {
        "block": "fulfilment_hold",
        "fulfilment_id": fulfilment_id,
        "reason": reason,
    }
    remedy = "release the hold of its fulfilment order"
    return [Block(f"fulfilment_hold:{fulfilment_id}", text, error, remedy)]


def held_work_refs(created: ShipmentCreated, given: Given) -> list[Ref]:
    """What `hold_of_work` reads: nothing where no work on the order has begun."""
    fulfilment_id = _work_of(created, given)
    return [(Fulfilment, fulfilment_id)] if fulfilment_id else []


def hold_of_work(created: ShipmentCreated, given: Given) -> list[Block]:
    """The hold of the fulfilment order whose units a shipment has."""
    fulfilment_id = _work_of(created, given)
    return _hold(fulfilment_id, given.state(Fulfilment, fulfilment_id)) if fulfilment_id else []


def _work_of(created: ShipmentCreated, given: Given) -> str | None:
    if created.fulfilment_id is not None or not given.state(Order, created.order_id).released:
        return created.fulfilment_id
    return fulfilment_id_of(created.order_id, created.location)
