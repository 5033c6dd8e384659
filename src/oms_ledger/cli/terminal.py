"""Where the commands print: consoles for people, standard output for programs.

Names, reasons and codes are what customers and other programs wrote. The consoles of this module
print every text as it is: nothing in it counts as markup, and characters that would steer the
terminal are left out. Styles are given by `rich.text.Text`, never by markup in a string.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
import typer
from rich.console import (
    Console,
    ConsoleOptions,
    ConsoleRenderable,
    RenderableType,
    RenderHook,
    RenderResult,
)

from oms_ledger.privacy.disclosure import masked

_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, but for the tab and the line feed
    "\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # changes of the direction of writing
)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def printable(text: str) -> str:
    """The text without characters that steer a terminal: escape sequences end up as plain text,
    and none of it is written from right to left by its own order."""
    return _STEERING.sub("", text)


class _Printable:
    """A renderable whose text is made printable after its layout; what the console itself sends
    to the terminal (colours, the cursor of a progress bar) stays."""

    def __init__(self, content: RenderableType) -> None:
        self._content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._content, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


class _PrintableHook(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Printable(each) for each in renderables]


def plain_console(*, stderr: bool = False) -> Console:
    """A console that prints texts as they are."""
    made = Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=not stderr)
    made.push_render_hook(_PrintableHook())
    return made


console = plain_console(stderr=True)
"""For people: progress, tables, hints. Standard output is for what programs read."""

out = plain_console()


def print_line(text: str, *, end: str = "\n") -> None:
    """Print text for people on standard output, without wrapping it."""
    typer.echo(printable(text) + end, nl=False)


def time_text(at: datetime | None) -> str:
    """A time in a table: UTC, to the second."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def print_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print a value as JSON on standard output; sealed texts in it are masked."""
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str)
    typer.echo(masked(text).decode())
