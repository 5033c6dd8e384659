"""One loaded shop on a real PostgreSQL for all tests that only look at it."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from oms_ledger.app import Oms, open_oms
from oms_ledger.demo import LoadResult, load
from oms_ledger.kernel import Recorded
from tests.databases import Database, ledger_database

THURSDAY = 3
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
UNTIL = TODAY - timedelta(days=(TODAY.weekday() - THURSDAY) % 7)
"""The last Thursday: orders that are scheduled wait for a day to come."""

NOW = UNTIL + timedelta(hours=9, minutes=30)


@dataclass(frozen=True, slots=True)
class Shop:
    oms: Oms
    database: Database
    result: LoadResult
    output: str

    @property
    def log(self) -> list[Recorded]:
        return whole_log(self.oms)


def whole_log(oms: Oms) -> list[Recorded]:
    return list(oms.readers.feed(0, 1_000_000).items)


@contextmanager
def empty_shop(server: str, template: str) -> Generator[tuple[Oms, Database]]:
    with ledger_database(server, template) as database, open_oms(database.settings) as oms:
        yield oms, database


@pytest.fixture(scope="module")
def shop(server: str, ready_template: str) -> Iterator[Shop]:
    with empty_shop(server, ready_template) as (oms, database):
        console = Console(file=io.StringIO(), width=80)
        result = load(oms, console, NOW)
        assert isinstance(console.file, io.StringIO)
        yield Shop(oms, database, result, console.file.getvalue())
