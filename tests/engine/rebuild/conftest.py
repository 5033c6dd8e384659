"""A ledger with one read model, live."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import Database
from tests.engine.project.log import Log
from tests.engine.rebuild.tools import ReadModelTools


@pytest.fixture
def log(postgres: Database) -> Iterator[Log]:
    log = Log(postgres)
    yield log
    log.close()


@pytest.fixture
def tools(postgres: Database) -> ReadModelTools:
    tools = ReadModelTools(postgres)
    tools.install()
    return tools
