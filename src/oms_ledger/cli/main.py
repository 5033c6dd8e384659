"""All commands in one place; errors become a message with a remedy, and an exit code."""

from __future__ import annotations

import signal
import sys
from typing import Any

import typer
from rich.text import Text
from typer.core import TyperGroup

from oms_ledger import logs
from oms_ledger.cli.lazy import LazyCommand
from oms_ledger.cli.terminal import console
from oms_ledger.domain.errors import Invalid, NotFound, OmsError, Refused, Unavailable
from oms_ledger.privacy import cards

EXIT_CODES: dict[type[OmsError], int] = {Invalid: 2, Refused: 3, NotFound: 4, Unavailable: 5}
"""0 is success and 1 any other error; 2 is also what a misspelt option exits with."""

INTERRUPTED = 130

COMMANDS = (
    ("demo", "demo", "Fill a small shop with 60 days of orders, show it, and serve it."),
    ("serve", "serve", "Serve the API and keep the read models up to date, until Ctrl-C."),
    ("migrate", "serve", "Make the ledger, or bring it up to date; serving does this by itself."),
    ("do", "command", "Ask the ledger for something, by command."),
    (
        "verify",
        "verify",
        "Fold the whole log and compare: tree, streams, stock, money, receipts, read models.",
    ),
    (
        "forget",
        "personal",
        "Forget a customer, for ever: nothing personal that is known of them can be read again. Who"
        " ordered without an id or an address is order:ID.",
    ),
    (
        "access",
        "personal",
        "Who was shown whose personal data, when and what for; the newest first.",
    ),
)
"""The single commands: name (also that of the function), module of `oms_ledger.cli`, help."""

GROUPS = (
    (
        "work",
        "work",
        "Keep the read models up to date, without an API, until Ctrl-C; or list how that goes.",
    ),
    (
        "connections",
        "connections",
        "Accounts at vendors: define, test, pause; their secrets and their health.",
    ),
    (
        "inbox",
        "inbox",
        "Messages that vendors have sent: list them, translate one again, drop one.",
    ),
    ("import", "imports", "Bring in orders from other systems' files."),
    ("show", "show", "Look up an order or the stock of a SKU."),
    (
        "replay",
        "replay",
        "Tell the history from the ledger: what happened, who asked for it, why, and what it"
        " changed. The same ledger tells the same, byte for byte.",
    ),
    ("diff", "diff", "What changed between two moments, field by field, and how."),
    ("projections", "projections", "Read models: how far they are, and repairs."),
    ("customer", "personal", "Everything that is known of a customer."),
    ("retention", "retention", "How long personal data is kept."),
    ("clock", "clock", "The clocks of program, database and ledger."),
    (
        "routing",
        "routing",
        "Which places orders are sent from: rules tried on past orders, and orders routed anew.",
    ),
    ("keys", "keys", "API keys: who may come in, and what they may do."),
    ("checkpoint", "checkpoint", "Signed checkpoints of the ledger, and the keys that sign them."),
    ("prove", "prove", "Prove that an event is in the ledger, as JSON."),
    (
        "export",
        "export",
        "Events with proofs and the signed checkpoint. They hold what they hold of people: keep"
        " them as you keep the ledger. oms-ledger-verify checks them.",
    ),
)
"""The groups: name, module of `oms_ledger.cli` whose `app` it is, help."""


class Program(TyperGroup):
    """`oms-ledger`: its commands in the order in which `--help` lists them."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, module, help_ in COMMANDS:
            self.add_command(LazyCommand(name, f"oms_ledger.cli.{module}", name, help_))
        for name, module, help_ in GROUPS:
            self.add_command(LazyCommand(name, f"oms_ledger.cli.{module}", "app", help_))


app = typer.Typer(cls=Program, rich_markup_mode="rich", pretty_exceptions_enable=False)


@app.callback(no_args_is_help=True)
def program() -> None:
    """An order management system on an event-sourced ledger. Start with
    [bold]oms-ledger demo[/]."""


def main() -> None:
    logs.configure("warning")
    # As a Ctrl-C: an embedded database that was started is stopped on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))


def run(words: list[str]) -> int:
    """Run the command that `words` name; its exit code."""
    try:
        _refuse_cards(words)
        app(words, prog_name="oms-ledger")
    except SystemExit as end:  # which is how typer returns
        return end.code if isinstance(end.code, int) else 0
    except OmsError as error:
        print_error(error)
        return exit_code(error)
    except KeyboardInterrupt:
        console.print("Stopped.")
        return INTERRUPTED
    return 0


def _refuse_cards(words: list[str]) -> None:
    """Refuse card numbers in arguments, before any message repeats them. JSON is checked field by
    field where it is parsed."""
    for number, word in enumerate(words, 1):
        if not word.startswith("{"):
            cards.refuse_text(word, f"argument {number}")


def print_error(error: OmsError) -> None:
    console.print(Text.assemble((error.code, "red"), f": {error.detail}"), soft_wrap=True)
    for each in error.errors:
        named = ", ".join(f"{name}: {value}" for name, value in each.items())
        console.print(f"  {named}", soft_wrap=True)


def exit_code(error: OmsError) -> int:
    return next((EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES), 1)
