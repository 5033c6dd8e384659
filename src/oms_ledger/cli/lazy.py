"""Commands whose modules are imported when they run, so that `--help` and each command load only
what they need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command, get_group


class LazyCommand(TyperCommand):
    """A command or a group of commands by its place: `module`, and `attribute` in it, which is a
    function or a `typer.Typer`. `help_` repeats the first paragraph of its help, for the list of
    all commands."""

    def __init__(self, name: str, module: str, attribute: str, help_: str) -> None:
        super().__init__(name, help=help_)
        self.module = module
        self.attribute = attribute

    def load(self) -> Any:
        """The command itself."""
        value = getattr(import_module(self.module), self.attribute)
        if isinstance(value, typer.Typer):
            group = get_group(value)
            group.name = self.name
            return group
        single = typer.Typer(add_completion=False)
        single.command(self.name)(value)
        return get_command(single)

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """The context of the command itself, which is what is parsed and run from here on."""
        return self.load().make_context(info_name, args, parent=parent, **extra)
