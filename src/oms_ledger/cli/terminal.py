"""What all commands of the CLI share: where they print, and which ledger they mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from oms_ledger.settings import Settings

console = Console(stderr=True, highlight=False)
"""For people: progress, tables, hints. Standard output is for what programs read."""

out = Console(highlight=False, soft_wrap=True)

LedgerOption = Annotated[
    str | None, typer.Option("--ledger", help="Which ledger; OMS_LEDGER, or else main.")
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(help="Where the embedded database keeps its data; OMS_DATA_DIR, or else .oms."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def settings(ledger: str | None, data_dir: Path | None = None) -> Settings:
    """The environment's settings, with what was said on the command line."""
    return Settings.from_environment(ledger=ledger, data_dir=data_dir)


def print_json(value: Mapping[str, Any] | list[Any]) -> None:
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode())
