"""Which ledger a command works on, and how commands of the catalogue are made for it."""

from __future__ import annotations

import getpass
import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Concatenate

import typer
from pydantic import TypeAdapter, ValidationError

from oms_ledger.app import Oms, open_oms
from oms_ledger.kernel import Command
from oms_ledger.settings import Settings
from oms_ledger.validation import from_validation

LedgerOption = Annotated[
    str | None, typer.Option("--ledger", help="Which ledger; OMS_LEDGER, or else main.")
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(help="Where the embedded database keeps its data; OMS_DATA_DIR, or else .oms."),
]


def settings(ledger: str | None, data_dir: Path | None = None, **overrides: Any) -> Settings:
    """The settings of the environment; options of the command line (`overrides`) replace them."""
    return Settings.from_environment(ledger=ledger, data_dir=data_dir, **overrides)


def on_ledger(command: Callable[Concatenate[Oms, ...], None]) -> Callable[..., None]:
    """The command with options --ledger and --data-dir, which open the ledger that is its first
    argument."""

    @wraps(command)
    def opened(ledger: str | None, data_dir: Path | None, **given: object) -> None:
        with open_oms(settings(ledger, data_dir)) as oms:
            command(oms, **given)

    signature = inspect.signature(command, eval_str=True)
    _, *own = signature.parameters.values()
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=option)
        for name, option in (("ledger", LedgerOption), ("data_dir", DataDirOption))
    ]
    signature = signature.replace(parameters=[*own, *options])
    opened.__signature__ = signature  # type: ignore[attr-defined]  # where typer looks
    return opened


def cli_actor() -> str:
    """The actor of what the program does: the user who runs it."""
    return f"cli:{getpass.getuser()}"


def build_command(kind: type[Command], fields: Mapping[str, Any] | str) -> Command:
    """A command with these fields, or with those of a JSON text. Raises `Invalid`, which names each
    wrong field."""
    adapter: TypeAdapter[Command] = TypeAdapter(kind)
    try:
        if isinstance(fields, str):
            return adapter.validate_json(fields)
        return adapter.validate_python(fields)
    except ValidationError as error:
        raise from_validation(error) from None
