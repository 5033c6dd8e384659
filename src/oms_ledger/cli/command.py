"""`do`: any command of the catalogue, by name and JSON."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table

from oms_commands import COMMANDS
from oms_ledger.app import open_oms
from oms_ledger.cli.ledger import DataDirOption, LedgerOption, build_command, cli_actor, settings
from oms_ledger.cli.lookup import access_of
from oms_ledger.cli.terminal import out, print_json
from oms_ledger.domain.errors import NotFound
from oms_ledger.kernel import Command
from oms_ledger.privacy import cards
from oms_ledger.validation import parse_json


def do(
    name: Annotated[
        str | None, typer.Argument(help="A command; without it, all are listed.")
    ] = None,
    body: Annotated[
        str, typer.Argument(help="Its fields as JSON; - reads them from stdin.")
    ] = "{}",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the events it would write; write none.")
    ] = False,
    key: Annotated[
        str | None, typer.Option(help="Idempotency key: under one key it happens once.")
    ] = None,
    ledger: LedgerOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Ask the ledger for something, by command.

    Example: [bold]oms-ledger do ReceiveStock
    '{"sku": "MUG", "location": "LEEDS", "quantity": 5}'[/]
    """
    if name is None:
        out.print(_catalogue())
        return
    command = parse(name, sys.stdin.read() if body == "-" else body)
    with open_oms(settings(ledger, data_dir)) as oms:
        outcome = oms.execute(command, actor=cli_actor(), key=key, dry_run=dry_run)
        answer = oms.show(outcome.answer, access_of("do"), type(command).answer_type)
    print_json({**answer, "position": outcome.position})


def parse(name: str, body: str) -> Command:
    """The command of this name with the fields of the JSON text `body`. Raises `NotFound` or
    `Invalid`."""
    if name not in COMMANDS:
        raise NotFound(f"There is no command {name!r}. `oms-ledger do` lists them.")
    given = body.encode()
    if cards.may_hold_card_data(given):
        cards.refuse(parse_json(given))
    return build_command(COMMANDS[name], body)


def _catalogue() -> Table:
    table = Table()
    table.add_column("Command", no_wrap=True)
    table.add_column("What it does")
    table.add_column("Over HTTP", overflow="fold")
    for name, command in COMMANDS.items():
        summary = (command.__doc__ or "").strip().partition("\n")[0]
        table.add_row(name, summary, f"{command.route.method} {command.route.path}")
    return table
