"""The worker, and how its loops are doing: `oms-ledger work` runs, `oms-ledger work list` shows."""

from __future__ import annotations

import signal
import threading
from datetime import datetime

import typer
from rich.table import Table

from oms_ledger import logs
from oms_ledger.app import Oms, prepared
from oms_ledger.cli.ledger import DataDirOption, LedgerOption, on_ledger, settings
from oms_ledger.cli.terminal import JsonOption, console, out, print_json
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.engine.work.state import WorkState
from oms_ledger.worker.worker import work as work_until_stopped

app = typer.Typer(invoke_without_command=True)


@app.callback()
def work(
    context: typer.Context, ledger: LedgerOption = None, data_dir: DataDirOption = None
) -> None:
    """Keep the read models up to date, without an API, until Ctrl-C; or list how that goes.

    Example: [bold]oms-ledger work[/]  (as many as you like; one folds, the others stand by)
    """
    if context.invoked_subcommand is not None:
        if ledger is not None or data_dir is not None:
            raise typer.BadParameter("Write --ledger and --data-dir behind the subcommand.")
        return
    given = settings(ledger, data_dir)
    logs.configure(given.log_level)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with prepared(given) as ready:
        console.print(f"Folding ledger {given.ledger}. Ctrl-C stops.")
        work_until_stopped(ready, stop)


@app.command("list")
@on_ledger
def list_(oms: Oms, json: JsonOption = False) -> None:
    """How each loop of the workers is doing. Example: [bold]oms-ledger work list[/]"""
    states = oms.readers.work_states()
    if json:
        print_json([_json(state) for state in states])
        return
    if not states:
        console.print("No worker has run yet. Start one: oms-ledger work, or oms-ledger serve.")
        return
    table = Table("Loop", "State", "Last success", "Failing since", "Failures")
    for state in states:
        times = (_time(state.last_success), _time(state.failing_since))
        table.add_row(state.name, _health(state), *times, f"{state.failures:,}")
    out.print(table)
    for state in states:
        if state.failures:
            out.print(
                f"{state.name}: {state.last_error} Process {state.holder}, next try at"
                f" {_time(state.next_try)}.",
                soft_wrap=True,
                markup=False,
                highlight=False,
            )


def _health(state: WorkState) -> str:
    if not state.failures:
        return "ok"
    return "degraded" if state.degraded else "failing"


def _time(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def _json(state: WorkState) -> dict[str, object]:
    """All fields, with times in RFC 3339, and whether `/readyz` names the loop."""
    fields = {
        name: rfc3339(value) if isinstance(value, datetime) else value
        for name, value in state._asdict().items()
    }
    return {**fields, "degraded": state.degraded}
