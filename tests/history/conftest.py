"""A ledger on a real PostgreSQL, and a history that was played on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oms_ledger.app import Oms, open_prepared
from tests.databases import Database


@pytest.fixture
def postgres(ready: Database) -> Database:
    """A ledger with the tables of its read models, as `oms-ledger migrate` leaves it."""
    return ready


@pytest.fixture
def oms(postgres: Database) -> Iterator[Oms]:
    with open_prepared(postgres.settings) as opened:
        yield opened
