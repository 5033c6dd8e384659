"""Personal data: erase a customer, legal holds, export, and the record of disclosures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from oms_commands.customers.forget import ForgetCustomer
from oms_commands.customers.hold import HoldCustomer
from oms_commands.customers.release_hold import ReleaseCustomerHold
from oms_ledger.app import Oms, open_oms
from oms_ledger.cli.ledger import (
    DataDirOption,
    LedgerOption,
    build_command,
    cli_actor,
    on_ledger,
    settings,
)
from oms_ledger.cli.lookup import run_query
from oms_ledger.cli.page import customer_page
from oms_ledger.cli.private_files import write_private
from oms_ledger.cli.terminal import JsonOption, console, out, print_json

app = typer.Typer(no_args_is_help=True, help="Everything that is known of a customer.")

PersonArgument = Annotated[str, typer.Argument(help="The customer's id, or a guest's e-mail.")]
ReasonOption = Annotated[str, typer.Option(help="Why; is kept, so write nothing personal.")]


def forget(
    customer: PersonArgument,
    reason: ReasonOption,
    note: Annotated[str | None, typer.Option(help="A ticket, say; is kept too.")] = None,
    ledger: LedgerOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Forget a customer, for ever: nothing personal that is known of them can be read again. Who
    ordered without an id or an address is order:ID.

    Example: [bold]oms-ledger forget 17850 --reason "erasure request"[/]
    """
    command = build_command(
        ForgetCustomer, {"customer_id": customer, "reason": reason, "note": note}
    )
    with open_oms(settings(ledger, data_dir)) as oms:
        outcome = oms.execute(command, actor=cli_actor())
    console.print(f"Forgotten. The receipt is at position {outcome.position}.")
    console.print("Backups of the table subject_keys still hold the key: see docs/privacy.md.")


@app.command()
@on_ledger
def hold(
    oms: Oms,
    customer: PersonArgument,
    reason: ReasonOption,
    reference: Annotated[str | None, typer.Option(help="A case number, say; is kept.")] = None,
) -> None:
    """Place a legal hold: until it is released, nobody and no period has the customer forgotten.

    Example: [bold]oms-ledger customer hold 17850 --reason litigation --reference "case 12"[/]
    """
    fields = {"customer_id": customer, "reason": reason, "reference": reference}
    outcome = oms.execute(build_command(HoldCustomer, fields), actor=cli_actor())
    out.print(outcome.answer["hold_id"])
    console.print(f"Held, at position {outcome.position}.")


@app.command()
@on_ledger
def release(
    oms: Oms,
    customer: PersonArgument,
    hold_id: Annotated[str, typer.Argument(help="The hold's id.")],
    reason: ReasonOption,
) -> None:
    """Release a legal hold.

    Example: [bold]oms-ledger customer release 17850 HOLD --reason "case closed"[/]
    """
    fields = {"customer_id": customer, "hold_id": hold_id, "reason": reason}
    outcome = oms.execute(build_command(ReleaseCustomerHold, fields), actor=cli_actor())
    left = outcome.answer["holds"]
    count = len(left) if isinstance(left, list) else 0
    console.print(f"Released, at position {outcome.position}. Holds that are left: {count}.")


@app.command()
def export(
    customer: PersonArgument,
    purpose: Annotated[str, typer.Option(help="What for; goes on record.")] = "subject access",
    html: Annotated[Path | None, typer.Option(help="Write a page for people into a file.")] = None,
    ledger: LedgerOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Everything about one customer, as JSON or as a readable page.

    Example: [bold]oms-ledger customer export 17850 --html 17850.html[/]
    """
    with open_oms(settings(ledger, data_dir)) as oms:
        oms.catch_up()
        answer = run_query(oms, "export_customer", purpose=purpose, customer_id=customer)
    if html is None:
        print_json(answer)
        return
    write_private(html, customer_page(answer))
    console.print(f"Written: {html}. It holds personal data; send it, then delete it.")


def access(
    customer: Annotated[str | None, typer.Option(help="Of this customer's data alone.")] = None,
    order: Annotated[
        str | None, typer.Option(help="Of what this sensitive order is about alone, by id.")
    ] = None,
    actor: Annotated[str | None, typer.Option(help="By this actor alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: JsonOption = False,
    ledger: LedgerOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Who was shown whose personal data, when and what for; the newest first.

    Example: [bold]oms-ledger access --customer 17850[/]
    """
    with open_oms(settings(ledger, data_dir)) as oms:
        items = oms.accesses(customer=customer, order=order, actor=actor, limit=limit)
    if json:
        print_json(list(items))
        return
    table = Table("When", "Who", "What for", "Where", "Whose")
    for item in items:
        subjects = ", ".join(_subjects_of(item))
        texts = (str(item[name]) for name in ("actor", "purpose", "route"))
        table.add_row(str(item["at"])[:19], *texts, subjects)
    out.print(table if items else "Nobody was shown anything.")


def _subjects_of(item: Mapping[str, Any]) -> list[str]:
    """The persons whose data was disclosed, and the sensitive orders and drafts whose content
    was."""
    orders = (f"sensitive order {each}" for each in item["sensitive_orders"])
    return [*item["subjects"], *orders, *(f"sensitive draft {d}" for d in item["sensitive_drafts"])]
