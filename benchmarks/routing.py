"""Two sets of routing rules compared on a real year of orders.

`python -m benchmarks.routing FILE [--data-dir DIR]` imports the file (UCI "Online Retail") into a
ledger with four warehouses, unless the ledger has it already, and prints the comparison and its
time. Which warehouse has what is made up: a half or a third of the assortment beside London's, and
of that a part of the units.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from rich.console import Console

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.routing.put_postal_areas import PutPostalAreas
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import Oms, open_oms
from oms_ledger.cli.progress import bars
from oms_ledger.cli.routing import comparison
from oms_ledger.domain.catalogue.state import Location
from oms_ledger.domain.errors import OmsError
from oms_ledger.domain.routing.backtest import Backtest, BacktestScope, backtest
from oms_ledger.domain.routing.events import LocationCost, RoutingRule
from oms_ledger.domain.routing.views import backtest_view
from oms_ledger.importers.online_retail import invoices, read
from oms_ledger.importers.opening_stock import opening_stock
from oms_ledger.importers.plan import CHANNEL, ImportOptions
from oms_ledger.importers.run import import_file
from oms_ledger.importers.survey import survey
from oms_ledger.kernel import Command, Position
from oms_ledger.settings import Settings

ACTOR = "benchmark"

WAREHOUSES: Mapping[str, tuple[str, int, float, float]] = {
    "LEE": ("Leeds", 1, 53.80, -1.55),
    "MAIN": ("London", 2, 51.51, -0.13),
    "RTM": ("Rotterdam", 3, 51.92, 4.48),
    "DUB": ("Dublin", 4, 53.35, -6.26),
}
"""Name, priority and coordinates by code."""

SHARES: Mapping[str, tuple[int, int]] = {"LEE": (3, 50), "RTM": (2, 40), "DUB": (3, 30)}
"""By code: one SKU of so many is there, with so many units for each hundred that are ordered."""

CAPITALS: Mapping[str, tuple[float, float]] = {
    "GB": (52.5, -1.5), "DE": (51.2, 10.4), "FR": (46.6, 2.5), "IE": (53.2, -7.9),
    "ES": (40.3, -3.7), "NL": (52.2, 5.3), "BE": (50.6, 4.6), "CH": (46.8, 8.2),
    "PT": (39.6, -8.0), "AU": (-33.9, 151.2), "NO": (59.9, 10.8), "IT": (42.8, 12.1),
    "SE": (59.3, 18.1), "FI": (60.2, 24.9), "AT": (47.6, 14.1), "DK": (55.7, 12.6),
    "JP": (35.7, 139.7), "PL": (52.1, 19.4), "US": (39.8, -98.6), "GR": (38.0, 23.7),
    "SG": (1.35, 103.8), "IL": (31.8, 35.2), "CY": (35.1, 33.4), "MT": (35.9, 14.5),
    "CA": (45.4, -75.7), "IS": (64.1, -21.9), "LT": (54.7, 25.3), "HK": (22.3, 114.2),
}  # fmt: skip
"""The middle of a country, or its largest city: rounded, and good for a comparison of places that
are far from each other."""

COSTS = RoutingRule(
    "cost",
    currency="GBP",
    costs=(LocationCost("", 350, 5), LocationCost("RTM", 300, 8), LocationCost("DUB", 420, 5)),
    per_km=1,
)

RULE_SETS: Mapping[str, Sequence[RoutingRule]] = {
    "nearest": (RoutingRule("nearest"), COSTS),
    "fewest_splits": (RoutingRule("fewest_splits"), RoutingRule("nearest")),
}


def setup(ordered: Mapping[str, int]) -> Iterator[Command]:
    """Warehouses, countries, and the stock beside that of `MAIN`, which the import receives. The
    units of each SKU that are `ordered` in all are what shares are parts of."""
    for code, (name, priority, latitude, longitude) in WAREHOUSES.items():
        yield PutLocation(  # type: ignore[call-arg]  # an alias
            code=code, name=name, priority=priority, latitude=latitude, longitude=longitude
        )
    for country, (latitude, longitude) in CAPITALS.items():
        area = {"prefix": "", "latitude": latitude, "longitude": longitude}
        yield PutPostalAreas(country=country, areas=(area,))  # type: ignore[arg-type]  # validated
    for code, (one_in, per_cent) in SHARES.items():
        for sku, units in sorted(ordered.items()):
            share = units * per_cent // 100
            if share and crc32(f"{code} {sku}".encode()) % one_in == 0:
                yield ReceiveStock(sku=sku, location=code, quantity=share)


def prepare(oms: Oms, file: Path, console: Console) -> None:
    """Import the file, with stock in all warehouses. What is there already is not done again."""
    surveyed = survey(read(file))
    ordered = opening_stock(invoices(read(file), surveyed.last))
    commands = [] if oms.readers.log().keys(Location) else list(setup(ordered))
    for outcome in oms.execute_many(commands, actor=ACTOR):
        if isinstance(outcome, OmsError):
            raise outcome
    import_file(oms, file, ImportOptions(opening_stock=True), console)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the comparison on all orders of the file took: `seconds` by the clock, and `processor`
    seconds of this process. `events` are all of the ledger."""

    tested: Backtest
    events: Position
    seconds: float
    processor: float


def compare(oms: Oms) -> Comparison:
    log = oms.readers.log()
    started, processor = time.perf_counter(), time.process_time()
    with bars() as report:

        def progress(position: Position) -> None:
            report("events", position, log.position)

        tested = backtest(log, RULE_SETS, BacktestScope(channel=CHANNEL), progress)
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    return Comparison(tested, log.position, seconds, processor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--data-dir", type=Path, default=Path(".oms-routing"))
    given = parser.parse_args()
    console = Console()
    with open_oms(Settings.from_environment(data_dir=given.data_dir)) as oms:
        prepare(oms, given.file, console)
        done = compare(oms)
    console.print(comparison(backtest_view(done.tested, COSTS.currency)))
    console.print(
        f"{done.tested.done.orders:,} orders, {done.events:,} events, {len(RULE_SETS)} sets of"
        f" rules: {done.seconds:.1f} s, {done.processor:.1f} s of processor time."
    )


if __name__ == "__main__":
    main()
