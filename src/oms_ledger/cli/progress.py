"""Bars for what takes long: how far, how fast, how long yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from oms_ledger.cli.terminal import console


def rate_of(task: Task) -> float:
    """Per second, since its work began; 0 where nothing has been done yet. The mean of all of it:
    what is told in leaps, seconds apart, has no rate of the moment."""
    done = task.completed - task.fields.get("first", 0)
    return done / task.elapsed if task.elapsed and done > 0 else 0.0


class Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        said = task.fields.get("said")
        rate = rate_of(task)
        return Text(said or (f"{rate:,.0f}/s" if rate else "begins"), style="progress.data.speed")


class TimeLeft(ProgressColumn):
    def render(self, task: Task) -> Text:
        rate = rate_of(task)
        left = "-:--:--"
        if rate and task.total is not None:
            left = str(timedelta(seconds=round(max(0.0, task.total - task.completed) / rate)))
        return Text(left, style="progress.remaining")


NAME = TextColumn("{task.description}", markup=False)
COUNTED = TextColumn("{task.completed:,.0f} of {task.total:,.0f}", markup=False)

Tell = Callable[..., None]


@contextmanager
def bars() -> Iterator[Tell]:
    """A bar for each thing that is told of: `tell(what, done, of)`, one after the other, each begun
    when the one before was last heard of; with `at_once`, all begun by now. Of that `first` was
    there before; `said` stands in the place of the rate."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        COUNTED,
        Rate(),
        TimeLeft(),
    )
    tasks: dict[str, TaskID] = {}
    began = heard = time.monotonic()
    with Progress(*columns, console=console) as progress:

        def tell(
            what: str,
            done: int,
            of: int,
            *,
            at_once: bool = False,
            first: int = 0,
            said: str | None = None,
        ) -> None:
            nonlocal heard
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=of, first=first, said=said)
                progress.tasks[-1].start_time = began if at_once else heard
            heard = time.monotonic()
            progress.update(tasks[what], completed=done, total=of, said=said)

        yield tell
