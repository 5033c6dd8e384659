"""`inbox`: messages that vendors have sent."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from oms_ledger.app import Oms
from oms_ledger.cli.ledger import on_ledger
from oms_ledger.cli.terminal import JsonOption, console, out, print_json, time_text
from oms_ledger.domain.errors import invalid_field
from oms_ledger.domain.json_values import plain_values
from oms_ledger.integrations.inbox import STATES

app = typer.Typer(
    no_args_is_help=True,
    help="Messages that vendors have sent: list them, translate one again, drop one.",
)


@app.command("list")
@on_ledger
def list_(
    oms: Oms,
    state: Annotated[
        str | None, typer.Argument(help=f"Only those that are: {', '.join(STATES)}.")
    ] = None,
    connection: Annotated[str | None, typer.Option(help="Only those of this connection.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """Messages without their content, the newest first. Example:
    [bold]oms-ledger inbox list dead[/]"""
    if state is not None and state not in STATES:
        raise invalid_field("state", f"Write one of: {', '.join(STATES)}.")
    items = oms.connections.messages.list(connection=connection, state=state, limit=limit)
    if json:
        print_json([plain_values(each._asdict()) for each in items])
        return
    table = Table("Received", "Connection", "Message", "State", "Tries", "Failure")
    for each in items:
        received = time_text(each.received_at)
        table.add_row(
            received,
            each.connection,
            each.message_id,
            each.state,
            str(each.attempts),
            each.code or "",
        )
    out.print(table if items else "There are no such messages.")


@app.command()
@on_ledger
def replay(
    oms: Oms,
    connection: Annotated[str, typer.Argument(help="The connection it came for.")],
    message_id: Annotated[str, typer.Argument(help="As in `oms-ledger inbox list`.")],
) -> None:
    """Translate a message again that is done or dead, after the cause was mended. Example:
    [bold]oms-ledger inbox replay stripe-uk evt_1042[/]"""
    oms.connections.messages.replay(connection, message_id)
    console.print(f"{message_id}: a worker translates it now.")


@app.command()
@on_ledger
def drop(
    oms: Oms,
    connection: Annotated[str, typer.Argument(help="The connection it came for.")],
    message_id: Annotated[str, typer.Argument(help="As in `oms-ledger inbox list dead`.")],
) -> None:
    """End a dead message from which nothing is to follow. Example:
    [bold]oms-ledger inbox drop stripe-uk evt_1042[/]"""
    oms.connections.messages.drop(connection, message_id)
    console.print(f"{message_id}: dropped.")
