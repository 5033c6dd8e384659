"""Runs an import: surveys the file, asks the ledger for every step, accounts for every row."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from oms_ledger.app import Oms, open_oms
from oms_ledger.domain.errors import OmsError, Unavailable
from oms_ledger.engine.submissions import Idempotency, Outcome, Submission
from oms_ledger.importers.ledger_revenue import ledger_revenue
from oms_ledger.importers.online_retail import Malformed, Skip, invoices, read
from oms_ledger.importers.opening import opening_stock
from oms_ledger.importers.plan import Options, Planner, Step, shelves
from oms_ledger.importers.report import Report, Revenue
from oms_ledger.importers.returns import Sales
from oms_ledger.importers.survey import Survey, survey
from oms_ledger.settings import Settings

__all__ = ["Options", "Report", "run"]

ACTOR = "import:online-retail"
KEYS = "online-retail"
"""Scope of the idempotency keys. A key stands for a row, so the first answer stands, even
where a later run has other options."""

BATCH = 400
"""Commands sent together."""
IN_FLIGHT = 3
"""Batches on their way at once: while the writer commits one, the next are being made."""


def run(settings: Settings, file: Path, options: Options, console: Console) -> Report:
    """Import the file into the ledger, with progress on `console`; the account of every row.
    Running it again continues where it was interrupted and applies nothing twice."""
    with open_oms(settings) as oms:
        return import_file(oms, file, options, console)


def import_file(oms: Oms, file: Path, options: Options, console: Console) -> Report:
    """`run` on a ledger that is open already."""
    started = time.monotonic()
    with console.status("Reading the file once to know what is in it ..."):
        found = survey(read(file))
        opening = opening_stock(invoices(read(file), found.last)) if options.opening_stock else {}
    report = Report(str(file), found, Revenue(found.goods, found.services))
    planner = Planner(options, Sales(found.returned))
    with _progress(console) as progress:
        task = progress.add_task("Importing", total=found.rows)
        desk = _Desk(oms, report, lambda rows: progress.advance(task, rows))
        for step in shelves(found, opening, options):
            desk.ask(step)
        for step, rows in _work(file, found, planner, report):
            desk.ask(step, rows)
        desk.finish()
    report.skipped.update(planner.skipped)
    with console.status("Adding up the orders in the ledger ..."):
        goods, services = ledger_revenue(oms, found.last)
    report.revenue.goods_in_ledger, report.revenue.services_in_ledger = goods, services
    report.seconds = time.monotonic() - started
    return report


def _work(
    file: Path, found: Survey, planner: Planner, report: Report
) -> Iterator[tuple[Step | None, int]]:
    """Steps, and with the first step of each invoice how many rows it stands for."""
    for invoice in invoices(read(file), found.last):
        if isinstance(invoice, Malformed):
            report.skipped[Skip.MALFORMED] += 1
            report.malformed.append(invoice)
            yield None, 1
            continue
        rows = len(invoice.rows)
        for step in planner.steps(invoice):
            yield step, rows
            rows = 0
        if rows:
            yield None, rows


@dataclass(slots=True)
class _Desk:
    """Hands steps to the ledger in full batches, in order, and books what comes of them."""

    oms: Oms
    report: Report
    progressed: Callable[[int], None]
    waiting: list[Step] = field(default_factory=list)
    waiting_rows: int = 0
    sent: deque[_Batch] = field(default_factory=deque)

    def ask(self, step: Step | None, rows: int = 0) -> None:
        """`rows` of the file are read by now that were not before."""
        self.waiting_rows += rows
        if step is not None:
            self.waiting.append(step)
        if len(self.waiting) >= BATCH:
            self._send()

    def finish(self) -> None:
        while self.waiting or self.waiting_rows or self.sent:
            self._send()
            while self.sent:
                self._settle(self.sent.popleft())

    def _send(self) -> None:
        steps, self.waiting = self.waiting, []
        futures = self.oms.writer.submit_many(self._submission(step) for step in steps)
        self.sent.append(_Batch(steps, futures, self.waiting_rows))
        self.waiting_rows = 0
        while len(self.sent) > IN_FLIGHT:
            self._settle(self.sent.popleft())

    def _submission(self, step: Step) -> Submission:
        context = replace(self.oms.context(ACTOR), command_id=step.command_id)
        return Submission(step.command, context, Idempotency(KEYS, step.key, b""))

    def _settle(self, batch: _Batch) -> None:
        for step, future in zip(batch.steps, batch.futures, strict=True):
            error = future.exception()
            if error is None:
                self._accepted(step, future.result())
            elif isinstance(error, Unavailable):
                raise Unavailable(
                    f"The import stopped: {error.detail} Run it again with the same file and"
                    " options; it continues where it stopped and applies nothing twice."
                ) from error
            elif isinstance(error, OmsError):
                self._refused(step, error)
            else:
                raise error
        self.progressed(batch.rows)

    def _accepted(self, step: Step, outcome: Outcome) -> None:
        report = self.report
        report.applied.update(step.rows)
        report.facts.update(step.facts)
        report.events += outcome.events
        report.position = max(report.position, outcome.position)
        if outcome.replayed:
            report.already += sum(step.rows.values())

    def _refused(self, step: Step, error: OmsError) -> None:
        if step.instead is not None:
            self.waiting.append(step.instead)
            return
        rows = sum(step.rows.values())
        if rows:
            self.report.skipped[f"refused_{error.code}"] += rows
            self.report.already += rows if error.replayed else 0
        else:
            self.report.refused[f"{step.command.name}: {error.code}"] += 1


@dataclass(frozen=True, slots=True)
class _Batch:
    steps: list[Step]
    futures: list[Future[Outcome]]
    rows: int


class _RowsPerSecond(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f} rows/s", style="progress.data.speed")


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        _RowsPerSecond(),
        TimeRemainingColumn(),
        console=console,
    )
