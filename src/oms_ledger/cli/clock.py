"""`clock`: the clocks of program, database and ledger, and setting the ledger's back."""

from __future__ import annotations

from typing import Annotated

import typer

from oms_ledger.app import Oms
from oms_ledger.cli.ledger import cli_actor, on_ledger
from oms_ledger.cli.terminal import JsonOption, console, out, print_json
from oms_ledger.domain.json_values import rfc3339

app = typer.Typer(no_args_is_help=True, help="The clocks of program, database and ledger.")


@app.command()
@on_ledger
def show(oms: Oms, json: JsonOption = False) -> None:
    """The time by each clock, what is wrong with it, and where the ledger's was set back.

    Example: [bold]oms-ledger clock show[/]
    """
    reading, faults = oms.clock(), oms.clock_faults()
    times = {name: rfc3339(getattr(reading, name)) for name in ("process", "database", "ledger")}
    made = [
        {
            "position": each.position,
            "was": rfc3339(each.was),
            "corrected_at": rfc3339(each.corrected_at),
            "actor": each.actor,
            "reason": each.reason,
        }
        for each in oms.readers.clock_corrections()
    ]
    if json:
        print_json({**times, "faults": faults, "corrections": made})
        return
    for name, at in times.items():
        out.print(f"{name:9} {at}")
    for line in faults or ["The clocks agree."]:
        out.print(line, soft_wrap=True, markup=False, highlight=False)
    for each in made:
        text = f"Set back behind event {each['position']}: from {each['was']} to"
        text = f"{text} {each['corrected_at']} by {each['actor']}: {each['reason']}"
        out.print(text, soft_wrap=True, markup=False, highlight=False)


@app.command()
@on_ledger
def mend(
    oms: Oms,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
) -> None:
    """Set the ledger's time, which is ahead since a clock was, back to the true time. What is
    recorded stays as it is; later events get the true time.

    Example: [bold]oms-ledger clock mend --reason "api-2 was in 2036 on 3 March"[/]
    """
    made = oms.mend_clock(actor=cli_actor(), reason=reason)
    console.print(
        f"The ledger's time was {rfc3339(made.was)} and is {rfc3339(made.corrected_at)} behind"
        f" event {made.position}."
    )
