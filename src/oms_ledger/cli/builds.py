"""Builds of read models beside the live ones: rebuild, compare, swap, drop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from typing import Annotated

import typer
from rich.text import Text

from oms_ledger.app import Oms
from oms_ledger.cli.ledger import on_ledger
from oms_ledger.cli.lookup import ReadModelArgument, existing_read_model
from oms_ledger.cli.progress import bars
from oms_ledger.cli.terminal import JsonOption, console, print_json
from oms_ledger.engine.rebuild.builds import BuildRecord
from oms_ledger.engine.rebuild.compare import RowDifference
from oms_ledger.kernel import Position
from oms_projections import PROJECTIONS

ALL = "all"

SHOWN = 20
"""Differing rows that are printed; --json prints all."""


def model_names(names: list[str]) -> list[str]:
    return (
        [model.name for model in PROJECTIONS]
        if ALL in names
        else [*map(existing_read_model, names)]
    )


NamesArgument = Annotated[
    list[str], typer.Argument(help="Read models, or `all`.", callback=model_names)
]
IgnoreOption = Annotated[
    list[str] | None,
    typer.Option("--ignore", help="A column that is not meant to agree: `table.column`."),
]


@on_ledger
def rebuild(
    oms: Oms,
    names: NamesArgument,
    swap: Annotated[
        bool, typer.Option("--swap", help="Put them in place if nothing differs.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Put them in place, whatever differs.")
    ] = False,
    ignore: IgnoreOption = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            min=1,
            max=64,
            help="Fold here, at once, in so many processes, each with a part of the streams.",
        ),
    ] = 1,
) -> None:
    """Fold read models anew, beside the live ones, which go on answering; then compare. Workers do
    the folding where any run. Stopped, it goes on where it was. Exits with 1 when rows differ.

    Example: [bold]oms-ledger projections rebuild all --swap[/]
    """
    differing = False
    with _progress(oms.readers.head()) as report:
        builds = oms.rebuilds.request(names)
        oms.rebuilds.complete(builds, report, jobs)
    for build in builds:
        same = _print_differences(build, *_compared(oms, build, ignore or ()))
        differing = differing or not same
        if repair or (swap and same):
            oms.rebuilds.swap(build.name, build.number)
            console.print(Text(f"{build} is live.", "green"))
    if differing and not repair:
        raise typer.Exit(1)


@on_ledger
def compare(
    oms: Oms,
    name: ReadModelArgument,
    build: Annotated[int | None, typer.Argument(help="Which build; else the newest.")] = None,
    ignore: IgnoreOption = None,
    json: JsonOption = False,
) -> None:
    """Compare the live build with another at one moment, row by row. Exits with 1 when rows differ.

    Example: [bold]oms-ledger projections compare order_status[/]
    """
    with oms.rebuilds.comparison(name, build, ignore or ()) as comparison:
        if json:
            differences = list(comparison.differences())
            print_json([asdict(each) for each in differences])
            count = len(differences)
        else:
            shown, count = _first(comparison.differences())
            _print_differences(comparison.other, shown, count, comparison.position)
    if count:
        raise typer.Exit(1)


@on_ledger
def swap(
    oms: Oms,
    name: ReadModelArgument,
    build: Annotated[int | None, typer.Argument(help="Which build; else the newest.")] = None,
    back: Annotated[
        bool, typer.Option("--back", help="The build that was live before; brought up to date.")
    ] = False,
) -> None:
    """Have queries answered from another build. The one before is kept, and can be swapped back.

    Example: [bold]oms-ledger projections swap order_status[/]
    """
    if back:
        with _progress(oms.readers.head()) as report:
            done = oms.rebuilds.swap_back(name, report)
    else:
        done = oms.rebuilds.swap(name, build)
    console.print(Text(f"{done} is live.", "green"))


@on_ledger
def drop(
    oms: Oms,
    name: ReadModelArgument,
    build: Annotated[int, typer.Argument(help="Its number; `projections list` shows it.")],
) -> None:
    """Drop a build that is not live, with its tables.

    Example: [bold]oms-ledger projections drop order_status 1[/]
    """
    oms.rebuilds.drop(name, build)
    console.print(f"{name} {build} is gone.")


@contextmanager
def _progress(head: Position) -> Iterator[Callable[[Sequence[BuildRecord]], None]]:
    """A progress bar for each build, up to the position `head`."""
    first: dict[tuple[str, int], Position] = {}
    with bars() as report_bar:

        def report(builds: Sequence[BuildRecord]) -> None:
            for build in builds:
                began = first.setdefault(build.key, build.position)
                note = None
                if build.position == began < head:
                    note = "begins" if build.leased else "waiting for a worker"
                elif build.position >= head and not build.indexed:
                    note = "making indexes"
                done = min(build.position, head)
                report_bar(str(build), done, head, at_once=True, first=began, note=note)

        yield report


def _compared(
    oms: Oms, build: BuildRecord, ignoring: Sequence[str]
) -> tuple[list[RowDifference], int, Position]:
    with (
        console.status(f"Comparing {build} with the live one ..."),
        oms.rebuilds.comparison(build.name, build.number, ignoring) as comparison,
    ):
        return (*_first(comparison.differences()), comparison.position)


def _first(differences: Iterator[RowDifference]) -> tuple[list[RowDifference], int]:
    """The first `SHOWN` differences, and how many there are in all."""
    shown = list(islice(differences, SHOWN))
    return shown, len(shown) + sum(1 for _ in differences)


def _print_differences(
    build: BuildRecord, shown: Sequence[RowDifference], count: int, position: Position
) -> bool:
    """Print the differences of a build from the live one; True where there are none."""
    if not count:
        console.print(f"{build} and the live build are the same at position {position:,}.")
        return True
    differ = (f"{count:,} rows differ", "red")
    console.print(Text.assemble(differ, f" at position {position:,}: live, then {build}."))
    for each in shown:
        console.print(f"  {each}", soft_wrap=True)
    return False
