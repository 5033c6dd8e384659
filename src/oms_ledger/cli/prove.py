"""`prove`: inclusion and consistency proofs, to be checked elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

from oms_ledger.app import Oms
from oms_ledger.audit.tree.proofs import Prover
from oms_ledger.cli.ledger import on_ledger
from oms_ledger.cli.terminal import print_json

app = typer.Typer(no_args_is_help=True, help="Prove that an event is in the ledger, as JSON.")


@app.command()
@on_ledger
def inclusion(
    oms: Oms,
    position: Annotated[int, typer.Argument(help="The event's position.")],
    size: Annotated[
        int | None, typer.Option(help="In the tree of so many events; the newest checkpoint's.")
    ] = None,
) -> None:
    """That an event stands at its position, byte for byte.

    Example: [bold]oms-ledger prove inclusion 42[/]
    """
    print_json(Prover(oms.audit.tree()).inclusion(position, size))


@app.command()
@on_ledger
def consistency(
    oms: Oms,
    a: Annotated[int, typer.Argument(metavar="A", help="Size of the earlier tree.")],
    b: Annotated[
        int | None,
        typer.Argument(metavar="[B]", help="Size of the later; the newest checkpoint's."),
    ] = None,
) -> None:
    """That the history of A events is the beginning of that of B events.

    Example: [bold]oms-ledger prove consistency 100 200[/]
    """
    print_json(Prover(oms.audit.tree()).consistency(a, b))
