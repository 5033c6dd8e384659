"""`connections`: accounts at vendors, their secrets and their health."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.table import Table

from oms_commands.connections.pause import PauseConnection
from oms_commands.connections.put import PutConnection
from oms_commands.connections.resume import ResumeConnection
from oms_ledger.app import Oms
from oms_ledger.cli.ledger import build_command, cli_actor, on_ledger
from oms_ledger.cli.terminal import JsonOption, console, out, print_json, time_text
from oms_ledger.domain.connections.views import connection_view
from oms_ledger.domain.errors import Refused, invalid_field
from oms_ledger.domain.json_values import plain_values
from oms_ledger.integrations.ledger import ConnectionStatus

app = typer.Typer(
    no_args_is_help=True,
    help="Accounts at vendors: define, test, pause; their secrets and their health.",
)

NameArgument = Annotated[str, typer.Argument(help="The name of the connection.")]


@app.command()
@on_ledger
def add(
    oms: Oms,
    name: NameArgument,
    vendor: Annotated[str, typer.Argument(help="As docs/integrations/ names it.")],
    base_url: Annotated[
        str | None, typer.Option(help="Where the vendor's API is, if not where it is by default.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="The channel it belongs to.")] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE, no secret. Repeatable.")
    ] = None,
) -> None:
    """Define a connection, or define it anew. Its secrets are sent apart.

    Example: [bold]oms-ledger connections add stripe-uk stripe --channel web[/]
    """
    fields = {
        "connection": name,
        "vendor": vendor,
        "base_url": base_url,
        "channel": channel,
        "options": dict(map(_pair, option or ())),
    }
    oms.execute(build_command(PutConnection, fields), actor=cli_actor())
    console.print(f"{name} is defined. Send its secrets: oms-ledger connections secrets {name} -")


@app.command()
@on_ledger
def secrets(
    oms: Oms,
    name: NameArgument,
    file: Annotated[
        str, typer.Argument(help="A file with a JSON object of secrets by name; - reads the input.")
    ] = "-",
) -> None:
    """Replace the secrets of a connection. They are sealed, and never shown again.

    Example: [bold]oms-ledger connections secrets stripe-uk - < stripe.json[/]
    """
    text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict) or not all(isinstance(each, str) for each in given.values()):
        raise invalid_field("file", "Write a JSON object of texts: each secret by its name.")
    status = oms.connections.put_secrets(name, given, cli_actor())
    console.print(f"{name} has these secrets now: {', '.join(status.names)}.")


@app.command()
@on_ledger
def test(oms: Oms, name: NameArgument) -> None:
    """Call the vendor without changing anything there. Example:
    [bold]oms-ledger connections test stripe-uk[/]"""
    code = oms.connections.test(name)
    if code is not None:
        raise Refused(
            f"{name} does not work: {code}. docs/integrations/README.md says what that means.",
            code="connection_failed",
        )
    console.print(f"{name} works.")


@app.command("list")
@on_ledger
def list_(oms: Oms, json: JsonOption = False) -> None:
    """Connections, and how they are doing. Example: [bold]oms-ledger connections list[/]"""
    statuses = oms.connections.statuses()
    if json:
        print_json([_json(each) for each in statuses])
        return
    table = Table("Connection", "Vendor", "State", "Last success", "Waiting", "Dead", "Failure")
    for each in statuses:
        defined, health = each.connection.defined, each.health
        table.add_row(
            each.name,
            "" if defined is None else defined.vendor,
            _state(each),
            time_text(health.last_success if health else None),
            f"{each.backlog:,}",
            f"{each.dead:,}",
            (health.last_error or "") if health and each.is_failing else "",
        )
    out.print(table if statuses else "No connections yet. Add one: oms-ledger connections add")


@app.command()
@on_ledger
def pause(
    oms: Oms,
    name: NameArgument,
    reason: Annotated[str | None, typer.Option(help="Kept in the ledger.")] = None,
) -> None:
    """Stop calling a vendor until it is resumed. Example:
    [bold]oms-ledger connections pause stripe-uk[/]"""
    fields = {"connection": name, "reason": reason}
    oms.execute(build_command(PauseConnection, fields), actor=cli_actor())
    console.print(f"{name} is paused. oms-ledger connections resume {name} ends that.")


@app.command()
@on_ledger
def resume(oms: Oms, name: NameArgument) -> None:
    """Call a vendor again after a pause. Example:
    [bold]oms-ledger connections resume stripe-uk[/]"""
    oms.execute(build_command(ResumeConnection, {"connection": name}), actor=cli_actor())
    console.print(f"{name} is called again.")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise invalid_field("--option", f"{text!r}: write NAME=VALUE.")
    return name, value


def _state(status: ConnectionStatus) -> str:
    if status.connection.paused:
        return "paused"
    if status.secrets is None:
        return "no secrets"
    if status.health is not None and status.health.blocked_until is not None:
        return "rate limited"
    return "failing" if status.is_failing else "ok"


def _json(status: ConnectionStatus) -> dict[str, object]:
    health = plain_values(status.health._asdict() if status.health else {})
    return {
        **connection_view(status.connection),
        "secrets": list(status.secrets.names) if status.secrets else [],
        "health": {**health, "backlog": status.backlog, "dead": status.dead},
    }
