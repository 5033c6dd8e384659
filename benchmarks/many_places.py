"""Orders for a shop with 2,000 locations, beside one with a single location: how much the places
cost that have nothing to do with an order."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import islice

import psutil  # type: ignore[import-untyped]  # the library has no types

from benchmarks.compare import Contender, Plan, Ratio, Table, take_turns
from benchmarks.over_http import BATCH
from benchmarks.served import orders, served_ledger, wrk
from benchmarks.shop import ACTOR, ledger, sku_of
from oms_commands.catalogue.put_location import PutLocation
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import Oms, open_prepared
from oms_ledger.domain.errors import OmsError
from oms_ledger.kernel import Command
from oms_ledger.settings import Settings

SKUS, LOCATIONS, SKUS_EACH = 10_000, 2_000, 20
CONNECTIONS = 8
ONE, MANY = "1 location", "2,000 locations"

Assortment = Mapping[str, list[int]]
"""Numbers of the SKUs that each location has."""


def measure(server: str, plan: Plan) -> Table:
    load = orders(CONNECTIONS, batch=BATCH, skus=SKUS, lines=1)
    chance = random.Random(1)
    shops: dict[str, Assortment] = {
        ONE: {"P0000": list(range(SKUS))},
        MANY: {f"P{n:04d}": _some_skus(chance, n) for n in range(LOCATIONS)},
    }
    memory: dict[str, list[int]] = {name: [] for name in shops}
    with ExitStack() as stack:
        urls = {}
        for number, (name, assortment) in enumerate(shops.items()):
            plan.progress(f"stocking {name}")
            settings = stack.enter_context(ledger(server, f"places_{number}"))
            with open_prepared(settings) as oms:
                _stock(oms, assortment)
            urls[name] = stack.enter_context(_served(settings, memory[name]))
        contenders: dict[str, Contender] = {
            name: partial(wrk, url, load) for name, url in urls.items()
        }
        runs = take_turns(plan, contenders)
        for name, url in urls.items():
            memory[name].append(_resident_bytes(url))
    notes = [
        f"One-line orders in batches of {BATCH} over {CONNECTIONS} connections, {SKUS:,} SKUs; each"
        f" of the {LOCATIONS:,} locations has {SKUS_EACH} of them. One API process, no worker.",
        "The API process held "
        + " and ".join(
            f"{before / 1e6:,.0f} MB before and {after / 1e6:,.0f} MB after the orders with {name}"
            for name, (before, after) in memory.items()
        )
        + ".",
    ]
    return Table("places", "Many locations", "orders/s", runs, [Ratio(MANY, ONE, 0.8)], notes)


def _some_skus(chance: random.Random, location: int) -> list[int]:
    """Each SKU is at one location at least, so that every order can be placed."""
    own = [(location * SKUS // LOCATIONS + n) % SKUS for n in range(SKUS // LOCATIONS)]
    return own + chance.sample(range(SKUS), SKUS_EACH - len(own))


def _stock(oms: Oms, assortment: Assortment) -> None:
    commands: Iterator[Command] = (
        command for code, skus in assortment.items() for command in _location(code, skus)
    )
    while some := list(islice(commands, 1000)):
        for result in oms.execute_many(some, actor=ACTOR):
            assert not isinstance(result, OmsError), result


def _location(code: str, skus: list[int]) -> Iterator[Command]:
    yield PutLocation(code=code, name_=code, priority=int(code[1:]))
    for number in skus:
        yield ReceiveStock(sku=sku_of(number), location=code, quantity=10_000_000)


@contextmanager
def _served(settings: Settings, memory: list[int]) -> Iterator[str]:
    with served_ledger(settings, workers=0) as url:
        memory.append(_resident_bytes(url))
        yield url


def _resident_bytes(url: str) -> int:
    """Memory of the API process, the largest of those that `serve` has started."""
    port = url.rpartition(":")[2]
    serves = [p for p in psutil.Process().children() if port in p.cmdline()]
    family = [q for p in serves for q in (p, *p.children(recursive=True))]
    return max(int(process.memory_info().rss) for process in family)
