"""`export`: events with inclusion proofs and the signed checkpoint, as evidence."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import typer

from oms_ledger.app import Oms
from oms_ledger.audit.export.json_lines import export_customer, export_order, export_range
from oms_ledger.audit.export.parquet import write_parquet
from oms_ledger.cli.ledger import on_ledger
from oms_ledger.cli.lookup import CustomerArgument, OrderArgument, order_id_of
from oms_ledger.cli.private_files import opened_private
from oms_ledger.cli.terminal import console
from oms_ledger.domain.errors import Invalid

app = typer.Typer(
    no_args_is_help=True,
    help="Events with proofs and the signed checkpoint. They hold what they hold of people:"
    " keep them as you keep the ledger. oms-ledger-verify checks them.",
)

SizeOption = Annotated[
    int | None, typer.Option(help="Against the checkpoint of this size; otherwise the newest.")
]
OutOption = Annotated[Path | None, typer.Option(help="The file to write; standard output.")]


class ExportFormat(StrEnum):
    """File formats of `export range`."""

    JSONL = "jsonl"
    PARQUET = "parquet"


@app.command("range")
@on_ledger
def range_(
    oms: Oms,
    first: Annotated[int, typer.Argument(help="The first position.")],
    last: Annotated[int, typer.Argument(help="The last position.")],
    format_: Annotated[
        ExportFormat, typer.Option("--format", help="What to write.")
    ] = ExportFormat.JSONL,
    out: OutOption = None,
    size: SizeOption = None,
) -> None:
    """The events from one position to another, with one proof for all of them.

    Example: [bold]oms-ledger export range 1 1000 --out evidence.jsonl[/]
    """
    if format_ is ExportFormat.PARQUET and out is None:
        raise Invalid("--out: Parquet is no text. Name the file to write.")
    if format_ is ExportFormat.PARQUET and out is not None:
        events = write_parquet(oms.audit.tree(), out, first, last, size)
        console.print(f"{events:,} events are in {out}.")
        return
    _write(export_range(oms.audit.tree(), first, last, size), out)


@app.command()
@on_ledger
def order(
    oms: Oms,
    which: OrderArgument,
    out: OutOption = None,
    size: SizeOption = None,
) -> None:
    """An order, its shipments and its stock, each event with a proof.

    Example: [bold]oms-ledger export order WEB-000042 --out evidence.jsonl[/]
    """
    order_id = order_id_of(oms, which)
    _write(export_order(oms.audit.tree(), order_id, size), out)


@app.command()
@on_ledger
def customer(
    oms: Oms,
    which: CustomerArgument,
    out: OutOption = None,
    size: SizeOption = None,
) -> None:
    """All orders of a customer, each event with a proof.

    Example: [bold]oms-ledger export customer 17850 --out evidence.jsonl[/]
    """
    _write(export_customer(oms.audit.tree(), which, size), out)


def _write(lines: Iterator[str], file: Path | None) -> None:
    first = next(lines)  # so that an error comes before a file is created
    with _opened(file) as out:
        out.write(first)
        out.writelines(lines)
    if file is not None:
        console.print(f"Written to {file}.", soft_wrap=True)


@contextmanager
def _opened(file: Path | None) -> Iterator[TextIO]:
    if file is None:
        yield sys.stdout
        return
    try:
        with opened_private(file) as out:
            yield out
    except OSError as error:
        raise Invalid(f"--out: {file} cannot be written: {error}.") from error
