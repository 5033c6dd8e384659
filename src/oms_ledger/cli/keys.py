"""API keys: made, listed, revoked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from oms_ledger.app import Oms, open_oms
from oms_ledger.cli.terminal import (
    DataDirOption,
    JsonOption,
    LedgerOption,
    console,
    out,
    print_json,
    settings,
)
from oms_ledger.security.api_keys import opens, prefix_of

app = typer.Typer(no_args_is_help=True, help="API keys: who may come in.")

LOCAL_KEY = "local"
"""The name of the key that is made for whoever starts an embedded ledger."""


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is; events call the actor key:NAME.")],
    ledger: LedgerOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Make a key and print it, once. Example: [bold]oms-ledger keys create webshop[/]"""
    with open_oms(settings(ledger, data_dir)) as oms:
        typer.echo(oms.create_key(name))
    console.print(
        "This is the only time it is shown: only a hash is kept. Send it as"
        " `Authorization: Bearer <key>`."
    )


@app.command("list")
def list_(
    json: JsonOption = False, ledger: LedgerOption = None, data_dir: DataDirOption = None
) -> None:
    """All keys there ever were. Example: [bold]oms-ledger keys list[/]"""
    with open_oms(settings(ledger, data_dir)) as oms:
        keys = oms.list_keys()
    if json:
        fields = ("id", "prefix", "name", "created_at", "revoked_at")
        print_json([{name: getattr(key, name) for name in fields} for key in keys])
        return
    table = Table("Name", "Starts with", "Made", "Revoked")
    for key in keys:
        revoked = f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else ""
        table.add_row(key.name, f"oms_{key.prefix}", f"{key.created_at:%Y-%m-%d %H:%M}", revoked)
    out.print(table if keys else "No keys yet. Make one: oms-ledger keys create NAME")


@app.command()
def revoke(
    which: Annotated[str, typer.Argument(help="A key's name, prefix or id.")],
    ledger: LedgerOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Revoke a key; it stops working within seconds. Example:
    [bold]oms-ledger keys revoke webshop[/]"""
    with open_oms(settings(ledger, data_dir)) as oms:
        for key in oms.revoke_keys(which):
            console.print(f"Revoked {key.name} (oms_{key.prefix}).")


def local_key(oms: Oms) -> tuple[str, Path]:
    """The key of whoever runs an embedded ledger, and the file in the data folder that keeps
    it. Made on first use, and again when it was revoked."""
    file = oms.settings.data_dir / f"api-key-{oms.settings.ledger}"
    if file.exists():
        text = file.read_text("utf-8").strip()
        prefix = prefix_of(text)
        known = oms.find_key(prefix) if prefix else None
        if known is not None and opens(text, known):
            return text, file
    text = oms.create_key(LOCAL_KEY)
    file.touch(mode=0o600)
    file.write_text(text + "\n", "utf-8")
    return text, file
