"""Which ledger a command works on, and how commands of the catalogue are made for it."""

from __future__ import annotations

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


def settings(ledger: str | None, data_dir: Path | None = None, **said: Any) -> Settings:
    """The environment's settings, with what was said on the command line."""
    return Settings.from_environment(ledger=ledger, data_dir=data_dir, **said)


def on_ledger(command: Callable[Concatenate[Oms, ...], None]) -> Callable[..., None]:
    """The same with --ledger and --data-dir, which say what its first argument is."""

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


def checked(kind: type[Command], fields: Mapping[str, Any] | str) -> Command:
    """The command with these fields, or with those of a JSON text; `Invalid` says what is wrong
    with them."""
    adapter: TypeAdapter[Command] = TypeAdapter(kind)
    try:
        if isinstance(fields, str):
            return adapter.validate_json(fields)
        return adapter.validate_python(fields)
    except ValidationError as error:
        raise from_validation(error) from None
