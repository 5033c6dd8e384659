"""What the payments through a provider came to, and the one that needs a person."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.text import Text

from oms_ledger.app import Oms
from oms_ledger.demo.provider import CONNECTION, PROVIDER
from oms_ledger.demo.summary import all_items
from oms_ledger.demo.tables import table
from oms_ledger.kernel import Position

STATUSES = (
    ("captured", "paid", "green"),
    ("partially_refunded", "paid, and a part given back", "magenta"),
    ("authorised", "reserved, not captured yet", "yellow"),
    ("requires_action", "the buyer has still to approve it", "cyan"),
)
"""Status of a payment, its meaning, and its colour."""


def show_provider(oms: Oms, console: Console, at: Position) -> None:
    """Print the payments through the provider, as of position `at` or later, and what needs a
    person; nothing where there are none."""
    payments = all_items(oms, "list_payments", {"provider": PROVIDER}, at)
    if not payments:
        return
    counts = Counter(str(payment["status"]) for payment in payments)
    shown = table("Payments by PayPal: a stand-in of it, on this machine", "", "", "", "")
    for status, meaning, colour in STATUSES:
        dots = Text("●" * counts[status], style=colour)
        shown.add_row(status, Text(meaning, style="dim"), f"{counts[status]:3}", dots)
    console.print(shown, "")
    console.print(dead_jobs(oms), soft_wrap=True)


def dead_jobs(oms: Oms) -> Text:
    """Calls to the provider that a person must see, with the commands that show them and make them
    again."""
    dead = oms.connections.list_jobs(connection=CONNECTION, state="dead")
    text = Text()
    if not dead:
        return text
    ledger = oms.settings.ledger
    job = dead[0]
    text.append(f"{len(dead)} call to PayPal needs a person: ", "bold red")
    text.append(f"{job.attempts} tries of a capture have failed ({job.code}).\n")
    for command, does in (
        ("work jobs dead", "lists it"),
        (f"work retry-job {job.job_id}", "makes it again"),
    ):
        text.append(f"  .venv/bin/oms-ledger {command} --ledger {ledger}", "green")
        text.append(f"  {does}\n", "dim")
    return text
