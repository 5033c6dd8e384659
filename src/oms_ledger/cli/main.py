"""All commands in one place, and what becomes of errors: a sentence, a remedy, an exit code."""

from __future__ import annotations

import signal
import sys

import typer

from oms_ledger import logs
from oms_ledger.cli import (
    builds,
    checkpoint,
    command,
    demo,
    diff,
    export,
    imports,
    keys,
    personal,
    projections,
    prove,
    replay,
    retention,
    serve,
    show,
    verify,
    work,
)
from oms_ledger.cli.terminal import console
from oms_ledger.domain.errors import Invalid, NotFound, OmsError, Refused, Unavailable
from oms_ledger.privacy import cards

EXIT_CODES: dict[type[OmsError], int] = {Invalid: 2, Refused: 3, NotFound: 4, Unavailable: 5}
"""0 is success and 1 any other error; 2 is also what a misspelt option exits with."""

INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="An order management system on an event-sourced ledger."
    " Start with [bold]oms-ledger demo[/].",
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("migrate")(serve.migrate)
app.command("do")(command.do)
app.command("verify")(verify.verify)
app.command("forget")(personal.forget)
app.command("access")(personal.access)
keys.app.command("rotate-kek")(personal.rotate_kek)
app.add_typer(work.app, name="work")
app.add_typer(imports.app, name="import")
app.add_typer(show.app, name="show")
app.add_typer(replay.app, name="replay")
app.add_typer(diff.app, name="diff")
app.add_typer(projections.app, name="projections")
for operation in (builds.rebuild, builds.compare, builds.swap, builds.drop):
    projections.app.command()(operation)
app.add_typer(personal.app, name="customer")
app.add_typer(retention.app, name="retention")
app.add_typer(keys.app, name="keys")
app.add_typer(checkpoint.app, name="checkpoint")
app.add_typer(prove.app, name="prove")
app.add_typer(export.app, name="export")


def main() -> None:
    logs.configure("warning")
    # As a Ctrl-C: an embedded database that was started is stopped on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))


def run(words: list[str]) -> int:
    """Do what the words say; the exit code."""
    try:
        _refuse_cards(words)
        app(words, prog_name="oms-ledger")
    except SystemExit as end:  # which is how typer returns
        return end.code if isinstance(end.code, int) else 0
    except OmsError as error:
        tell(error)
        return exit_code(error)
    except KeyboardInterrupt:
        console.print("Stopped.")
        return INTERRUPTED
    return 0


def _refuse_cards(words: list[str]) -> None:
    """Before anybody repeats one. JSON is looked at field by field where it is read."""
    for number, word in enumerate(words, 1):
        if not word.startswith("{"):
            cards.refuse_text(word, f"argument {number}")


def tell(error: OmsError) -> None:
    console.print(f"[red]{error.code}[/]:", error.detail, soft_wrap=True)
    for each in error.errors:
        named = ", ".join(f"{name}: {value}" for name, value in each.items())
        console.print(f"  {named}", soft_wrap=True, markup=False)


def exit_code(error: OmsError) -> int:
    return next((EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES), 1)
