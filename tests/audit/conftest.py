"""A ledger to seal, and one that is sealed already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from oms_ledger.engine.db.roles import Role
from tests.audit.ledger import Audited
from tests.databases import Database, ledger_database


@pytest.fixture
def ledger(postgres: Database, tmp_path: Path) -> Iterator[Audited]:
    """An empty ledger of this test's own; nothing is sealed, and there is no key yet."""
    with postgres.connect(Role.SEALER) as connection:
        yield Audited(postgres, connection, tmp_path / "keys" / "main.key")


@pytest.fixture(scope="module")
def kept(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    """700 events, sealed, for tests that change nothing: one for all of a module."""
    with ledger_database(server, template) as database, database.connect(Role.SEALER) as connection:
        folder = tmp_path_factory.mktemp("keys")
        yield Audited(database, connection, folder / "main.key").sealed(700)
