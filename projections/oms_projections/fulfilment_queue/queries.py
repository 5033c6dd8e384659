"""Queries about fulfilment orders: one, the queue, pick lists, and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.fulfilments.answers import (
    FulfilmentAnswer,
    FulfilmentFiguresAnswer,
    FulfilmentsAnswer,
    PickListAnswer,
)
from oms_ledger.domain.fulfilments.views import fulfilment_view
from oms_ledger.domain.identifiers import fulfilment_name
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Json, Log, Query, Reader
from oms_projections.fulfilment_queue.figures import (
    FulfilmentPerformance,
    fulfilment_performance,
)
from oms_projections.fulfilment_queue.fold import READ_MODEL
from oms_projections.fulfilment_queue.lists import (
    ListFulfilments,
    PickList,
    list_fulfilments,
    pick_list,
)
from oms_projections.fulfilment_queue.works import order_in, works_at, works_in
from oms_projections.order_status.fold import READ_MODEL as ORDER_STATUS
from oms_projections.values import WITHIN, Within, is_of, now

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetFulfilment:
    fulfilment_id: str
    within: Within = field(default=None, init=False)


def get_fulfilment(params: GetFulfilment, reader: Reader) -> Mapping[str, Json]:
    name = fulfilment_name(params.fulfilment_id)
    rows = reader.rows("work_of_order", order_id=name.order_id) if name else []
    if not rows or not is_of(str(rows[0]["channel"]), params.within):
        raise _unknown(params.fulfilment_id)
    order = order_in(rows[0])
    work = works_in(rows[0], order, reader).get(params.fulfilment_id)
    if work is None:
        raise _unknown(params.fulfilment_id)
    return fulfilment_view(work, order, now())


def get_fulfilment_as_of(params: GetFulfilment, log: Log) -> Mapping[str, Json]:
    name = fulfilment_name(params.fulfilment_id)
    order = log.fold(Order, name.order_id) if name else Order()
    if order.placed is None or not is_of(order.channel, params.within):
        raise _not_then(params.fulfilment_id)
    work = works_at(order, log).get(params.fulfilment_id)
    if work is None:
        raise _not_then(params.fulfilment_id)
    return fulfilment_view(work, order, now())


def _unknown(fulfilment_id: str) -> NotFound:
    return NotFound(
        f"There is no fulfilment order {fulfilment_id!r}, or was none yet. GET /v1/fulfilments"
        " lists them."
    )


def _not_then(fulfilment_id: str) -> NotFound:
    return NotFound(
        f"There was no fulfilment order {fulfilment_id!r} then. Ask without as_of, or for a later"
        " time."
    )


QUERIES = (
    Query(
        "get_fulfilment",
        "/v1/fulfilments/{fulfilment_id}",
        "shipments:read",
        ORDER_STATUS.name,
        GetFulfilment,
        get_fulfilment,
        "One fulfilment order",
        get_fulfilment_as_of,
        within_channels=WITHIN,
        answer_type=FulfilmentAnswer,
    ),
    Query(
        "list_fulfilments",
        "/v1/fulfilments",
        "shipments:read",
        ORDER_STATUS.name,
        ListFulfilments,
        list_fulfilments,
        "Fulfilment orders",
        "All fulfilment orders of a past moment would take the whole log to answer. List those of"
        " now, and ask for each that matters: GET /v1/fulfilments/{fulfilment_id}?as_of=.",
        within_channels=WITHIN,
        answer_type=FulfilmentsAnswer,
    ),
    Query(
        "pick_list",
        "/v1/picklists",
        "shipments:read",
        ORDER_STATUS.name,
        PickList,
        pick_list,
        "What is to be picked at a location",
        "A pick list is for the units that are to be picked now. Ask for a fulfilment order's past:"
        " GET /v1/fulfilments/{fulfilment_id}?as_of=.",
        within_channels=WITHIN,
        answer_type=PickListAnswer,
    ),
    Query(
        "fulfilment_performance",
        "/v1/analytics/fulfilment",
        "analytics:read",
        READ_MODEL.name,
        FulfilmentPerformance,
        fulfilment_performance,
        "How fast and how well is picked and packed",
        "Figures of a past moment would take the whole log to answer. Ask for a period with `from`"
        " and `to`.",
        minimum_count="smallest_count",
        within_channels=WITHIN,
        answer_type=FulfilmentFiguresAnswer,
    ),
)
