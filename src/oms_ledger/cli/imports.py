"""`import`: orders from files of other systems."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from oms_ledger.app import open_oms
from oms_ledger.cli.ledger import DataDirOption, LedgerOption, cli_actor, settings
from oms_ledger.cli.progress import bars
from oms_ledger.cli.terminal import console
from oms_ledger.heap import tune_interpreter
from oms_ledger.importers.past_orders import PastOrdersReport, import_past_orders, orders_in
from oms_ledger.importers.run import ImportOptions, import_file

app = typer.Typer(no_args_is_help=True, help="Bring in orders from other systems' files.")


class ImportFormat(StrEnum):
    """File formats of `import orders`."""

    ONLINE_RETAIL = "online-retail"


@app.command()
def orders(
    file: Annotated[
        Path, typer.Argument(help="A CSV file, plain or gzip.", exists=True, dir_okay=False)
    ],
    format_: Annotated[ImportFormat, typer.Option("--format", help="What the file is.")],
    opening_stock: Annotated[
        bool,
        typer.Option("--opening-stock", help="First receive the stock that the file will need."),
    ] = False,
    fulfil: Annotated[
        bool, typer.Option("--fulfil", help="Also ship and deliver, on dates marked as simulated.")
    ] = False,
    location: Annotated[
        str, typer.Option(help="The location that everything happens at.")
    ] = "MAIN",
    report: Annotated[
        Path | None, typer.Option(help="Where to write what became of every row (JSON).")
    ] = None,
    ledger: LedgerOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Import orders through the same commands as everybody's, and account for every row.

    Running it again applies nothing twice; after an interruption it goes on.

    Example: [bold]oms-ledger import orders online_retail.csv.gz --format online-retail
    --opening-stock --fulfil[/]
    """
    options = ImportOptions(opening_stock, fulfil, location, report)
    with open_oms(settings(ledger, data_dir)) as oms:
        tune_interpreter()
        account = import_file(oms, file, options, console)
        with console.status("Bringing the read models up to date ...") as status:
            oms.catch_up(progress=lambda at: status.update(f"Read models: at position {at:,} ..."))
    account.show(console)
    console.print(f"The whole account: {account.path}")
    if not account.balances:
        raise typer.Exit(1)


class StockUse(StrEnum):
    """What an import of past orders does with stock."""

    SKIP = "skip"
    UPDATE = "update"
    FORCE = "force"


REFUSALS_SHOWN = 10


@app.command("past-orders")
def past_orders(
    file: Annotated[
        Path,
        typer.Argument(
            help="JSON as POST /v1/orders:import takes it, or .jsonl with an order a line.",
            exists=True,
            dir_okay=False,
        ),
    ],
    stock: Annotated[
        StockUse, typer.Option(help="For orders of the file that do not say it themselves.")
    ] = StockUse.SKIP,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Decide every order; write none.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Where to write every refusal (JSON).")
    ] = None,
    ledger: LedgerOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Import orders of the past with their own numbers, dates, shipments and payments.

    Running it again imports no order twice that has an external id.

    Example: [bold]oms-ledger import past-orders orders.jsonl --stock skip[/]
    """
    total = orders_in(file)
    with open_oms(settings(ledger, data_dir)) as oms, bars() as show:
        done = 0

        def progressed(more: int) -> None:
            nonlocal done
            done += more
            show("Importing", done, total)

        account = import_past_orders(
            oms.bus, file, stock.value, actor=cli_actor(), dry_run=dry_run, progressed=progressed
        )
    _show(account, dry_run=dry_run)
    if report is not None:
        account.write(report)
    if account.refused:
        raise typer.Exit(1)


def _show(account: PastOrdersReport, *, dry_run: bool) -> None:
    done = "could be imported" if dry_run else "imported"
    console.print(
        f"{account.total:,} orders: {account.imported:,} {done}, {account.already:,} there already,"
        f" {len(account.refused):,} refused"
    )
    for code, count in account.codes.most_common():
        console.print(f"  {code}: {count:,}")
    for each in account.refused[:REFUSALS_SHOWN]:
        name = each.external_id or f"order {each.number} of the file"
        console.print(f"{name}: {each.detail}", markup=False)
