"""The engine's own fixtures: each conformance test runs on both logs."""

from __future__ import annotations

import pytest

from tests.engine.conformance import InMemory, InPostgres, Ledger


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    if request.param == "memory":
        return InMemory()
    database = request.getfixturevalue("postgres")
    return InPostgres(database.connect, database.connect_owner)
