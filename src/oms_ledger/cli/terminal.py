"""Where the commands print: consoles for people, standard output for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from oms_ledger.privacy.disclosure import masked

console = Console(stderr=True, highlight=False)
"""For people: progress, tables, hints. Standard output is for what programs read."""

out = Console(highlight=False, soft_wrap=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def print_json(value: Mapping[str, Any] | list[Any]) -> None:
    """What is still sealed in it stays out of sight."""
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str)
    typer.echo(masked(text).decode())
