"""Progress bars for long work: how much is done, its rate, and the time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from oms_ledger.cli.terminal import console


def rate_of(task: Task) -> float:
    """Units per second since the task began; 0 where none is done yet. It is the mean of all the
    time, because work that is reported in steps seconds apart has no rate of the moment."""
    done = task.completed - task.fields.get("first", 0)
    return done / task.elapsed if task.elapsed and done > 0 else 0.0


class Rate(ProgressColumn):
    """Units per second, or the note of the task."""

    def render(self, task: Task) -> Text:
        note = task.fields.get("note")
        rate = rate_of(task)
        return Text(note or (f"{rate:,.0f}/s" if rate else "begins"), style="progress.data.speed")


class TimeLeft(ProgressColumn):
    """The time left at the rate so far."""

    def render(self, task: Task) -> Text:
        rate = rate_of(task)
        left = "-:--:--"
        if rate and task.total is not None:
            left = str(timedelta(seconds=round(max(0.0, task.total - task.completed) / rate)))
        return Text(left, style="progress.remaining")


NAME = TextColumn("{task.description}", markup=False)
COUNTED = TextColumn("{task.completed:,.0f} of {task.total:,.0f}", markup=False)

ReportProgress = Callable[..., None]


@contextmanager
def bars() -> Iterator[ReportProgress]:
    """A bar for each task that is reported by `report(name, done, total)`. Tasks follow each other:
    one begins when the one before was last reported; with `at_once` all begin now. `first` of the
    units were done before; `note` is shown in the place of the rate."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        COUNTED,
        Rate(),
        TimeLeft(),
    )
    tasks: dict[str, TaskID] = {}
    began = reported = time.monotonic()
    with Progress(*columns, console=console) as progress:

        def report(
            name: str,
            done: int,
            total: int,
            *,
            at_once: bool = False,
            first: int = 0,
            note: str | None = None,
        ) -> None:
            nonlocal reported
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total, first=first, note=note)
                progress.tasks[-1].start_time = began if at_once else reported
            reported = time.monotonic()
            progress.update(tasks[name], completed=done, total=total, note=note)

        yield report
