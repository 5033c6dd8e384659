"""The memory of a worker after builds of read models, such as those of `verify`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import psutil  # type: ignore[import-untyped]  # the library has no types
import pytest

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.orders.place import PlaceOrder
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import Oms, open_prepared
from oms_ledger.contexts import new_context
from oms_ledger.engine.write.submissions import Submission
from oms_projections import PROJECTIONS
from tests.databases import KEK, Database
from tests.serving.family import until

ORDERS = 4000
"""Their builds take 120 MB."""

KEPT_BYTES_MAX = 60_000_000
"""What a worker may have more after builds than before. It kept 92 MB before it gave memory back,
and keeps 33 MB: Python's own heap has blocks of which a part is in use."""

WORKER = """
import threading
from oms_ledger.app import tune_interpreter
from oms_ledger.settings import Settings
from oms_ledger.worker.worker import work
tune_interpreter()
work(Settings.from_environment(), threading.Event())
"""


@pytest.fixture
def oms(ready: Database) -> Iterator[Oms]:
    with open_prepared(ready.settings) as opened:
        yield opened


def place_orders(oms: Oms) -> None:
    def order(number: int) -> Submission:
        skus = [f"S{(number + n) % 200}" for n in range(4)]
        lines = [{"sku": sku, "quantity": 1, "unit_price": "2.00"} for sku in skus]
        fields = {"external_id": str(number), "lines": lines, "customer": {"id": f"c{number}"}}
        command = PlaceOrder(channel="web", currency="GBP", confirm=True, **fields)  # type: ignore[arg-type]  # as from JSON
        return Submission(command, new_context("shop"))

    oms.execute(PutLocation(code="LON", name_="London"), actor="shop")
    for n in range(200):
        oms.execute(ReceiveStock(sku=f"S{n}", location="LON", quantity=10**6), actor="shop")
    for first in range(0, ORDERS, 500):
        for outcome in oms.bus.submit(map(order, range(first, first + 500))):
            outcome.result()


@contextmanager
def working(database: Database) -> Generator[psutil.Process]:
    environment = {**os.environ, "OMS_DATABASE_URL": database.url, "OMS_KEK": KEK}
    worker = subprocess.Popen([sys.executable, "-c", WORKER], env=environment)
    try:
        yield psutil.Process(worker.pid)
    finally:
        worker.terminate()
        worker.wait(30)


def reached(oms: Oms, state: str) -> bool:
    """Whether all read models have a build in this state that has folded the whole log."""
    head = oms.readers.head()
    positions = [each.position for each in oms.readers.status() if each.state == state]
    return len(positions) == len(PROJECTIONS) and min(positions) == head


@pytest.mark.long
def test_memory_of_builds_is_given_back(oms: Oms, ready: Database) -> None:
    place_orders(oms)
    with working(ready) as worker:
        until(lambda: reached(oms, "live"), "folded")
        time.sleep(2)  # what followed from the last page
        before = worker.memory_info().rss
        builds = oms.rebuilds.request([model.name for model in PROJECTIONS])
        most = 0

        def built() -> bool:
            nonlocal most
            most = max(most, worker.memory_info().rss)
            return reached(oms, "building")

        until(built, "built")
        for build in builds:
            oms.rebuilds.drop(build.name, build.number)
        until(lambda: worker.memory_info().rss - before < KEPT_BYTES_MAX, "given back")
    assert most - before > KEPT_BYTES_MAX, "the builds took less than may be kept"
