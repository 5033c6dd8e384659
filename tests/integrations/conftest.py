"""A ledger with an account at a small payment provider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oms_ledger.app import Oms
from oms_ledger.testing.fault_server import FaultServer, fault_server
from tests.databases import Database
from tests.integrations.acme import open_with_acme


@pytest.fixture
def vendor() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@pytest.fixture
def shop(ready: Database, vendor: FaultServer) -> Iterator[Oms]:
    with open_with_acme(ready.settings, vendor.url) as oms:
        yield oms
