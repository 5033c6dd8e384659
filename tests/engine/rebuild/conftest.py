"""A ledger with one read model, live."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import Database
from tests.engine.project.log import Log
from tests.engine.rebuild.site import Site


@pytest.fixture
def log(postgres: Database) -> Iterator[Log]:
    log = Log(postgres)
    yield log
    log.close()


@pytest.fixture
def site(postgres: Database) -> Site:
    site = Site(postgres)
    site.install()
    return site
