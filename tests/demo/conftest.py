"""One loaded shop on a real PostgreSQL for all tests that only look at it."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from rich.console import Console

from oms_ledger.app import Oms, open_oms
from oms_ledger.demo import LoadResult, load
from oms_ledger.kernel import Recorded
from tests.databases import Database, ledger_database

NOW = datetime(2025, 6, 12, 9, 30, tzinfo=UTC)


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
