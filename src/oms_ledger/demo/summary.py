"""What the shop looks like, for people who would rather see than read. Asked of the read models
by the same queries as everybody's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from pydantic import TypeAdapter
from rich.columns import Columns
from rich.console import Console
from rich.table import Table

from oms_ledger.app import Oms
from oms_ledger.demo.shop import CHANNELS, PLACES
from oms_ledger.kernel import Json, Position
from oms_projections import QUERIES

Item = Mapping[str, Json]

FULFILMENT = (
    "unfulfilled",
    "backordered",
    "partially_shipped",
    "shipped",
    "partially_delivered",
    "delivered",
    "cancelled",
)
ORDER = ("pending", "confirmed", "processing", "fulfilled", "completed", "cancelled")
BAR = 24


def show(oms: Oms, console: Console, at: Position) -> None:
    """Three tables, as of position `at` or later."""
    orders = _all(oms, "list_orders", {}, at)
    late = {item["order_id"] for item in _all(oms, "list_orders", {"late": True}, at)}
    orders = [item for item in orders if item["channel"] in CHANNELS]
    console.print()
    console.print(Columns([_states(orders), _specials(orders, late)], padding=(0, 4)))
    console.print(_stock(_all(oms, "list_stock", {}, at)))
    console.print(_shipping(_rows(oms, "week", at), _rows(oms, "location", at)))


def bar(count: float, most: float) -> str:
    """A horizontal bar, to an eighth of a character."""
    eighths = round(BAR * 8 * count / most) if most else 0
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8]


def ask(oms: Oms, name: str, params: Mapping[str, object], at: Position) -> Item:
    """The answer to a query by its name; parameters as a URL would carry them."""
    query = next(query for query in QUERIES if query.name == name)
    return oms.ask(query, TypeAdapter(query.params).validate_python(params), min_position=at).body


def _all(oms: Oms, name: str, params: Mapping[str, object], at: Position) -> list[Item]:
    """Every page of a list."""
    items: list[Item] = []
    cursor: Json = None
    while True:
        page = ask(oms, name, {**params, "limit": 500, "cursor": cursor}, at)
        items += cast("Sequence[Item]", page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return items


def _rows(oms: Oms, group_by: str, at: Position) -> Sequence[Item]:
    body = ask(oms, "shipping_performance", {"group_by": group_by}, at)
    return cast("Sequence[Item]", body["rows"])


def _status(item: Item, axis: str) -> str:
    return cast("Mapping[str, str]", item["status"])[axis]


def _states(orders: Sequence[Item]) -> Table:
    counts = Counter((_status(item, "order"), _status(item, "fulfilment")) for item in orders)
    table = Table(title=f"{len(orders)} orders by state", title_style="bold")
    table.add_column("Order")
    table.add_column("Fulfilment")
    table.add_column("", justify="right")
    table.add_column("", style="cyan", width=BAR)
    most = max(counts.values(), default=0)
    for order in ORDER:
        for fulfilment in FULFILMENT:
            count = counts[order, fulfilment]
            if count:
                table.add_row(order, fulfilment.replace("_", " "), str(count), bar(count, most))
    return table


def _specials(orders: Sequence[Item], late: set[Json]) -> Table:
    table = Table(title="To look after", title_style="bold")
    table.add_column("")
    table.add_column("Orders", justify="right")
    split = sum(len(cast("Sequence[str]", item["locations"])) > 1 for item in orders)
    table.add_row("on hold", str(sum(bool(item["on_hold"]) for item in orders)))
    table.add_row("late", str(sum(item["order_id"] in late for item in orders)))
    table.add_row("from several places", str(split))
    for channel in CHANNELS:
        count = sum(item["channel"] == channel for item in orders)
        table.add_row(f"from {channel}", str(count))
    return table


def _stock(levels: Iterable[Item]) -> Table:
    table = Table(title="Stock by location", title_style="bold")
    for heading in ("Location", "SKUs", "On hand", "Allocated", "Available", "Backordered"):
        table.add_column(heading, justify="left" if heading == "Location" else "right")
    table.add_column("available of on hand", style="green", width=BAR)
    levels = list(levels)
    for place in PLACES:
        here = [level for level in levels if level["location"] == place.code]
        sums = {
            name: sum(cast("int", level[name]) for level in here)
            for name in ("on_hand", "allocated", "available", "backordered")
        }
        table.add_row(
            f"{place.code}  {place.name}",
            str(len(here)),
            *(f"{count:,}" for count in sums.values()),
            bar(sums["available"], sums["on_hand"]),
        )
    return table


def _shipping(weeks: Iterable[Item], places: Iterable[Item]) -> Table:
    table = Table(title="Shipping performance", title_style="bold")
    table.add_column("Orders of")
    for heading in ("Shipments", "Late", "On time shipped", "On time delivered"):
        table.add_column(heading, justify="right")
    table.add_column("Hours to ship (p50 / p90)", justify="right")
    table.add_column("on time shipped", style="green", width=BAR)
    for section in (weeks, places):
        for row in section:
            table.add_row(*_performance(row))
        table.add_section()
    return table


def _performance(row: Item) -> tuple[str, ...]:
    hours = cast("Mapping[str, float | None]", row["order_to_ship_hours"])
    shipped = cast("float | None", row["on_time_ship_rate"])
    return (
        str(row["group"]),
        str(row["shipments"]),
        str(row["late"]),
        _percent(shipped),
        _percent(cast("float | None", row["on_time_delivery_rate"])),
        f"{_number(hours['p50'])} / {_number(hours['p90'])}",
        bar(shipped or 0, 1),
    )


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.0%}"


def _number(hours: float | None) -> str:
    return "-" if hours is None else f"{hours:.0f}"
