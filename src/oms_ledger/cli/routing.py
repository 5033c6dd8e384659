"""`routing`: rules tried on past orders, and orders of a place routed anew."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, cast

import orjson
import typer
from pydantic import TypeAdapter, ValidationError
from rich.table import Table

from oms_commands.routing._fields import RuleFields, RulesFields, refuse_unknown, rules_of
from oms_commands.routing.reroute import RerouteOrder
from oms_ledger.app import Oms
from oms_ledger.cli.ledger import cli_actor, on_ledger
from oms_ledger.cli.lookup import run_query
from oms_ledger.cli.progress import bars
from oms_ledger.cli.terminal import JsonOption, console, print_json, print_line
from oms_ledger.domain.errors import Refused, invalid_field
from oms_ledger.domain.log_states import StatesOfLog
from oms_ledger.domain.routing.backtest import BacktestScope, backtest
from oms_ledger.domain.routing.events import RoutingRule
from oms_ledger.domain.routing.views import backtest_view
from oms_ledger.domain.times import moment
from oms_ledger.kernel import Json, Log, Position

app = typer.Typer(
    no_args_is_help=True,
    help="Which places orders are sent from: rules tried on past orders, and orders routed anew.",
)

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
"""A day alone, which is meant from its beginning (UTC)."""

NAMES = (
    ("orders", "orders"),
    ("split_orders", "split orders"),
    ("split_rate", "split rate"),
    ("parcels", "parcels"),
    ("km", "km"),
    ("km_per_parcel", "km per parcel"),
    ("cost", "cost"),
    ("short_units", "short units"),
    ("short_orders", "short orders"),
    ("units_over_capacity", "units over capacity"),
)
"""The figures that the table shows, in this order."""

OPEN = ("unfulfilled", "backordered", "partially_shipped")
"""Statuses of orders that may have units at a place."""

RulesOption = Annotated[
    list[Path],
    typer.Option(
        "--rules",
        exists=True,
        dir_okay=False,
        help="A JSON file with rules, as PUT /v1/routing/{channel} takes them. Repeat it to compare"
        " several; the name of each file names its figures.",
    ),
]
FromOption = Annotated[str | None, typer.Option("--from", help="Orders placed from then on.")]
ToOption = Annotated[str | None, typer.Option("--to", help="Orders placed before then.")]
ChannelOption = Annotated[str | None, typer.Option(help="Orders of this channel alone.")]


@app.command(name="backtest")
@on_ledger
def backtest_(
    oms: Oms,
    rules: RulesOption,
    placed_from: FromOption = None,
    placed_to: ToOption = None,
    channel: ChannelOption = None,
    json: JsonOption = False,
) -> None:
    """Route past orders again by other rules, beside what was done.

    Example: [bold]oms-ledger routing backtest --rules nearest.json --rules fewest.json[/]
    """
    log = oms.readers.log()
    sets = {path.stem: _rules_in(path, log) for path in rules}
    if len(sets) < len(rules):
        raise invalid_field("--rules", "Two files have the same name. Give each a name of its own.")
    scope = BacktestScope(_time(placed_from, "--from"), _time(placed_to, "--to"), channel)
    with bars() as report:

        def progress(position: Position) -> None:
            report("events", position, log.position)

        tested = backtest(log, sets, scope, progress)
    view = backtest_view(tested, _currency(sets))
    if json:
        print_json(view)
    else:
        console.print(comparison(view))


@app.command()
@on_ledger
def reroute(
    oms: Oms,
    location: Annotated[str, typer.Option(help="The place that the units are at.")],
    reason: Annotated[str, typer.Option(help="Why, in a word or two.")] = "closed",
    backorder: Annotated[
        bool, typer.Option("--backorder", help="Units that no other place has wait for stock.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Route all that is allocated at a place, and not packed, to other places.

    Orders of which no other place has anything stay, and are listed.

    Example: [bold]oms-ledger routing reroute --location LON[/]
    """
    moved: list[str] = []
    stayed: dict[str, str] = {}
    oms.catch_up()  # the list of orders is a read model
    order_ids = list(dict.fromkeys(_orders_at(oms, location)))
    with bars() as report:
        for n, order_id in enumerate(order_ids, 1):
            command = RerouteOrder(
                order_id, without=(location,), reason=reason, backorder=backorder
            )
            try:
                oms.execute(command, actor=cli_actor())
                moved.append(order_id)
            except Refused as error:
                if error.code != "illegal_transition":  # nothing of it is there any more
                    stayed[order_id] = error.code
            report("orders", n, len(order_ids))
    if json:
        print_json({"moved": moved, "stayed": stayed})
        return
    print_line(f"{len(moved)} orders routed anew.")
    for order_id, code in stayed.items():
        print_line(f"{order_id} stays: {code}")


def _orders_at(oms: Oms, location: str) -> list[str]:
    """Ids of the orders that have, or had, units at a place and are not shipped whole."""
    order_ids: list[str] = []
    for fulfilment in OPEN:
        params, cursor = {"location": location, "fulfilment": fulfilment, "limit": "500"}, None
        while True:
            body = run_query(oms, "list_orders", None, **params, **(cursor or {}))
            items = cast(Sequence[Mapping[str, str]], body["items"])
            order_ids += [item["order_id"] for item in items]
            if body["next_cursor"] is None:
                break
            cursor = {"cursor": body["next_cursor"]}
    return order_ids


def _rules_in(path: Path, log: Log) -> Sequence[RoutingRule]:
    """The rules in a file: a list, or an object with the field `rules`."""
    adapter: TypeAdapter[tuple[RuleFields, ...]] = TypeAdapter(RulesFields)
    try:
        content = orjson.loads(path.read_bytes())
        listed = content["rules"] if isinstance(content, dict) else content
        rules = rules_of(adapter.validate_python(listed))
    except (orjson.JSONDecodeError, KeyError) as error:
        raise invalid_field(str(path), f"It has no JSON list of rules: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise invalid_field(f"{path} {first['loc']}", f"{first['msg']}.") from None
    refuse_unknown(rules, StatesOfLog(log))
    return rules


def _time(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    at = moment(f"{text}T00:00:00Z" if DAY.fullmatch(text) else text, option)
    if not isinstance(at, datetime):
        raise invalid_field(option, "Write a day or a time, such as 2026-01-31, not a position.")
    return at


def _currency(sets: Mapping[str, Sequence[RoutingRule]]) -> str | None:
    costs = (rule.currency for rules in sets.values() for rule in rules if rule.kind == "cost")
    return next(costs, None)


def comparison(view: Mapping[str, Json]) -> Table:
    """The figures side by side, a column for what was done and for each set of rules. A caption
    says how many orders were left out."""
    by_rules = cast(Mapping[str, Mapping[str, Json]], view["by_rules"])
    columns = {"done": cast(Mapping[str, Json], view["done"]), **by_rules}
    table = Table("", *columns)
    if untracked := view["untracked_orders"]:
        table.caption = f"{untracked:,} orders were imported without stock and are left out"
    for name, title in NAMES:
        table.add_row(title, *(_text(figures[name]) for figures in columns.values()))
    return table


def _text(value: Json) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int | float) else str(value)
