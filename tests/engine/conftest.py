"""Fixtures of the engine: each conformance test runs on both logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from oms_ledger.engine.write.writer import Writer
from tests.engine.conformance import Ledger, MemoryLedger, PostgresLedger
from tests.engine.submissions import OpenWriter


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    if request.param == "memory":
        return MemoryLedger()
    database = request.getfixturevalue("postgres")
    return PostgresLedger(database.connect_writer, database.connect_owner)


@pytest.fixture
def open_writer(ledger: Ledger) -> Iterator[OpenWriter]:
    writers: list[Writer] = []

    def opened(*arguments: Any, **named: Any) -> Writer:
        writers.append(Writer(ledger.store(), *arguments, **named))
        return writers[-1]

    yield opened
    for writer in writers:
        writer.close()
