"""Runs an import: surveys the file, submits every step, and reports on every row."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError
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
from oms_ledger.domain.errors import Invalid
from oms_ledger.importers.ledger_revenue import ledger_revenue
from oms_ledger.importers.online_retail import MalformedRow, invoices, read
from oms_ledger.importers.opening_stock import opening_stock
from oms_ledger.importers.plan import ImportOptions, Planner, setup_steps
from oms_ledger.importers.report import ImportReport, Revenue, SkippedRow
from oms_ledger.importers.returns import Sales
from oms_ledger.importers.sender import StepSender
from oms_ledger.importers.steps import Step
from oms_ledger.importers.survey import Survey, survey
from oms_ledger.settings import Settings
from oms_ledger.validation import wrong_fields

__all__ = ["ImportOptions", "ImportReport", "import_file", "run"]


def run(settings: Settings, file: Path, options: ImportOptions, console: Console) -> ImportReport:
    """Import a file into a ledger, with progress on `console`; the report, which is also written to
    `ImportReport.path`. Run again, it continues where it was interrupted and applies nothing twice.
    Raises `Invalid`, before anything is imported, where the file as a whole cannot be read."""
    with open_oms(settings) as oms:
        return import_file(oms, file, options, console)


def import_file(oms: Oms, file: Path, options: ImportOptions, console: Console) -> ImportReport:
    """Import a file as `run` does, into an open ledger."""
    seconds: dict[str, float] = {}
    path = _writable(options.report or Path("reports") / f"import-{_plain_name(file)}.json")
    with console.status("Reading the file once to know what is in it ..."), _timed(seconds, "read"):
        surveyed = survey(read(file))
        opening = (
            opening_stock(invoices(read(file), surveyed.last)) if options.opening_stock else {}
        )
    report = ImportReport(
        str(file), surveyed, Revenue(surveyed.goods, surveyed.services), path, seconds=seconds
    )
    with _progress(console) as progress, _timed(seconds, "importing"):
        task = progress.add_task("Importing", total=surveyed.rows)
        sender = StepSender(oms.bus.submit, report, lambda rows: progress.advance(task, rows))
        send_all(sender, file, opening, options)
    with console.status("Adding up the orders in the ledger ..."), _timed(seconds, "adding up"):
        goods, services = ledger_revenue(oms, surveyed.last)
    report.revenue.goods_in_ledger, report.revenue.services_in_ledger = goods, services
    report.write()
    return report


def send_all(
    sender: StepSender, file: Path, opening: Mapping[str, int], options: ImportOptions
) -> None:
    """Submit every step of the file, in its order. Afterwards the report of `sender` is complete,
    but for the revenue in the ledger."""
    report = sender.report
    planner = Planner(options, Sales(report.survey.returned))
    for step in _setup_steps(report.survey, opening, options.location):
        sender.add(step)
    for row_step, rows in _row_steps(file, planner, report):
        sender.add(row_step, rows)
    sender.finish()
    for row, reason in planner.skipped:
        report.skipped_rows.append(SkippedRow(row.number, row.invoice, row.sku, reason))


def _plain_name(file: Path) -> str:
    return file.name.removesuffix(".gz").removesuffix(".csv")


def _writable(path: Path) -> Path:
    """The path, once it can be written: before the import, not after it. Raises `Invalid`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise Invalid(
            f"The report cannot be written to {path} ({error.strerror}). Name another file.",
            errors=[{"field": "report", "message": str(error)}],
        ) from error
    return path


def _setup_steps(surveyed: Survey, opening: Mapping[str, int], location: str) -> Iterator[Step]:
    steps = setup_steps(surveyed, opening, location)
    try:
        yield next(steps)
    except ValidationError as error:
        wrong = wrong_fields(error.errors(include_url=False, include_input=False))
        raise Invalid(
            f"{location!r} cannot be the code of a location. Use letters, digits, dots, dashes"
            " and underscores, at most 50.",
            errors=[each._replace(field="location")._asdict() for each in wrong],
        ) from error
    yield from steps


def _row_steps(
    file: Path, planner: Planner, report: ImportReport
) -> Iterator[tuple[Step | None, int]]:
    """The steps of all invoices, each with the number of rows read since the step before; None
    where rows have no step."""
    for invoice in invoices(read(file), report.survey.last):
        if isinstance(invoice, MalformedRow):
            skipped = SkippedRow(invoice.number, None, None, invoice.because, invoice.why)
            report.skipped_rows.append(skipped)
            yield None, 1
            continue
        rows = len(invoice.rows)
        for step in planner.steps(invoice):
            yield step, rows
            rows = 0
        if rows:
            yield None, rows


@contextmanager
def _timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    seconds[phase] = time.monotonic() - started


class _RowsPerSecond(ProgressColumn):
    """The rate of the moment."""

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
