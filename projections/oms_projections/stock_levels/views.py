"""Rows of stock, movements, products and locations as answers show them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import cast

from oms_ledger.domain.catalogue.views import in_unit_view, unit_from_view
from oms_ledger.domain.geography import DEGREE
from oms_ledger.domain.units import UnitOfMeasure
from oms_ledger.kernel import Json
from oms_projections.values import column, maybe, maybe_money, maybe_time

COUNTERS = (
    "on_hand",
    "allocated",
    "held",
    "available",
    "backordered",
    "incoming",
    "damaged",
    "quarantine",
    "blocked",
)


def level(row: Mapping[str, object]) -> dict[str, Json]:
    units = {name: column(row, name, int) for name in (*COUNTERS, "safety_stock")}
    return {
        "sku": column(row, "sku", str),
        "location": column(row, "location", str),
        **units,
        **in_unit_view(unit_of(row), units),
        "low": column(row, "low", bool),
        "sensitive": column(row, "sensitive", bool),
        "version": column(row, "version", int),
        "updated_at": maybe_time(row, "updated_at"),
    }


def unit_of(row: Mapping[str, object]) -> UnitOfMeasure | None:
    """The unit of the product that a row is of."""
    return unit_from_view(maybe(row, "unit_of_measure", dict))


def stock_with_totals(
    sku: str, rows: Sequence[Mapping[str, object]], products: Sequence[Mapping[str, object]]
) -> dict[str, Json]:
    """The stock of a SKU at each location and in all. `products` is the product of the SKU, wanted
    where there is no stock of it."""
    levels = [level(row) for row in rows]
    sensitive = any(column(row, "sensitive", bool) for row in (*rows, *products))
    totals = {
        name: sum(cast(int, each[name]) for each in levels) for name in (*COUNTERS, "safety_stock")
    }
    unit = next((unit_of(row) for row in (*rows, *products)), None)
    return {
        "sku": sku,
        **totals,
        **in_unit_view(unit, totals),
        "sensitive": sensitive,
        "locations": levels,
    }


def is_low(location: object, low_at: Collection[str]) -> bool:
    """`low_at` are the locations whose alerts say that stock is low; the text "" in it stands for
    an alert about all locations together."""
    return "" in low_at or location in low_at


def kit_levels(
    sku: str,
    product: Mapping[str, object],
    complete: Sequence[Mapping[str, object]],
    low_at: Collection[str],
) -> list[dict[str, object]]:
    """Rows of a kit for `level`: it has no stock of its own, and `complete` says how many kits are
    available at which location. `low_at` is as in `is_low`."""
    return [
        {
            **dict.fromkeys(COUNTERS, 0),
            "sku": sku,
            "location": each["location"],
            "available": each["available"],
            "safety_stock": 0,
            "low": is_low(each["location"], low_at),
            "sensitive": product["sensitive"],
            "unit_of_measure": None,
            "version": 0,
            "updated_at": product["defined_at"],
        }
        for each in complete
    ]


def movement(row: Mapping[str, object]) -> dict[str, Json]:
    causes = ("order_id", "line_id", "shipment_id", "reservation_id", "reference", "reason")
    return {
        "position": column(row, "position", int),
        "sku": column(row, "sku", str),
        "location": column(row, "location", str),
        "kind": column(row, "kind", str),
        "quantity": column(row, "quantity", int),
        "on_hand": change(row, "on_hand"),
        "allocated": change(row, "allocated"),
        "backordered": change(row, "backordered"),
        "held": change(row, "held"),
        "cause": {name: maybe(row, name, str) for name in causes if row[name] is not None},
        "actor": column(row, "actor", str),
        "recorded_at": maybe_time(row, "recorded_at"),
        "occurred_at": maybe_time(row, "occurred_at"),
    }


def change(row: Mapping[str, object], counter: str) -> dict[str, Json]:
    after = column(row, counter, int)
    by = column(row, f"{counter}_change", int)
    return {"before": after - by, "after": after, "change": by}


def product(row: Mapping[str, object]) -> dict[str, Json]:
    currency = maybe(row, "currency", str)
    return {
        "sku": column(row, "sku", str),
        "title": column(row, "title", str),
        "stocked": column(row, "stocked", bool),
        "weight_g": maybe(row, "weight_g", int),
        "dimensions_mm": maybe(row, "dimensions_mm", dict),
        "unit_cost": maybe_money(maybe(row, "unit_cost", int), currency),
        "currency": currency,
        "backorder_limit": maybe(row, "backorder_limit", int),
        "safety_stock": column(row, "safety_stock", int),
        "safety_stock_at": [
            {"location": code, "quantity": units}
            for code, units in sorted(column(row, "safety_stock_at", dict).items())
        ],
        "preorder": maybe(row, "preorder", dict),
        "components": column(row, "components", list),
        "sensitive": column(row, "sensitive", bool),
        "category": maybe(row, "product_category", str),
        "unit_of_measure": maybe(row, "unit_of_measure", dict),
        "version": column(row, "version", int),
        "updated_at": maybe_time(row, "updated_at"),
    }


def location(row: Mapping[str, object]) -> dict[str, Json]:
    latitude, longitude = maybe(row, "latitude", int), maybe(row, "longitude", int)
    return {
        "code": column(row, "code", str),
        "name": column(row, "name", str),
        "type": column(row, "kind", str),
        "address": column(row, "site", dict),
        "priority": column(row, "priority", int),
        "daily_capacity": maybe(row, "daily_capacity", int),
        "latitude": None if latitude is None else latitude / DEGREE,
        "longitude": None if longitude is None else longitude / DEGREE,
        "closed": column(row, "closed", bool),
        "version": column(row, "version", int),
        "updated_at": maybe_time(row, "updated_at"),
    }
