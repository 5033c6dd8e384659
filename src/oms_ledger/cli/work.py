"""The worker, how its loops and policies are doing, and the commands of policies and deadlines that
were refused."""

from __future__ import annotations

import signal
import threading
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from oms_ledger import logs
from oms_ledger.app import Oms, prepared
from oms_ledger.cli.ledger import DataDirOption, LedgerOption, on_ledger, settings
from oms_ledger.cli.terminal import JsonOption, console, out, print_json, time_text
from oms_ledger.domain.errors import invalid_field
from oms_ledger.domain.json_values import plain, plain_values
from oms_ledger.engine.work.jobs import STATES
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
        times = (time_text(state.last_success), time_text(state.failing_since))
        table.add_row(state.name, _health(state), *times, f"{state.failures:,}")
    out.print(table)
    for state in states:
        if state.failures:
            out.print(
                f"{state.name}: {state.last_error} Process {state.holder}, next try at"
                f" {time_text(state.next_try)}.",
                soft_wrap=True,
                markup=False,
                highlight=False,
            )
    _print_policies(oms)
    _print_jobs(oms)


def _print_jobs(oms: Oms) -> None:
    counts = oms.connections.job_counts()
    if not counts:
        return
    table = Table("Connection", "Jobs", "Count", "Oldest")
    for each in counts:
        age = timedelta(seconds=round(each.oldest_seconds))
        table.add_row(each.connection, each.state, f"{each.jobs:,}", str(age))
    out.print(table)
    if dead := sum(each.jobs for each in counts if each.state == "dead"):
        console.print(f"{dead:,} jobs are dead. They wait for a person: oms-ledger work jobs dead")


@app.command("jobs")
@on_ledger
def jobs(
    oms: Oms,
    state: Annotated[
        str | None, typer.Argument(help=f"Only those that are: {', '.join(STATES)}.")
    ] = None,
    connection: Annotated[str | None, typer.Option(help="Only those of this connection.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 50,
    json: JsonOption = False,
) -> None:
    """Calls to vendors that wait, were done or failed; the newest first. Example:
    [bold]oms-ledger work jobs dead[/]"""
    if state is not None and state not in STATES:
        raise invalid_field("state", f"Write one of: {', '.join(STATES)}.")
    items = oms.connections.list_jobs(connection=connection, state=state, limit=limit)
    if json:
        print_json([plain_values(each._asdict()) for each in items])
        return
    table = Table("Job", "Connection", "State", "Tries", "Due", "Failure")
    for each in items:
        due = time_text(each.due_at) if each.state in ("waiting", "running") else ""
        table.add_row(
            each.job_id, each.connection, each.state, str(each.attempts), due, each.code or ""
        )
    out.print(table if items else "There are no such jobs.")


JobArgument = Annotated[str, typer.Argument(help="As in `oms-ledger work jobs`.")]


@app.command("retry-job")
@on_ledger
def retry_job(oms: Oms, job_id: JobArgument) -> None:
    """Do a job now that waits, is dead or was cancelled; its outcome is looked up first. Example:
    [bold]oms-ledger work retry-job payments-1042[/]"""
    oms.connections.retry_job(job_id)
    console.print(f"{job_id}: a worker does it now.")


@app.command("cancel-job")
@on_ledger
def cancel_job(oms: Oms, job_id: JobArgument) -> None:
    """End a job that waits or is dead; what the vendor has done stays done. Example:
    [bold]oms-ledger work cancel-job payments-1042[/]"""
    oms.connections.cancel_job(job_id)
    console.print(f"{job_id}: cancelled.")


def _print_policies(oms: Oms) -> None:
    cursors, refused = oms.readers.policy_cursors(), oms.readers.refusal_counts()
    if cursors:
        table = Table("Policy", "Position", "Events to read", "Refused")
        for each in cursors:
            count = refused.get(each.source, 0)
            table.add_row(each.name, f"{each.position:,}", f"{each.lag_events:,}", f"{count:,}")
        out.print(table)
    if refused:
        console.print(
            f"{sum(refused.values()):,} commands of policies and deadlines were refused. They wait"
            " for a person: oms-ledger work refused"
        )


@app.command()
@on_ledger
def policies(oms: Oms, json: JsonOption = False) -> None:
    """How far each policy has read the ledger. Example: [bold]oms-ledger work policies[/]"""
    if json:
        refused = oms.readers.refusal_counts()
        print_json(
            [
                {
                    **each._asdict(),
                    "updated_at": plain(each.updated_at),
                    "refused": refused.get(each.source, 0),
                }
                for each in oms.readers.policy_cursors()
            ]
        )
        return
    _print_policies(oms)


@app.command()
@on_ledger
def refused(oms: Oms, json: JsonOption = False) -> None:
    """The commands of policies and deadlines that were refused, and the events on which a policy or
    an effect has failed. They wait for a person. Example: [bold]oms-ledger work refused[/]"""
    kept = oms.work.refusals()
    if json:
        print_json([plain_values(each._asdict()) for each in kept])
        return
    if not kept:
        console.print("Nothing that follows from an event or a deadline was refused.")
        return
    for each in kept:
        out.print(
            f"{each.source} {each.reference}: {each.command or 'it'} failed with"
            f" {each.code} after event {each.position:,} of {each.stream}; attempts:"
            f" {each.attempts}, the last at {time_text(each.refused_at)}.",
            soft_wrap=True,
            markup=False,
            highlight=False,
        )


Source = Annotated[str, typer.Argument(help="As in `oms-ledger work refused`.")]
Reference = Annotated[str, typer.Argument(help="As in `oms-ledger work refused`.")]


@app.command()
@on_ledger
def retry(oms: Oms, source: Source, reference: Reference) -> None:
    """Submit a refused command again, or make the job of an event on which an effect has failed,
    after the cause was mended. Example:
    [bold]oms-ledger work retry policy:when_return_received_refund_it 1042/1[/]"""
    oms.work.retry(source, reference)
    console.print(f"{source} {reference}: done.")


@app.command()
@on_ledger
def dismiss(oms: Oms, source: Source, reference: Reference) -> None:
    """Delete a refusal from the list: nothing is to be done, or you have done it. Example:
    [bold]oms-ledger work dismiss policy:when_return_received_refund_it 1042/1[/]"""
    oms.work.dismiss(source, reference)
    console.print(f"{source} {reference}: deleted from the list.")


def _health(state: WorkState) -> str:
    if not state.failures:
        return "ok"
    return "degraded" if state.degraded else "failing"


def _json(state: WorkState) -> dict[str, object]:
    """All fields, with times in RFC 3339, and whether `/readyz` names the loop."""
    return {**plain_values(state._asdict()), "degraded": state.degraded}
