"""A summary of the sample shop in tables and bars of 80 columns, from queries of the catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import cast

from pydantic import TypeAdapter
from rich.box import SIMPLE_HEAD
from rich.columns import Columns
from rich.console import Console
from rich.table import Table
from rich.text import Text

from oms_ledger.app import Oms
from oms_ledger.demo.shop import CHANNELS, DAYS, LOCATIONS
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

BAR = 22
SHORT_BAR = 10
DOTS = 24
GOOD, FAIR = 0.9, 0.75
LOW = 10
SPARKS = " ▁▂▃▄▅▆▇█"


def show(oms: Oms, console: Console, at: Position) -> None:
    """Print the tables of the shop, as of position `at` or later."""
    everything = all_items(oms, "list_orders", {}, at)
    orders = [order for order in everything if order["channel"] in CHANNELS]
    late = {order["order_id"] for order in all_items(oms, "list_orders", {"late": True}, at)}
    shipments, returns = (
        all_items(oms, f"list_{kind}", {}, at) for kind in ("shipments", "returns")
    )
    console.print()
    console.print(_per_day(orders))
    console.print(
        Columns([_states(orders), _attention(orders, late, shipments, returns)], padding=(0, 3))
    )
    console.print(_stock(all_items(oms, "list_stock", {}, at)), "")
    console.print(_shipping([_rows(oms, by, at) for by in ("week", "location", "channel")]), "")


def bar(count: float, most: float, width: int = BAR) -> str:
    """A horizontal bar, to an eighth of a character; a count above 0 is always visible."""
    eighths = round(width * 8 * count / most) if most else 0
    eighths = max(eighths, 1) if count else 0
    return ("█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8]).rstrip()


def sparkline(counts: Sequence[int], most: int) -> str:
    """A sparkline, one character a count; 0 is blank and any other count is visible."""
    top = len(SPARKS) - 1
    return "".join(SPARKS[-(-count * top // most)] if most else " " for count in counts)


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


def _status(order: Item, axis: str) -> str:
    return cast("Mapping[str, str]", order["status"])[axis]


def titled_table(title: str, *headings: str) -> Table:
    """A table; columns whose heading ends in `>` are aligned to the right."""
    table = Table(
        title=title,
        title_style="bold",
        title_justify="left",
        caption_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_header=any(headings),
    )
    for heading in headings:
        right = heading.endswith(">")
        table.add_column(heading.rstrip(">"), justify="right" if right else "left", no_wrap=True)
    return table


def _per_day(orders: Sequence[Item]) -> Table:
    """Orders a day by channel, up to the day of the newest, one character a day."""
    placed = [(order["channel"], _day(order)) for order in orders]
    last = max((day for _, day in placed), default=date.min)
    days = [last - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)] if placed else []
    counts = Counter(placed)
    most = max(counts.values(), default=0)
    title = f"{len(orders)} orders, day by day"
    table = titled_table(
        title, "Channel", f"{days[0]:%d %b} to {last:%d %b %Y}" if days else "", ">"
    )
    for channel in CHANNELS:
        here = [counts[channel, day] for day in days]
        total = sum(name == channel for name, _ in placed)
        table.add_row(channel, Text(sparkline(here, most), style="cyan"), str(total))
    return table


def _day(order: Item) -> date:
    return datetime.fromisoformat(str(order["placed_at"])).date()


def _states(orders: Sequence[Item]) -> Table:
    counts = Counter(_status(order, "order") for order in orders)
    most = max(counts.values(), default=0)
    table = titled_table("Where orders stand", "", "", "", "")
    for status, meaning, colour in STATES:
        count = counts[status]
        table.add_row(
            status,
            Text(meaning, style="dim"),
            f"{count:3}",
            Text(bar(count, most), style=colour),
        )
    return table


def _attention(
    orders: Sequence[Item], late: set[Json], shipments: Sequence[Item], returns: Sequence[Item]
) -> Table:
    """Orders and shipments that need attention, a dot each."""
    waits = [order for order in orders if _status(order, "order") not in ("cancelled", "pending")]
    returned = sum(_status(order, "return") != "none" for order in orders)
    overdue = sum(order["order_id"] in late and order["shipped_at"] is None for order in waits)
    short = sum(_status(order, "fulfilment") == "backordered" for order in orders)
    table = titled_table("What needs a look", "", "", "")
    for name, count, colour in (
        ("overdue", overdue, "red"),
        ("backordered", short, "yellow"),
        ("on hold", sum(bool(order["on_hold"]) for order in orders), "yellow"),
        ("exceptions on the way", sum(bool(each["exception"]) for each in shipments), "red"),
        ("sent, and not paid", sum(map(_is_sent_unpaid, orders)), "red"),
        ("more to pay", sum(map(_has_more_due, orders)), "yellow"),
        ("paid too much", sum(_status(each, "payment") == "credit_owed" for each in orders), "red"),
        ("returns to decide on", _in_stage(returns, "requested"), "yellow"),
        ("returns on their way", _in_stage(returns, "approved"), "cyan"),
        ("returned", returned, "magenta"),
    ):
        more = "+" if count > DOTS else ""
        table.add_row(name, f"{count:3}", Text("●" * min(count, DOTS) + more, style=colour))
    return table


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
    table = titled_table(title, "Location", "", "On hand>", "Promised>", "Short>")
    for location in LOCATIONS:
        units = sums[location.code]
        table.add_row(
            Text.assemble(f"{location.code}  ", (location.name, "dim")),
            _shelf(units["on_hand"], units["allocated"], most),
            *(f"{units[name]:,}" for name in ("on_hand", "allocated", "backordered")),
        )
    free = Counter[str]()
    for level in levels:
        free[str(level["sku"])] += cast("int", level["available"])
    low = ", ".join(f"{sku} {count}" for sku, count in sorted(free.items()) if count < LOW)
    if low:
        table.caption = Text(f"Running out: {low}", "table.caption", justify="left")
    return table


def _shelf(on_hand: int, promised: int, most: int) -> Text:
    """Free units and promised ones on one bar."""
    whole = round(BAR * on_hand / most) if most else 0
    yellow = max(1, round(BAR * promised / most)) if promised else 0
    return Text.assemble(("█" * (whole - yellow), "green"), ("▒" * yellow, "yellow"))


def _shipping(sections: Iterable[Iterable[Item]]) -> Table:
    """Performance by the week of the order, by location and by channel."""
    table = titled_table(
        "How well it ships",
        "Orders of",
        "Parcels>",
        "On time",
        ">",
        "Arrived>",
        "Half>",
        "90%>",
        "Split>",
        "Trouble>",
    )
    for section in sections:
        for row in section:
            table.add_row(*_performance(row))
        table.add_section()
    table.caption = "On time: sent by the time promised. Half, 90%: sent within so many hours."
    return table


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
