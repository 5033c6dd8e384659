"""A ledger on a real PostgreSQL, and a history that was played on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oms_ledger.app import Oms, open_prepared, prepare
from tests.databases import Database


@pytest.fixture
def oms(postgres: Database) -> Iterator[Oms]:
    prepare(postgres.url, postgres.settings)
    with open_prepared(postgres.settings) as opened:
        yield opened
