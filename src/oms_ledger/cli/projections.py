"""`projections`: positions of read models, parked streams, retries, and builds."""

from __future__ import annotations

from dataclasses import asdict

import typer
from rich.table import Table
from rich.text import Text

from oms_ledger.app import Oms
from oms_ledger.cli import builds
from oms_ledger.cli.ledger import on_ledger
from oms_ledger.cli.lookup import ReadModelArgument
from oms_ledger.cli.terminal import JsonOption, console, out, print_json
from oms_ledger.engine.project.leases import BuildStatus, by_name
from oms_ledger.engine.rebuild.builds import LIVE

app = typer.Typer(no_args_is_help=True, help="Read models: how far they are, and repairs.")


@app.command("list")
@on_ledger
def list_(oms: Oms, json: JsonOption = False) -> None:
    """How far each read model has got. Example: [bold]oms-ledger projections list[/]"""
    statuses = oms.readers.status()
    if json:
        print_json(by_name(statuses))
        return
    table = Table("Read model", "Build", "State", "Position", "Behind", "Seconds", "Parked")
    for each in sorted(statuses, key=lambda s: (s.name, s.state != LIVE, s.version)):
        table.add_row(
            each.name if each.state == LIVE else "  beside it",
            str(each.version),
            _state(each),
            f"{each.position:,}",
            f"{each.lag_events:,}",
            f"{each.lag_seconds:,.1f}",
            str(each.parked),
        )
    out.print(table)


def _state(status: BuildStatus) -> str:
    """The state of a build; while it is being built, its progress and the estimated time left."""
    if status.state != "building":
        return status.state
    left = "" if status.seconds_left is None else f", about {status.seconds_left:,.0f} s to go"
    return f"building {status.progress:.0%}{left}"


@app.command()
@on_ledger
def parked(
    oms: Oms,
    name: ReadModelArgument,
    json: JsonOption = False,
) -> None:
    """The streams a read model could not fold. Example:
    [bold]oms-ledger projections parked order_status[/]"""
    streams = oms.readers.parked(name)
    if json:
        print_json([asdict(each) for each in streams])
        return
    if not streams:
        console.print(f"{name} has left nothing out.")
        return
    table = Table("Build", "Stream", "Since position", "Events left out", "Tries", "Error")
    for each in streams:
        events, tries = str(each.events), str(each.attempts)
        table.add_row(
            str(each.version), each.stream, f"{each.first_position:,}", events, tries, each.error
        )
    out.print(table)


@app.command()
@on_ledger
def retry(oms: Oms, name: ReadModelArgument) -> None:
    """Fold the parked streams again, after the cause was mended. Exits with 1 when one still
    fails. Example: [bold]oms-ledger projections retry order_status[/]"""
    tried = oms.retry_parked(name)
    for stream, done in tried.items():
        result = ("folded", "green") if done else ("still parked", "red")
        console.print(Text.assemble(result, f" {stream}"))
    if not tried:
        console.print(f"{name} has left nothing out.")
    if not all(tried.values()):
        raise typer.Exit(1)


@app.command("catch-up")
@on_ledger
def catch_up(oms: Oms) -> None:
    """Bring every read model up to date and leave, where no worker runs. Example:
    [bold]oms-ledger projections catch-up[/]"""
    with console.status("Folding ...") as status:
        oms.catch_up(progress=lambda position: status.update(f"Folded up to {position:,} ..."))
    console.print(f"Every read model is at position {oms.readers.head():,}.")


for operation in (builds.rebuild, builds.compare, builds.swap, builds.drop):
    app.command()(operation)
