"""Signed checkpoints of the tree: show, store outside, and the keys that sign them."""

from __future__ import annotations

from typing import Annotated

import typer

from oms_ledger.app import Oms
from oms_ledger.audit.anchors.schedule import STORE_FORMS, anchor_store_or_file
from oms_ledger.audit.tree import keys as audit_keys
from oms_ledger.audit.tree import notes
from oms_ledger.audit.tree.proofs import Prover, checkpoint_json
from oms_ledger.cli.ledger import on_ledger
from oms_ledger.cli.terminal import JsonOption, console, print_json

app = typer.Typer(
    no_args_is_help=True, help="Signed checkpoints of the ledger, and the keys that sign them."
)


@app.command()
@on_ledger
def show(oms: Oms, json: JsonOption = False) -> None:
    """Print the newest signed checkpoint. Example: [bold]oms-ledger checkpoint show[/]"""
    newest = Prover(oms.audit.tree()).checkpoint()
    if json:
        print_json(dict(checkpoint_json(newest)))
    else:
        typer.echo(newest.note, nl=False)


@app.command()
@on_ledger
def seal(oms: Oms) -> None:
    """Seal all events there are and leave, where no worker runs. Example:
    [bold]oms-ledger checkpoint seal[/]"""
    with console.status("Sealing ...") as status:
        size = oms.audit.sealer().catch_up(
            lambda done, of: status.update(f"Sealed {done:,} of {of:,} events ...")
        )
    console.print(f"{size:,} events are sealed.")


@app.command()
@on_ledger
def export(
    oms: Oms,
    where: Annotated[
        str,
        typer.Argument(
            metavar="PLACE",
            help=f"A file (appended to), or one of {STORE_FORMS}.",
        ),
    ],
) -> None:
    """Keep the newest checkpoint outside the database, where a cut-off tail will show.

    Example: [bold]oms-ledger checkpoint export /mnt/safe/anchors.txt[/]
    """
    store = anchor_store_or_file(where)
    prover = Prover(oms.audit.tree())
    newest = prover.checkpoint()
    note = store.keep(newest, prover)
    console.print(f"The checkpoint of {newest.size:,} events is kept in {store.name}.")
    typer.echo(note, nl=False)


@app.command()
@on_ledger
def keys(oms: Oms, json: JsonOption = False) -> None:
    """The verifier keys, the newest last: for those who check signatures. Keep them elsewhere.
    Example: [bold]oms-ledger checkpoint keys[/]"""
    stored = oms.audit.tree().signing_keys()
    if json:
        print_json([{"key": str(each.key), "from_size": each.from_size} for each in stored])
        return
    for each in stored:
        typer.echo(str(each.key))
    if not stored:
        console.print("Nothing has been signed yet. Start a worker, or: oms-ledger checkpoint seal")


@app.command("rotate-key")
@on_ledger
def rotate_key(
    oms: Oms,
    lost: Annotated[
        bool, typer.Option("--lost", help="The old key is gone: it does not hand over.")
    ] = False,
) -> None:
    """Sign with a new key from now on; the old one signs that it hands over.

    Example: [bold]oms-ledger checkpoint rotate-key[/]
    """
    tree = oms.audit.writable_tree()
    ledger_id = tree.state().ledger_id
    name = notes.origin(oms.settings.ledger, ledger_id)
    made = audit_keys.rotate(tree, oms.audit.signing_key_file(ledger_id), name, lost=lost)
    typer.echo(str(made))
    if lost:
        console.print("Nobody hands over to this key. Tell all who verify, by another way.")
