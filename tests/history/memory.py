"""A ledger in memory with its read models: the statements of their `queries.sql`, in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from oms_ledger.kernel import Position, R, Recorded
from oms_ledger.testing import Folded, LogUntil, Records
from oms_projections import PROJECTIONS
from oms_projections.counts.rows import CountRow
from oms_projections.drafts.rows import DraftRow
from oms_projections.fulfilment_queue.rows import FulfilmentRow
from oms_projections.inbound.rows import InboundRow, TransferRow
from oms_projections.messages.rows import MessageRow
from oms_projections.order_status.rows import OrderDocumentRow, OrderRow, OrderShipmentRow
from oms_projections.payments.rows import PaymentRow
from oms_projections.reservations.rows import ReservationRow
from oms_projections.returns.rows import ReturnRow
from oms_projections.shipping_analytics.rows import ShipmentRow
from oms_projections.stock_levels.rows import (
    AlertRow,
    LocationRow,
    MovementRow,
    ProductRow,
    StockRow,
)

Shown = dict[str, Any]


class ReadModels:
    """The rows of every read model, folded from the pages that are taken."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._folded = {model.name: Folded(model) for model in PROJECTIONS}

    def take(self, *page: Recorded) -> None:
        for folded in self._folded.values():
            folded.page(page)

    def live(self, position: Position) -> Live:
        return Live(self._records, position, self)

    def of(self, kind: type[R], chosen: Callable[[R], bool] = lambda row: True) -> list[R]:
        models = (f for f in self._folded.values() if kind in f.model.rows)
        rows = (row for folded in models for row in folded.rows.values())
        return [row for row in rows if isinstance(row, kind) and chosen(row)]


class Live(LogUntil):
    """A `kernel.Reader` of the read models as they are."""

    def __init__(self, records: Records, position: Position, models: ReadModels) -> None:
        super().__init__(records, position)
        self._models = models

    def rows(self, statement: str, /, **params: object) -> list[dict[str, object]]:
        return list(STATEMENTS[statement](self._models, params))


Params = Mapping[str, Any]
Statement = Callable[[ReadModels, Params], Iterable[Shown]]


def _order_answers(models: ReadModels, p: Params) -> list[Shown]:
    return [
        asdict(row) | {"key": row.order_id, "parcels": _parcels_text(models, row.order_id)}
        for row in models.of(OrderDocumentRow, lambda r: r.order_id in p["keys"])
    ]


def _parcels_text(models: ReadModels, order_id: str) -> str | None:
    parcels = _parcels(models, {"order_id": order_id})
    return msgspec.json.encode(parcels).decode() if parcels else None


def _parcels(models: ReadModels, p: Params) -> list[Shown]:
    return [
        asdict(row) for row in models.of(OrderShipmentRow, lambda r: r.order_id == p["order_id"])
    ]


def _levels(models: ReadModels, p: Params) -> list[Shown]:
    defined = models.of(ProductRow, lambda row: row.sku == p["sku"])
    low_at = _low_at(models, p)
    sensitive = any(row.sensitive for row in defined)
    rows = models.of(StockRow, lambda row: row.sku == p["sku"])
    rows.sort(key=lambda row: row.location)
    return [
        asdict(row)
        | {"safety_stock": (safety := _safety(defined, row.location)), "sensitive": sensitive}
        | {"available": max(0, _free(row) - safety)}
        | {"low": "" in low_at or row.location in low_at}
        | {"unit_of_measure": next((each.unit_of_measure for each in defined), None)}
        for row in rows
    ]


def _safety(defined: Sequence[ProductRow], location: str) -> int:
    return sum(row.safety_stock_at.get(location, row.safety_stock) for row in defined)


def _low_at(models: ReadModels, p: Params) -> list[str]:
    alerts = models.of(AlertRow, lambda row: row.sku == p["sku"] and not row.channel)
    return [row.location for row in alerts if row.low and row.threshold is not None]


def _free(row: StockRow) -> int:
    sellable = row.on_hand - row.damaged - row.quarantine - row.blocked
    return sellable - row.allocated - row.held


def _stock_of_skus(models: ReadModels, p: Params) -> list[Shown]:
    (sku,) = p["keys"]
    levels = _levels(models, {"sku": sku})
    none: Shown = {"location": None, "complete": None, "defined_at": None}
    none |= {"low_at": _low_at(models, {"sku": sku}) or None}
    if not levels:
        products = models.of(ProductRow, lambda row: row.sku == sku)
        return [
            asdict(row) | none | {"complete": _complete(models, row), "defined_at": row.updated_at}
            for row in products
        ]
    return [row | {"complete": None, "defined_at": None} for row in levels]


def _complete(models: ReadModels, kit: ProductRow) -> list[Shown] | None:
    """How many kits are complete at each location; None for what is no kit."""
    if not kit.components:
        return None
    by_place: dict[str, list[int]] = {}
    for part in kit.components:
        for row in _levels(models, {"sku": part["sku"]}):
            by_place.setdefault(row["location"], []).append(row["available"] // part["quantity"])
    whole = {place: min(n) for place, n in by_place.items() if len(n) == len(kit.components)}
    return [{"location": place, "available": whole[place]} for place in sorted(whole)]


def _products_of_skus(models: ReadModels, p: Params) -> list[Shown]:
    (sku,) = p["keys"]
    return _product(models, {"sku": sku})


def _list_stock(models: ReadModels, p: Params) -> list[Shown]:
    return [
        row
        for row in _levels(models, p)
        if (row["sku"], row["location"]) > (p["after_sku"], p["after_location"])
        and p["location"] in (None, row["location"])
        and (p["with_sensitive"] or not row["sensitive"])
        and p["low"] in (None, row["low"])
        and (p["below"] is None or row["available"] < p["below"])
    ][: p["limit"]]


def _movements(models: ReadModels, p: Params) -> list[Shown]:
    def chosen(row: MovementRow) -> bool:
        here = p["location"] in (None, row.location)
        return here and row.sku == p["sku"] and row.position < p["before"]

    movements = sorted(models.of(MovementRow, chosen), key=lambda row: -row.position)
    return [asdict(row) for row in movements[: p["limit"]]]


def _list_products(models: ReadModels, p: Params) -> list[Shown]:
    def chosen(row: ProductRow) -> bool:
        return row.sku > p["after"] and (p["with_sensitive"] or not row.sensitive)

    products = models.of(ProductRow, chosen)
    return [asdict(row) for row in sorted(products, key=lambda row: row.sku)[: p["limit"]]]


def _product(models: ReadModels, p: Params) -> list[Shown]:
    return [asdict(row) for row in models.of(ProductRow, lambda row: row.sku == p["sku"])]


def _list_locations(models: ReadModels, p: Params) -> list[Shown]:
    locations = sorted(models.of(LocationRow), key=lambda row: (row.priority, row.code))
    return [asdict(row) for row in locations]


def _location(models: ReadModels, p: Params) -> list[Shown]:
    return [asdict(row) for row in models.of(LocationRow, lambda row: row.code == p["code"])]


def _shipment(models: ReadModels, p: Params) -> list[Shown]:
    shipments = models.of(ShipmentRow, lambda row: row.shipment_id in p["keys"])
    return [asdict(row) for row in shipments]


def _list_shipments(models: ReadModels, p: Params) -> list[Shown]:
    def late(row: ShipmentRow) -> bool:
        gone = row.cancelled_at is not None and not (p["until"] and row.cancelled_at > p["until"])
        sent = min(row.dispatched_at or p["now"], p["now"])
        arrived = min(row.delivered_at or p["now"], p["now"])
        return not gone and (sent > row.ship_by or arrived > row.deliver_by)

    def chosen(row: ShipmentRow) -> bool:
        place = (row.created_at, row.shipment_id)
        before = p["after"] is None or place < (p["after"], p["after_id"])
        location = p["location"] is None or f"location:{row.location}" in p["location"]
        created = p["until"] is None or max(row.created_at, row.placed_at) <= p["until"]
        wanted = location and created and p["late"] in (None, late(row))
        return before and wanted and row.order_id == p["order_id"]

    shipments = models.of(ShipmentRow, chosen)
    shipments.sort(key=lambda row: (row.created_at, row.shipment_id), reverse=True)
    return [asdict(row) for row in shipments[: p["limit"]]]


def _returns_by_id(models: ReadModels, p: Params) -> list[Shown]:
    return [asdict(row) for row in models.of(ReturnRow, lambda row: row.return_id in p["keys"])]


def _drafts_by_id(models: ReadModels, p: Params) -> list[Shown]:
    return [asdict(row) for row in models.of(DraftRow, lambda row: row.draft_id in p["keys"])]


def _messages_by_id(models: ReadModels, p: Params) -> list[Shown]:
    return [asdict(row) for row in models.of(MessageRow, lambda row: row.message_id in p["keys"])]


def _reservations_by_id(models: ReadModels, p: Params) -> list[Shown]:
    rows = models.of(ReservationRow, lambda row: row.reservation_id in p["keys"])
    return [asdict(row) for row in rows]


def _inbound_by_id(models: ReadModels, p: Params) -> list[Shown]:
    return [asdict(row) for row in models.of(InboundRow, lambda row: row.inbound_id in p["keys"])]


def _transfers_by_id(models: ReadModels, p: Params) -> list[Shown]:
    rows = models.of(TransferRow, lambda row: row.transfer_id in p["keys"])
    return [asdict(row) for row in rows]


def _counts_by_id(models: ReadModels, p: Params) -> list[Shown]:
    return [asdict(row) for row in models.of(CountRow, lambda row: row.count_id in p["keys"])]


def _work_of_order(models: ReadModels, p: Params) -> list[Shown]:
    """One read model at a time: all are at the same position."""
    order_id = p["order_id"]
    works = models.of(FulfilmentRow, lambda row: row.order_id == order_id)
    parcels = models.of(ShipmentRow, lambda row: row.order_id == order_id)
    names = ("shipment_id", "location", "carrier", "lines", "fulfilment_id")
    return [
        {
            "order_id": order_id,
            "channel": listed.channel,
            "document": row.document,
            "works": _text([{"document": w.document, "position": w.position} for w in works]),
            "parcels": _text([{n: getattr(each, n) for n in names} for each in parcels]),
            "works_position": 10**9,
        }
        for row in models.of(OrderDocumentRow, lambda row: row.order_id == order_id)
        for listed in models.of(OrderRow, lambda row: row.order_id == order_id)
    ]


def _text(items: list[dict[str, object]]) -> str:
    return msgspec.json.encode(items).decode()


def _payments_by_id(models: ReadModels, p: Params) -> list[Shown]:
    rows = models.of(PaymentRow, lambda r: r.payment_id in p["keys"])
    return [asdict(row) for row in sorted(rows, key=lambda r: (r.requested_at, r.payment_id))]


STATEMENTS: dict[str, Statement] = {
    "order_answers": _order_answers,
    "parcels": _parcels,
    "work_of_order": _work_of_order,
    "stock_of_skus": _stock_of_skus,
    "list_stock": _list_stock,
    "movements": _movements,
    "list_products": _list_products,
    "products_of_skus": _products_of_skus,
    "list_locations": _list_locations,
    "location": _location,
    "shipments_by_id": _shipment,
    "list_shipments": _list_shipments,
    "returns_by_id": _returns_by_id,
    "payments_by_id": _payments_by_id,
    "drafts_by_id": _drafts_by_id,
    "messages_by_id": _messages_by_id,
    "reservations_by_id": _reservations_by_id,
    "inbound_by_id": _inbound_by_id,
    "transfers_by_id": _transfers_by_id,
    "counts_by_id": _counts_by_id,
}
