"""Results for people: a table on the screen, and the same between markers of
docs/performance.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table as ScreenTable

from benchmarks.compare import Ratio, Table, pairwise, typical
from benchmarks.machine import Machine

FILE = Path(__file__).parents[1] / "docs" / "performance.md"


def on_screen(table: Table, console: Console) -> None:
    figures = ScreenTable(title=table.title, title_justify="left")
    for n, heading in enumerate(_figure_headings(table)):
        figures.add_column(heading, justify="right" if n else "left")
    for row in _figures(table):
        figures.add_row(*row)
    console.print(figures)
    if table.ratios:
        ratios = ScreenTable()
        for n, heading in enumerate(RATIO_HEADINGS):
            ratios.add_column(heading, justify="right" if n else "left")
        for row in _ratios(table):
            ratios.add_row(*row)
        console.print(ratios)


RATIO_HEADINGS = ("Ratio", "median", "lowest", "highest", "target")


def _figure_headings(table: Table) -> tuple[str, ...]:
    headings: tuple[str, ...] = ("Measured", table.unit)
    if any(run.p50_ms is not None for runs in table.runs.values() for run in runs):
        headings += ("p50 ms", "p95 ms" if _has_p95(table) else "p99 ms")
    return (*headings, "target") if table.targets else headings


def _figures(table: Table) -> Iterator[tuple[str, ...]]:
    timed = "p50 ms" in _figure_headings(table)
    for name, runs in table.runs.items():
        run = typical(runs)
        row: tuple[str, ...] = (name, _rate(run.rate))
        if timed:
            high = run.p95_ms if _has_p95(table) else run.p99_ms
            row += (_milliseconds(run.p50_ms), _milliseconds(high))
        if table.targets:
            target = table.targets.get(name)
            row += ("" if target is None else _met(run.rate, target, f"{target:,.0f}"),)
        yield row


def _has_p95(table: Table) -> bool:
    return any(run.p95_ms is not None for runs in table.runs.values() for run in runs)


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:,.1f}"


def _ratios(table: Table) -> Iterator[tuple[str, ...]]:
    for ratio in table.ratios:
        ratios = pairwise(table.runs, ratio)
        middle = median(ratios)
        target = "" if ratio.target is None else _met(middle, ratio.target, f"{ratio.target:g}")
        yield _name(ratio), f"{middle:.2f}", f"{ratios[0]:.2f}", f"{ratios[-1]:.2f}", target


def _name(ratio: Ratio) -> str:
    return f"{ratio.contender} / {ratio.yardstick}"


def _met(value: float, target: float, text: str) -> str:
    return f"{text} met" if value >= target else f"{text} MISSED"


def write(table: Table, machine: Machine, command: str) -> None:
    """Put a measurement's section where its markers are, or at the end of the page."""
    start, end = f"<!-- measured: {table.name} -->", f"<!-- end: {table.name} -->"
    section = "\n".join([start, *_markdown(table, machine, command), end])
    text = FILE.read_text(encoding="utf-8") if FILE.exists() else "# Performance\n"
    if start in text:
        pattern = re.escape(start) + ".*?" + re.escape(end)
        text = re.sub(pattern, lambda _: section, text, flags=re.DOTALL)
    else:
        text = f"{text.rstrip()}\n\n{section}\n"
    FILE.write_text(text, encoding="utf-8")


def _markdown(table: Table, machine: Machine, command: str) -> Iterator[str]:
    turns = len(next(iter(table.runs.values())))
    yield f"## {table.title}"
    yield ""
    yield (
        f"{machine.date}, `{command}`; {machine.cpu}, {machine.cores} cores,"
        f" {machine.memory_gb} GB, {machine.system}, Python {machine.python},"
        f" PostgreSQL {machine.postgresql}, one durable"
        f" write {machine.sync_us} µs. Medians of {turns} turn{'s' if turns > 1 else ''}."
    )
    yield from ("", *table.notes, "")
    yield from _rows(_figure_headings(table), _figures(table))
    if table.ratios:
        yield ""
        yield from _rows(RATIO_HEADINGS, _ratios(table))


def _rows(headings: Sequence[str], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|---|{'---:|' * (len(headings) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
