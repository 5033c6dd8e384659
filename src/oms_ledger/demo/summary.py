"""A summary of the sample shop in tables and bars of 80 columns, from queries of the catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import cast

from pydantic import TypeAdapter
from rich.columns import Columns
from rich.console import Console
from rich.table import Table
from rich.text import Text

from oms_ledger.app import Oms
from oms_ledger.demo.shop import CHANNELS, DAYS, LOCATIONS
from oms_ledger.demo.tables import BAR, bar, sparkline, table
from oms_ledger.demo.warehouse import REROUTED
from oms_ledger.demo.warehouse_summary import WorkedOrder, day_table, queue_table
from oms_ledger.domain.fulfilments.work import OPEN_STATUSES
from oms_ledger.kernel import Json, Position
from oms_projections import QUERIES

Item = Mapping[str, Json]

STATES = (
    ("pending", "not confirmed yet", "yellow"),
    ("scheduled", "not to be shipped yet", "cyan"),
    ("confirmed", "waiting to be packed", "yellow"),
    ("processing", "partly packed or sent", "cyan"),
    ("fulfilled", "on its way", "cyan"),
    ("completed", "delivered", "green"),
    ("cancelled", "cancelled", "bright_black"),
)
"""Status of an order, its meaning, and its colour."""

SHORT_BAR = 10
DOTS = 24
GOOD, FAIR = 0.9, 0.75
LOW = 10


def show(oms: Oms, console: Console, at: Position) -> None:
    """Print the tables of the shop, as of position `at` or later."""
    everything = all_items(oms, "list_orders", {}, at)
    orders = [order for order in everything if order["channel"] in CHANNELS]
    late = {order["order_id"] for order in all_items(oms, "list_orders", {"late": True}, at)}
    shipments = all_items(oms, "list_shipments", {}, at)
    returns = all_items(oms, "list_returns", {}, at)
    cases = all_items(oms, "list_cases", {"status": "open"}, at)
    console.print()
    console.print(_per_day(orders))
    console.print(
        Columns(
            [_states(orders), _attention(orders, late, shipments, returns, cases)], padding=(0, 3)
        )
    )
    console.print(_stock(all_items(oms, "list_stock", {}, at)), "")
    waiting = all_items(oms, "list_fulfilments", {"status": ",".join(OPEN_STATUSES)}, at)
    picked = run_query(oms, "fulfilment_performance", {"group_by": "location"}, at)["rows"]
    console.print(queue_table(waiting, cast("Sequence[Item]", picked)), "")
    console.print(day_table(_rerouted(oms, at)), "")
    console.print(_shipping([_rows(oms, by, at) for by in ("week", "location", "channel")]), "")


def run_query(oms: Oms, name: str, params: Mapping[str, object], at: Position) -> Item:
    """The body of the answer to a query of the catalogue; `params` as in a URL."""
    query = next(query for query in QUERIES if query.name == name)
    return oms.query(query, TypeAdapter(query.params).validate_python(params), min_position=at).body


def all_items(oms: Oms, name: str, params: Mapping[str, object], at: Position) -> list[Item]:
    """The items of every page of a list."""
    items: list[Item] = []
    cursor: Json = None
    while True:
        page = run_query(oms, name, {**params, "limit": 500, "cursor": cursor}, at)
        items += cast("Sequence[Item]", page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return items


def _rows(oms: Oms, group_by: str, at: Position) -> Sequence[Item]:
    body = run_query(oms, "shipping_performance", {"group_by": group_by}, at)
    return cast("Sequence[Item]", body["rows"])


def _rerouted(oms: Oms, at: Position) -> list[WorkedOrder]:
    """The orders whose units were routed anew on the day that the warehouse shows."""
    return [
        WorkedOrder(str(order["order_number"]), cast("Sequence[Item]", body["items"]))
        for order in all_items(oms, "list_orders", {"tag": REROUTED}, at)
        for body in [run_query(oms, "order_timeline", {"order_id": order["order_id"]}, at)]
    ]


def _status(order: Item, axis: str) -> str:
    return cast("Mapping[str, str]", order["status"])[axis]


def _per_day(orders: Sequence[Item]) -> Table:
    """Orders a day by channel, up to the day of the newest, one character a day."""
    placed = [(order["channel"], _day(order)) for order in orders]
    last = max((day for _, day in placed), default=date.min)
    days = [last - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)] if placed else []
    counts = Counter(placed)
    most = max(counts.values(), default=0)
    title = f"{len(orders)} orders, day by day"
    shown = table(title, "Channel", f"{days[0]:%d %b} to {last:%d %b %Y}" if days else "", ">")
    for channel in CHANNELS:
        here = [counts[channel, day] for day in days]
        total = sum(name == channel for name, _ in placed)
        shown.add_row(channel, Text(sparkline(here, most), style="cyan"), str(total))
    return shown


def _day(order: Item) -> date:
    return datetime.fromisoformat(str(order["placed_at"])).date()


def _states(orders: Sequence[Item]) -> Table:
    counts = Counter(_status(order, "order") for order in orders)
    most = max(counts.values(), default=0)
    shown = table("Where orders stand", "", "", "", "")
    for status, meaning, colour in STATES:
        count = counts[status]
        shown.add_row(
            status,
            Text(meaning, style="dim"),
            f"{count:3}",
            Text(bar(count, most), style=colour),
        )
    return shown


def _attention(
    orders: Sequence[Item],
    late: set[Json],
    shipments: Sequence[Item],
    returns: Sequence[Item],
    cases: Sequence[Item],
) -> Table:
    """Orders and shipments that need attention, a dot each."""
    waits = [order for order in orders if _status(order, "order") not in ("cancelled", "pending")]
    returned = sum(_status(order, "return") != "none" for order in orders)
    overdue = sum(order["order_id"] in late and order["shipped_at"] is None for order in waits)
    short = sum(_status(order, "fulfilment") == "backordered" for order in orders)
    shown = table("What needs a look", "", "", "")
    for name, count, colour in (
        ("overdue", overdue, "red"),
        ("backordered", short, "yellow"),
        ("on hold", sum(bool(order["on_hold"]) for order in orders), "yellow"),
        ("exceptions on the way", sum(bool(each["exception"]) for each in shipments), "red"),
        ("cases to resolve", len(cases), "red"),
        ("sent, and not paid", sum(map(_is_sent_unpaid, orders)), "red"),
        ("more to pay", sum(map(_has_more_due, orders)), "yellow"),
        ("paid too much", sum(_status(each, "payment") == "credit_owed" for each in orders), "red"),
        ("returns to decide on", _in_stage(returns, "requested"), "yellow"),
        ("returns on their way", _in_stage(returns, "approved"), "cyan"),
        ("returned", returned, "magenta"),
    ):
        more = "+" if count > DOTS else ""
        shown.add_row(name, f"{count:3}", Text("●" * min(count, DOTS) + more, style=colour))
    return shown


def _is_sent_unpaid(order: Item) -> bool:
    return order["shipped_at"] is not None and _status(order, "payment") == "none"


def _has_more_due(order: Item) -> bool:
    """Whether an edit has made it dearer than what was paid."""
    return _status(order, "payment") == "partially_paid"


def _in_stage(returns: Sequence[Item], status: str) -> int:
    return sum(each["status"] == status for each in returns)


def _stock(levels: Iterable[Item]) -> Table:
    levels = list(levels)
    sums = {
        location.code: {
            name: sum(
                cast("int", each[name]) for each in levels if each["location"] == location.code
            )
            for name in ("on_hand", "allocated", "available", "backordered")
        }
        for location in LOCATIONS
    }
    most = max(units["on_hand"] for units in sums.values())
    title = "Stock: █ free, ▒ promised; short is promised without being there"
    shown = table(title, "Location", "", "On hand>", "Promised>", "Short>")
    for location in LOCATIONS:
        units = sums[location.code]
        shown.add_row(
            Text.assemble(f"{location.code}  ", (location.name, "dim")),
            _shelf(units["on_hand"], units["allocated"], most),
            *(f"{units[name]:,}" for name in ("on_hand", "allocated", "backordered")),
        )
    free = Counter[str]()
    for level in levels:
        free[str(level["sku"])] += cast("int", level["available"])
    low = ", ".join(f"{sku} {count}" for sku, count in sorted(free.items()) if count < LOW)
    if low:
        shown.caption = Text(f"Running out: {low}", "table.caption", justify="left")
    return shown


def _shelf(on_hand: int, promised: int, most: int) -> Text:
    """Free units and promised ones on one bar."""
    whole = round(BAR * on_hand / most) if most else 0
    yellow = max(1, round(BAR * promised / most)) if promised else 0
    return Text.assemble(("█" * (whole - yellow), "green"), ("▒" * yellow, "yellow"))


def _shipping(sections: Iterable[Iterable[Item]]) -> Table:
    """Performance by the week of the order, by location and by channel."""
    shown = table(
        "How well it ships",
        "Orders of",
        "Parcels>",
        "On time",
        ">",
        "Arrived>",
        "Half>",
        "90%>",
        "Split>",
        "Exceptions>",
    )
    for section in sections:
        for row in section:
            shown.add_row(*_performance(row))
        shown.add_section()
    shown.caption = "On time: sent by the time promised. Half, 90%: sent within so many hours."
    return shown


def _performance(row: Item) -> tuple[str | Text, ...]:
    hours = cast("Mapping[str, float | None]", row["order_to_ship_hours"])
    shipped = cast("float | None", row["on_time_ship_rate"])
    rate = shipped or 0
    colour = "green" if rate >= GOOD else "yellow" if rate >= FAIR else "red"
    return (
        Text(str(row["group"] or "no shipment")),
        str(row["shipments"]),
        Text(bar(rate, 1, SHORT_BAR), style=colour),
        _percent(shipped),
        _percent(cast("float | None", row["on_time_delivery_rate"])),
        _hours(hours["p50"]),
        _hours(hours["p90"]),
        _percent(cast("float | None", row["split_rate"])),
        _percent(cast("float | None", row["exception_rate"])),
    )


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.0%}"


def _hours(hours: float | None) -> str:
    return "-" if hours is None else f"{hours:.0f} h"
