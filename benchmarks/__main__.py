"""`python -m benchmarks [--quick] [names]`: measure, show, and write down.

Everything runs on one PostgreSQL: an embedded one made for it, or the one that
OMS_DATABASE_URL names, in schemas that are dropped afterwards.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from benchmarks import (
    lag,
    lists,
    long_orders,
    many_places,
    merkle,
    over_http,
    processes,
    reads,
    rebuild,
    replay,
    report,
    vendors,
    writer,
)
from benchmarks.compare import Plan, Table
from benchmarks.machine import this_machine
from oms_ledger.engine.db.embedded import database
from oms_ledger.settings import Settings

MEASUREMENTS: dict[str, Callable[[str, Plan], Table]] = {
    "writer": writer.measure,
    "long_orders": long_orders.measure,
    "http": over_http.measure,
    "processes": processes.measure,
    "reads": reads.measure,
    "lag": lag.measure,
    "replay": replay.measure,
    "rebuild": rebuild.measure,
    "rebuild_open": rebuild.measure_open,
    "merkle": merkle.measure,
    "places": many_places.measure,
    "lists": lists.measure,
    "vendors": vendors.measure,
}
QUICK_SECONDS, SECONDS = 3.0, 10.0
QUICK_ROUNDS, ROUNDS = 3, 5


def main() -> None:
    given = _arguments()
    console = Console()
    names = given.names or list(MEASUREMENTS)
    command = " ".join(["python -m benchmarks", *sys.argv[1:]])
    with _server() as url:
        machine = this_machine(url)
        for name in names:
            with console.status("") as status:
                plan = Plan(
                    given.seconds or (QUICK_SECONDS if given.quick else SECONDS),
                    given.rounds or (QUICK_ROUNDS if given.quick else ROUNDS),
                    given.quick,
                    lambda doing, name=name: status.update(f"{name}: {doing}"),  # type: ignore[misc]  # mypy cannot tell a lambda's defaults
                )
                table = MEASUREMENTS[name](url, plan)
            report.on_screen(table, console)
            if given.write or not given.quick:
                report.write(table, machine, command)
                console.print(f"Written to {report.FILE.relative_to(Path.cwd())}.\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(MEASUREMENTS)}"
    )
    parser.add_argument("--quick", action="store_true", help="short turns; writes nothing down")
    parser.add_argument("--write", action="store_true", help="write quick results down as well")
    parser.add_argument("--seconds", type=float, help="length of a turn")
    parser.add_argument("--rounds", type=int, help="turns of everybody")
    given = parser.parse_args()
    for name in given.names:
        if name not in MEASUREMENTS:
            parser.error(f"{name!r} is not measured; there are: {', '.join(MEASUREMENTS)}")
    return given


@contextmanager
def _server() -> Generator[str]:
    """The URL of the PostgreSQL that all contenders use."""
    if given := os.environ.get("OMS_DATABASE_URL"):
        yield given
        return
    with (
        tempfile.TemporaryDirectory(prefix="oms-benchmarks-") as folder,
        database(Settings(data_dir=Path(folder))) as url,
    ):
        yield url


if __name__ == "__main__":
    main()
