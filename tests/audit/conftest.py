from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audit.ledger import Audited
from tests.databases import Database


@pytest.fixture
def ledger(postgres: Database, tmp_path: Path) -> Iterator[Audited]:
    """An empty ledger of this test's own; nothing is sealed, and there is no key yet."""
    with postgres.connect() as connection:
        yield Audited(postgres, connection, tmp_path / "keys" / "main.key")
