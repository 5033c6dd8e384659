"""Queries about orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime

import msgspec
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.cases.state import ShipmentCase
from oms_ledger.domain.describe import describe
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.event_answers import EventsAnswer
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.fulfilments.state import Fulfilment
from oms_ledger.domain.identifiers import case_group, fulfilment_group, message_group
from oms_ledger.domain.json_values import feed_item, rfc3339
from oms_ledger.domain.messages.state import Message
from oms_ledger.domain.orders.answers import OrderDetailAnswer, OrdersAnswer, TimelineAnswer
from oms_ledger.domain.orders.events import (
    FulfilmentReleased,
    OrderEdited,
    OrderPlaced,
    OrderReceived,
    PaymentProgressed,
    ReturnProgressed,
    UnitsPacked,
)
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.personal import with_fields
from oms_ledger.domain.prepared_text import PART_MARK
from oms_ledger.domain.returns.state import Return
from oms_ledger.kernel import (
    Event,
    Json,
    Log,
    Lookup,
    PreparedAnswer,
    Query,
    Reader,
    Recorded,
    Rows,
    State,
    stream_id,
)
from oms_projections.direct import looked_up
from oms_projections.order_status.document import OrderShipment
from oms_projections.order_status.fold import BEGINNINGS, READ_MODEL
from oms_projections.order_status.lists import ORDERS, ListOrders, list_orders
from oms_projections.order_status.views import detail, document_of, shipment_of, with_shipments
from oms_projections.values import WITHIN, HappenedBy, Within, column, is_of, maybe

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)
_decode_parcels = msgspec.json.Decoder(list[OrderShipment]).decode


@dataclass(frozen=True, slots=True, config=STRICT)
class GetOrder:
    order_id: str
    within: Within = field(default=None, init=False)


def _answer(params: GetOrder, rows: Rows) -> PreparedAnswer:
    if not rows:
        raise _unknown(params.order_id)
    (row,) = rows
    content = column(row, "answer", str)
    if row["parcels"] is not None:
        content = with_shipments(content, _decode_parcels(column(row, "parcels", str)))
    else:
        content = content.replace(PART_MARK, "")
    return PreparedAnswer(content, column(row, "sensitive", bool), column(row, "version", int))


ORDER = Lookup(
    "order_answers", lambda params: params.order_id if params.within is None else None, _answer
)


def get_order(params: GetOrder, reader: Reader) -> Mapping[str, Json]:
    within = params.within
    if within is not None and not reader.rows(
        "order_of_channels", order_id=params.order_id, within=list(within)
    ):
        raise _unknown(params.order_id)
    return looked_up(ORDER, with_fields(params, within=None), reader)


def shipments_of(order_id: str, reader: Reader) -> list[OrderShipment]:
    return [_parcel(row) for row in reader.rows("parcels", order_id=order_id)]


def get_order_as_of(params: GetOrder, log: Log) -> Mapping[str, Json]:
    history = log.history(stream_id(Order, params.order_id))
    if not history or not _is_within(history, params.within):
        raise _not_then(params.order_id)
    document = document_of(history)
    streams = (stream_id(Shipment, shipment) for shipment in document.order.shipments)
    parcels = (shipment_of(log.history(stream)) for stream in streams)
    return detail(document, [parcel for parcel in parcels if parcel is not None])


def _unknown(order_id: str) -> NotFound:
    return NotFound(
        f"There is no order {order_id!r}, or was none yet. GET /v1/orders?q= looks for a number."
    )


def _not_then(order_id: str) -> NotFound:
    return NotFound(
        f"There was no order {order_id!r} then. Ask without as_of, or for a later time."
    )


def _parcel(row: Mapping[str, object]) -> OrderShipment:
    return OrderShipment(
        column(row, "shipment_id", str),
        column(row, "order_id", str),
        column(row, "location", str),
        column(row, "carrier", str),
        maybe(row, "service", str),
        maybe(row, "tracking_number", str),
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class OrderHistory:
    order_id: str
    happened_by: HappenedBy = None
    within: Within = field(default=None, init=False)


def order_timeline(params: OrderHistory, log: Log) -> Mapping[str, Json]:
    history = history_of(params.order_id, log, params.within)
    skus = skus_of(history)
    items: list[Json] = [
        {
            "at": rfc3339(r.meta.happened_at),
            "actor": r.meta.actor,
            "event": type(r.event).type,
            "text": text,
            "position": r.position,
        }
        for r in _happened(history, params.happened_by)
        for text in describe(r.event, skus)
    ]
    return {"order_id": params.order_id, "sensitive": _sensitive(history), "items": items}


def _sensitive(history: Iterable[Recorded]) -> bool:
    return any(isinstance(r.event, BEGINNINGS) and r.event.sensitive for r in history)


def order_events(params: OrderHistory, log: Log) -> Mapping[str, Json]:
    history = history_of(params.order_id, log, params.within)
    return {"items": [feed_item(r) for r in _happened(history, params.happened_by)]}


def history_of(order_id: str, log: Log, within: tuple[str, ...] | None = None) -> list[Recorded]:
    """Events of the order, its fulfilment orders, shipments with their cases, payments and returns,
    and of the messages to its customer, in the order of the ledger.
    `NotFound` where the order is of none of the channels `within`."""
    own = order_of_channels(order_id, log, within)
    streams = dict.fromkeys(stream for r in own for stream in _children(r.event))
    groups: list[tuple[type[State], str]] = [(Message, message_group(order_id))]
    if any(isinstance(r.event, FulfilmentReleased) for r in own):
        groups.append((Fulfilment, fulfilment_group(order_id)))
    shipments = {r.event.shipment_id for r in own if isinstance(r.event, UnitsPacked)}
    groups += [(ShipmentCase, case_group(each)) for each in shipments]
    streams |= {
        stream_id(kind, key): None for kind, group in groups for key in log.keys(kind, group)
    }
    others = (r for stream in streams for r in log.history(stream))
    return sorted([*own, *others], key=lambda r: r.position)


def order_of_channels(order_id: str, log: Log, within: tuple[str, ...] | None) -> list[Recorded]:
    """The order's own events. `NotFound` where there is none of the channels `within`."""
    own = log.history(stream_id(Order, order_id))
    if not own or not _is_within(own, within):
        raise _unknown(order_id)
    return own


def _children(event: Event) -> Iterable[str]:
    """The stream of the shipment, payment or return that an event of the order names."""
    if isinstance(event, UnitsPacked):
        yield stream_id(Shipment, event.shipment_id)
    elif isinstance(event, PaymentProgressed):
        yield stream_id(Payment, event.payment_id)
    elif isinstance(event, ReturnProgressed):
        yield stream_id(Return, event.return_id)


def _is_within(history: Iterable[Recorded], channels: tuple[str, ...] | None) -> bool:
    """Whether these events of an order are of one of the channels; None: of any."""
    if channels is None:
        return True
    placed = (r.event for r in history if isinstance(r.event, BEGINNINGS))
    return any(is_of(event.terms.channel, channels) for event in placed)


def _happened(history: Iterable[Recorded], by: datetime | None) -> list[Recorded]:
    return [r for r in history if by is None or r.meta.happened_at <= by]


def skus_of(history: Iterable[Recorded]) -> dict[str, str]:
    """The SKU of each line of an order."""
    skus: dict[str, str] = {}
    for r in history:
        event = r.event
        if isinstance(event, OrderPlaced | OrderReceived | OrderEdited):
            lines = event.added if isinstance(event, OrderEdited) else event.terms.lines
            skus |= {line.line_id: line.sku for line in lines}
    return skus


QUERIES = (
    Query(
        "get_order",
        "/v1/orders/{order_id}",
        "orders:read",
        READ_MODEL.name,
        GetOrder,
        get_order,
        "One order in full",
        get_order_as_of,
        within_channels=WITHIN,
        answer_type=OrderDetailAnswer,
        direct=ORDER,
    ),
    Query(
        "list_orders",
        "/v1/orders",
        "orders:read",
        READ_MODEL.name,
        ListOrders,
        list_orders,
        "Orders, filtered, searched, sorted, counted and summed",
        "All orders of a past moment would take the whole log to answer. List the orders of now,"
        " and ask for each that matters: GET /v1/orders/{order_id}?as_of=.",
        searches_email="q",
        sensitive_filter="with_sensitive",
        within_channels=WITHIN,
        answer_type=OrdersAnswer,
        direct=ORDERS,
    ),
    Query(
        "order_timeline",
        "/v1/orders/{order_id}/timeline",
        "orders:read",
        None,
        OrderHistory,
        order_timeline,
        "Who did what to an order and when, in words",
        order_timeline,
        within_channels=WITHIN,
        answer_type=TimelineAnswer,
    ),
    Query(
        "order_events",
        "/v1/orders/{order_id}/events",
        "orders:read",
        None,
        OrderHistory,
        order_events,
        "The events of an order, its shipments, payments and returns",
        order_events,
        within_channels=WITHIN,
        answer_type=EventsAnswer,
    ),
)
