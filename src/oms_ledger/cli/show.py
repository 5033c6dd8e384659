"""`show`: one order, or the stock of one SKU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from oms_ledger.app import Oms
from oms_ledger.cli.ledger import on_ledger
from oms_ledger.cli.lookup import OrderArgument, SkuArgument, order_id_of, run_query
from oms_ledger.cli.terminal import JsonOption, out, print_json
from oms_ledger.domain.times import moment

app = typer.Typer(no_args_is_help=True, help="Look up an order or the stock of a SKU.")

AsOfOption = Annotated[str | None, typer.Option(help="How it stood at this position or time.")]

COUNTERS = ("ordered", "allocated", "packed", "backordered", "shipped", "delivered", "cancelled")
BALANCES = ("on_hand", "allocated", "available", "backordered")


@app.command()
@on_ledger
def order(
    oms: Oms,
    which: OrderArgument,
    as_of: AsOfOption = None,
    json: JsonOption = False,
) -> None:
    """An order: where it stands, and how it got there.

    Example: [bold]oms-ledger show order WEB-000042 --as-of 2026-01-31T12:00:00Z[/]
    """
    oms.catch_up()
    order_id = order_id_of(oms, which)
    then = moment(as_of) if as_of else None
    body = run_query(oms, "get_order", then, order_id=order_id)
    story = run_query(oms, "order_timeline", then, order_id=order_id)["items"]
    if json:
        print_json({**body, "timeline": story})
        return
    title = Text(f"Order {body['order_number']}")
    out.print(Panel(_summary(body), title=title, expand=False))
    out.print(_lines(body))
    out.print(_timeline(story))


@app.command()
@on_ledger
def stock(
    oms: Oms,
    sku: SkuArgument,
    as_of: AsOfOption = None,
    json: JsonOption = False,
) -> None:
    """The stock of a SKU by location, and its latest changes with their causes.

    Example: [bold]oms-ledger show stock MUG-SPECK[/]
    """
    oms.catch_up()
    then = moment(as_of) if as_of else None
    body = run_query(oms, "get_stock", then, sku=sku)
    moves = run_query(oms, "stock_movements", then, sku=sku, limit="20")["items"]
    if json:
        print_json({**body, "movements": moves})
        return
    out.print(_balances(body))
    out.print(_movements(moves))


def _summary(order: Mapping[str, Any]) -> Text:
    parts = [
        Text.assemble(f"{axis} ", (str(value), "bold")) for axis, value in order["status"].items()
    ]
    if order["on_hold"]:
        parts.append(Text("on hold", "red"))
    status = Text("   ").join(parts)
    return status.append(f"\n{order['channel']}, {order['total']} {order['currency']}")


def _lines(order: Mapping[str, Any]) -> Table:
    """A column for each stage that any unit has reached."""
    lines = order["lines"]
    stages = [name for name in COUNTERS if any(line[name] for line in lines)]
    table = Table("Line", "SKU", *(name.capitalize() for name in stages))
    if any(line["allocations"] for line in lines):
        table.add_column("Allocated at")
    for line in lines:
        places = ", ".join(f"{a['location']}: {a['quantity']}" for a in line["allocations"])
        table.add_row(
            line["line_id"], line["sku"], *(str(line[name] or "") for name in stages), places
        )
    return table


def _timeline(items: list[Mapping[str, Any]]) -> Table:
    table = Table("When", "Who", "What", "Position")
    for item in items:
        table.add_row(item["at"][:19], item["actor"], item["text"], f"{item['position']:,}")
    return table


def _balances(stock: Mapping[str, Any]) -> Table:
    table = Table("Location", *(name.replace("_", " ").capitalize() for name in BALANCES))
    for level in [*stock["locations"], {"location": "in all", **stock}]:
        table.add_row(level["location"], *(f"{level[name]:,}" for name in BALANCES))
    return table


def _movements(items: list[Mapping[str, Any]]) -> Table:
    table = Table("Position", "When", "Where", "What", "On hand", "Allocated", "Why", "Who")
    for item in items:
        changes = (f"{item[c]['before']} → {item[c]['after']}" for c in ("on_hand", "allocated"))
        place, kind = item["location"], item["kind"].replace("_", " ")
        when = item["recorded_at"][:10]
        why = _why(item["cause"])
        table.add_row(f"{item['position']:,}", when, place, kind, *changes, why, item["actor"])
    return table


def _why(cause: Mapping[str, str]) -> str:
    """The reason and the reference of a movement, or else its order."""
    causes = [cause[name] for name in ("reason", "reference") if name in cause]
    return ", ".join(causes) or (f"order {cause['order_id']}" if "order_id" in cause else "")
