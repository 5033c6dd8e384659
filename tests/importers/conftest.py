"""The whole year takes minutes: it runs where its marker is named."""

from __future__ import annotations

import pytest

from tests.databases import Database


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "year" in str(config.getoption("-m")):
        return
    for item in items:
        if item.get_closest_marker("year"):
            item.add_marker(pytest.mark.skip(reason="takes minutes; ask for it with -m year"))


@pytest.fixture
def postgres(ready: Database) -> Database:
    """A ledger with the tables of its read models, as `oms-ledger migrate` leaves it."""
    return ready
