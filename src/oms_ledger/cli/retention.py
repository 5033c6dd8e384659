"""`retention`: periods for which data is kept: show, set, list what is due, and erase it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from oms_commands.customers.set_retention import SetRetention
from oms_ledger.app import Oms
from oms_ledger.cli.ledger import build_command, cli_actor, on_ledger
from oms_ledger.cli.lookup import run_query
from oms_ledger.cli.terminal import JsonOption, console, out, print_json
from oms_ledger.domain.customers.retention import KINDS
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.times import moment
from oms_ledger.privacy.retention import RetentionRun, run_once
from oms_ledger.privacy.retention import due as all_due

app = typer.Typer(no_args_is_help=True, help="How long personal data is kept.")


@app.command()
@on_ledger
def show(
    oms: Oms,
    as_of: Annotated[str | None, typer.Option(help="As of this position or time.")] = None,
    json: JsonOption = False,
) -> None:
    """The periods in force; what has none is kept for ever.

    Example: [bold]oms-ledger retention show[/]
    """
    body = run_query(oms, "get_retention", None if as_of is None else moment(as_of))
    if json:
        print_json(body)
        return
    table = Table("Kind", "Country", "Kept for", "Rule", "Set by", "On")
    for period in body["periods"]:
        names = ("kind", "country", "keep", "reference", "set_by", "set_at")
        table.add_row(*(str(period[name] or "") for name in names))
    out.print(table if body["periods"] else "No periods: nothing is forgotten by itself.")


@app.command("set")
@on_ledger
def set_(
    oms: Oms,
    kind: Annotated[str, typer.Argument(help=", ".join(KINDS))],
    keep: Annotated[str, typer.Argument(help="90d, 18m, 10y; or forever.")],
    country: Annotated[str | None, typer.Option(help="For orders to this country alone.")] = None,
    reference: Annotated[str | None, typer.Option(help="The rule that asks for it.")] = None,
) -> None:
    """Set how long one kind of data is kept. Workers forget what is over, so look first who is:
    [bold]oms-ledger retention due[/].

    Example: [bold]oms-ledger retention set customers 10y --country DE --reference "AO 147"[/]
    """
    period = None if keep == "forever" else keep
    fields = {"kind": kind, "keep": period, "country": country, "reference": reference}
    command = build_command(SetRetention, fields)
    outcome = oms.execute(command, actor=cli_actor())
    console.print(f"Set, at position {outcome.position}.")


@app.command()
@on_ledger
def due(
    oms: Oms,
    at: Annotated[str | None, typer.Option(help="By this time; now.")] = None,
    json: JsonOption = False,
) -> None:
    """Whose period is over, and what is in the way of forgetting them. Nothing is done.

    Example: [bold]oms-ledger retention due --at 2030-01-01[/]
    """
    by = datetime.now(UTC) if at is None else _time(at)
    oms.catch_up()
    items = [item for some in all_due(oms.retention, by) for item in some]
    if json:
        print_json(list(items))
        return
    out.print(_table(items) if items else "Nobody's period is over.")


def _time(text: str) -> datetime:
    at = moment(text, "at")
    if isinstance(at, int):
        raise typer.BadParameter("Write a time, such as 2030-01-01.", param_hint="--at")
    return at


def _table(items: list[Mapping[str, Any]]) -> Table:
    table = Table("Customer", "Kind", "Kept for", "Nothing since", "Orders", "Forgotten")
    for item in items:
        period = f"{item['keep']} ({item['country']})" if item["country"] else str(item["keep"])
        done = "yes" if item["forget"] else f"no: {item['why']}"
        subject, kind, since = (str(item[name]) for name in ("customer_id", "kind", "since"))
        table.add_row(subject, kind, period, since[:10], f"{item['orders']:,}", done)
    return table


@app.command()
@on_ledger
def run(
    oms: Oms,
    json: JsonOption = False,
) -> None:
    """Forget now who is due, and delete what was kept long enough, as workers do every day.

    Example: [bold]oms-ledger retention run[/]
    """
    runs: list[RetentionRun] = []
    with console.status("") as status:
        while not runs or runs[-1].more:
            before = sum(each.forgotten for each in runs)

            def progress(count: int, before: int = before) -> None:
                status.update(f"{before + count:,} forgotten")

            oms.catch_up()
            oms.require_agreed_time(idle=True)
            done = run_once(oms.retention, datetime.now(UTC), progress=progress)
            if done is None:
                raise Refused("A worker is at it already.", code="retention_under_way")
            runs.append(done)
    forgotten, left = sum(each.forgotten for each in runs), dict(runs[-1].skipped)
    pruned = dict(sum((each.pruned for each in runs), Counter[str]()))
    if json:
        print_json({"forgotten": forgotten, "left": left, "pruned": pruned})
        return
    console.print(f"{forgotten:,} forgotten; {sum(left.values()):,} whose period is over are left.")
    for what, count in (*left.items(), *pruned.items()):
        console.print(f"  {what}: {count:,}")
