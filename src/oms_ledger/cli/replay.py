"""`replay`: the history in words, of an order, a SKU, a customer, or all of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Annotated

import orjson
import typer

from oms_ledger.app import Oms
from oms_ledger.cli.ledger import on_ledger
from oms_ledger.cli.lookup import CustomerArgument, OrderArgument, SkuArgument, order_id_of
from oms_ledger.cli.terminal import print_line
from oms_ledger.domain.times import moment
from oms_ledger.history.narrator import Narrator
from oms_ledger.history.sources import events_of_customer, events_of_order, events_of_sku
from oms_ledger.kernel import Log, Recorded, all_events
from oms_ledger.privacy.disclosure import masked_text

app = typer.Typer(
    no_args_is_help=True,
    help="Tell the history from the ledger: what happened, who asked for it, why, and what it"
    " changed. The same ledger tells the same, byte for byte.",
)

UntilOption = Annotated[
    str | None, typer.Option(help="Only up to this position or time of recording.")
]
JsonLinesOption = Annotated[bool, typer.Option("--json", help="Print JSON, one event a line.")]


@app.command()
@on_ledger
def order(
    oms: Oms,
    which: OrderArgument,
    until: UntilOption = None,
    json: JsonLinesOption = False,
) -> None:
    """An order, its shipments, and the stock that its commands moved.

    Example: [bold]oms-ledger replay order WEB-000042[/]
    """
    order_id = order_id_of(oms, which)
    _print_history(oms, until, json, lambda log: events_of_order(log, order_id))


@app.command()
@on_ledger
def sku(
    oms: Oms,
    which: SkuArgument,
    until: UntilOption = None,
    json: JsonLinesOption = False,
) -> None:
    """A product, and its stock at all locations.

    Example: [bold]oms-ledger replay sku MUG-SPECK --until 2026-01-31[/]
    """
    _print_history(oms, until, json, lambda log: events_of_sku(log, which))


@app.command()
@on_ledger
def customer(
    oms: Oms,
    which: CustomerArgument,
    until: UntilOption = None,
    json: JsonLinesOption = False,
) -> None:
    """Every order of a customer, one after the other.

    Example: [bold]oms-ledger replay customer 17850 --json[/]
    """
    _print_history(oms, until, json, lambda log: events_of_customer(log, which))


@app.command("all")
@on_ledger
def all_(
    oms: Oms,
    until: UntilOption = None,
    json: JsonLinesOption = False,
) -> None:
    """All that ever happened, however much: it is printed as it is read.

    Example: [bold]oms-ledger replay all --until 1000[/]
    """
    _print_history(oms, until, json, all_events)


def _print_history(
    oms: Oms, until: str | None, json: bool, source: Callable[[Log], Iterable[Recorded]]
) -> None:
    log = oms.readers.log(moment(until, "until") if until else None)
    for entry in Narrator(log).entries(source(log)):
        if json:
            sys.stdout.write(masked_text(orjson.dumps(entry.json()).decode()) + "\n")
        else:
            print_line(masked_text(entry.text()))
